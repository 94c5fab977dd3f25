"""Sales Connect as its contract (The Sales Connect API that the connector speaks) has it.

Where the contract leaves a choice, this service does the following, and its OpenAPI document says so:

- A PATCH that changes no value is no write: `version` and `updated_at` stay, and the write list has no entry.
- Only answers of success are kept under an idempotency key; a refused request may be sent again.
- A cursor carries its query: it may be sent alone or with the same filters, never with others.
- A 409 names the holder in `error.holder_id`. Salesforce ids are compared by their first 15 characters.
- Turning task sync off sets `enabled_at` to null.
- `expire_session` strikes the static token for that one request only, an issued token for good.
"""
