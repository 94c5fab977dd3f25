"""What both services stand on: clock, store with journal, faults, counters, control resources, server.

How to build a service (`Service` in `service.py` is the protocol):

1. Declare rows as `msgspec.Struct` classes (compact, and encoded in microseconds) and treat every row as immutable:
   a new version is a new object (`msgspec.structs.replace(row, status="open")`), because a late commit keeps showing
   the old one.
2. Declare tables on the service's own store: `store.table("tasks", Task, key, Indexes(unique={...}, hashed={...},
   ordered={...}))` (`Indexes` is in `table.py`). Ordered indexes hold `(value, id)` tuples:
   `table.ordered["by_stamp"].after((stamp, id), count)` and `.walk(low, high)` go by range and never scan. Do this in
   the service's `__init__`; the server opens the store and then calls `start()`.
3. In a handler await the body first and do everything else without awaiting, inside `with store.transaction():`.
   Leaving the block writes one journal entry; an exception rolls rows, values and noted writes back. For all-or-none
   inside a request nest a second `with store.transaction():`.
4. Read with `table.get(id)`, `table.rows`, indexes. Before *writing* read with `table.latest(id)` and
   `table.holder(index, value)`: like a row lock they first let a late commit become visible.
5. Write with `table.put(row, visible_at)` / `table.remove(id, visible_at)`, `visible_at =
   faults_of(request).visible_at()` (None unless a `late_commit` fault is on), and `store.note_write(...)` per record.
6. Ask per row of a batch `faults_of(request).row_error(fields)`, once per page `faults_of(request).page_size(size)`;
   `expire_session` and `daily_limit` arrive as calls of the service's methods.
7. Small facts (ids, tokens, settings) go to `store.values`, changed with `store.set_value(name, value)`: journalled.

The Salesforce service is found as `tasksync_sandbox.salesforce.service.SalesforceService`, made with its `Core`.
"""
