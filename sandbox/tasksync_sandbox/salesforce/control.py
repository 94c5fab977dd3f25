"""Control resources of the Salesforce port alone: bin, archive, deletion log, schema, logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from starlette.routing import Route

from tasksync_sandbox.core.wire import JSONResponse
from tasksync_sandbox.salesforce.errors import SalesforceError
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.login.grants import public_key
from tasksync_sandbox.salesforce.records import checks
from tasksync_sandbox.salesforce.rows import changed, has_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from tasksync_sandbox.salesforce.login.sessions import Sessions
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import SObject

    Change = Callable[[SObject, Row], None]


class AllowanceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What sets the daily allowance; what is left out stays."""

    used: Annotated[int, msgspec.Meta(ge=0)] | None = None
    max: Annotated[int, msgspec.Meta(ge=0)] | None = None


class OrgControl:
    """Does to an org what its API cannot, or only in years."""

    def __init__(self, org: Org, sessions: Sessions) -> None:
        """Control this org."""
        self._org = org
        self._sessions = sessions

    def routes(self) -> list[Route]:
        """Return the resources; the server adds the prefix."""
        return [
            Route("/undelete", self.undelete, methods=["POST"]),
            Route("/purge", self.purge, methods=["POST"]),
            Route("/archive", self.archive, methods=["POST"]),
            Route("/purge_delete_log", self.purge_delete_log, methods=["POST"]),
            Route("/schema", self.schema, methods=["POST"]),
            Route("/logins", self.logins, methods=["POST"]),
            Route("/allowance", self.allowance, methods=["POST"]),
        ]

    async def undelete(self, request: Request) -> Response:
        """Take records out of the recycle bin; their stamps move."""

        def one(sobject: SObject, row: Row) -> None:
            values = {
                field.name: getattr(row, field.name, None)
                for field in sobject.unique_fields
                if has_place(sobject, field)
            }
            checks.check_unique(self._org.database, sobject, row.Id, values)
            now = self._org.now()
            stamps = {"IsDeleted": False, "SystemModstamp": now, "LastModifiedDate": now}
            self._org.database.table(sobject).put(changed(sobject, row, stamps))

        return self._each(await request.body(), one)

    async def purge(self, request: Request) -> Response:
        """Remove records for good; the deletion log keeps, or gets, their ids."""

        def one(sobject: SObject, row: Row) -> None:
            if not row.IsDeleted:
                self._org.log_deletion(sobject, row.Id, self._org.now(), None)
            self._org.database.table(sobject).remove(row.Id)

        return self._each(await request.body(), one)

    async def archive(self, request: Request) -> Response:
        """Archive tasks: query no longer finds them; their stamps stay."""

        def one(sobject: SObject, row: Row) -> None:
            if "isarchived" not in sobject.fields:
                message = f"{sobject.name} records are not archived"
                raise ValueError(message)
            self._org.database.table(sobject).put(changed(sobject, row, {"IsArchived": True}))

        return self._each(await request.body(), one)

    async def purge_delete_log(self, request: Request) -> Response:
        """Empty the deletion log, as Salesforce does every two hours when it is long."""
        del request
        with self._org.store.transaction():
            return JSONResponse({"purged": self._org.purge_log()})

    async def schema(self, request: Request) -> Response:
        """Change objects: remove or add fields, set picklist values, restrict picklists."""
        try:
            asked = msgspec.json.decode(await request.body(), type=dict[str, dict[str, dict[str, Any]]])
            with self._org.store.transaction():
                self._org.change_schema(asked.get("objects", {}))
        except (ValueError, TypeError, AttributeError) as problem:
            return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse({})

    async def logins(self, request: Request) -> Response:
        """Set connected apps, passwords, refresh tokens, and how long sessions live."""
        try:
            asked = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        unknown = set(asked) - {"apps", "passwords", "refresh_tokens", "session_seconds"}
        if unknown:
            return JSONResponse({"error": f"not understood: {sorted(unknown)}"}, 400)
        try:
            _check_certificates(asked.get("apps", {}))
        except (ValueError, TypeError, AttributeError) as problem:
            return JSONResponse({"error": f"apps: {problem}"}, 400)
        with self._org.store.transaction():
            for name in ("apps", "passwords", "refresh_tokens"):
                if name in asked:
                    self._org.store.set_value(name, {**self._org.store.values.get(name, {}), **asked[name]})
        if "session_seconds" in asked:
            self._sessions.lifetime = asked["session_seconds"]
        return JSONResponse({})

    async def allowance(self, request: Request) -> Response:
        """Set the API calls of the last 24 hours, how many there may be, or both; the next call counts on."""
        try:
            asked = msgspec.json.decode(await request.body(), type=AllowanceRequest)
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        if asked.used is not None:
            self._org.calls_used = asked.used
        if asked.max is not None:
            self._org.daily_calls = asked.max
        return JSONResponse({"used": self._org.calls_used, "max": self._org.daily_calls})

    def _each(self, body: bytes, change: Change) -> Response:
        """Change each record that the body names by id; all of them or none."""
        try:
            asked = msgspec.json.decode(body, type=dict[str, list[str]])
            ids = asked["ids"]
            with self._org.store.transaction():
                for given in ids:
                    change(*self._record(given))
        except KeyError:
            return JSONResponse({"error": "ids: an array of ids is required"}, 400)
        except (ValueError, SalesforceError) as problem:
            return JSONResponse({"error": getattr(problem, "message", None) or str(problem)}, 400)
        return JSONResponse({"changed": len(ids)})

    def _record(self, given: str) -> tuple[SObject, Row]:
        found = long_id(given)
        sobject = self._org.database.object_of(found) if found else None
        row = self._org.database.table(sobject).latest(found) if sobject and found else None
        if sobject is None or row is None:
            message = f"no record {given}"
            raise ValueError(message)
        return sobject, row


def _check_certificates(apps: dict[str, Any]) -> None:
    """Refuse connected apps whose certificate could verify nothing.

    Raises:
        ValueError: a certificate is none.
    """
    for app in apps.values():
        if app.get("certificate"):
            public_key(app["certificate"])
