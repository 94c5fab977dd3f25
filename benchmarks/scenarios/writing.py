"""Writing: 20,000 records made, edited, completed and deleted, by each target; and a first sync."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from measuring.pairs import Pairs, reminder_id, stamp, task_id
from measuring.plugins import PIPES, TO_SALES_CONNECT, TO_SALESFORCE, Plugins, floor
from measuring.rows import Cost, Measured
from measuring.services import SALES_CONNECT, SALESFORCE, Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Record = dict[str, Any]
    Ask = dict[str, Any]

OPERATIONS = ("create", "update", "complete", "delete")
A_CALL = 200
TASKS = "/services/data/v62.0/composite/sobjects"


class Sources:
    """The records of one side, and what is done to all of them."""

    def __init__(self, services: Services, service: str, number: int) -> None:
        """Load the users of both sides, and the records of this one."""
        self._services, self._service = services, service
        pairs = Pairs(number, services.now())
        people, users = pairs.users()
        services.load(SALES_CONNECT, [{"users": people}])
        services.load(SALESFORCE, [{"User": users}])
        pairs.write_ledger(f"sqlite:///{services.folder}/ledger.db", linked=False)
        self._ids = [(reminder_id if service == SALES_CONNECT else task_id)(n) for n in range(number)]
        made = pairs.reminders() if service == SALES_CONNECT else pairs.tasks(linked=False)
        services.load(service, ({self._kind: piece} for piece in made))

    @property
    def _kind(self) -> str:
        return "reminders" if self._service == SALES_CONNECT else "Task"

    def do(self, operation: str) -> None:
        """Change all of them, some time after the last change."""
        if operation == "create":
            return
        self._services.wait()
        at = stamp(self._services.now())
        if self._service == SALES_CONNECT:
            changes = {
                "update": {"details": f"edited at {at}"},
                "complete": {"status": "completed"},
                "delete": {"deleted_at": at},
            }
            rows = [{"id": id_, "updated_at": at, **changes[operation]} for id_ in self._ids]
        else:
            changes = {
                "update": {"Description": f"edited at {at}"},
                "complete": {"Status": "Completed"},
                "delete": {"IsDeleted": True},
            }
            stamps = {"LastModifiedDate": at, "SystemModstamp": at}
            rows = [{"Id": id_, **stamps, **changes[operation]} for id_ in self._ids]
        self._services.load(self._service, [{self._kind: rows}])


def tasks(folder: Path, number: int, rounds: int, modes: tuple[str, ...]) -> Iterator[Measured]:
    """What target-salesforce-tasks writes, by collections and by Bulk jobs."""
    for mode in modes:
        for turn in range(rounds):
            with Services(folder / f"{mode}{turn}") as services:
                ours = _chain(services, TO_SALESFORCE, Sources(services, SALES_CONNECT, number), number, mode)
                bare = _bare(services, SALESFORCE, number)
                for (operation, cost), (_, least) in zip(ours, bare, strict=True):
                    yield f"{operation} tasks, {mode}", cost, least


def reminders(folder: Path, number: int, rounds: int) -> Iterator[Measured]:
    """What target-salesconnect writes, by batches."""
    for turn in range(rounds):
        with Services(folder / str(turn)) as services:
            ours = _chain(services, TO_SALES_CONNECT, Sources(services, SALESFORCE, number), number, None)
            bare = _bare(services, SALES_CONNECT, number)
            for (operation, cost), (_, least) in zip(ours, bare, strict=True):
                yield f"{operation} reminders, batch", cost, least


def first_sync(folder: Path, number: int, rounds: int) -> Iterator[Measured]:
    """Half of the records on each side, through both pipelines with an empty ledger."""
    for turn in range(rounds):
        with Services(folder / str(turn)) as services:
            half = number // 2
            Sources(services, SALES_CONNECT, half)
            pairs = Pairs(half, services.now())
            services.load(SALESFORCE, ({"Task": piece} for piece in pairs.tasks(linked=False)))
            plugins = Plugins(services, ledger_url=f"sqlite:///{services.folder}/ledger.db")

            def sync(plugins: Plugins = plugins) -> dict[str, Any]:
                return {name: usage for pipe in PIPES for name, usage in plugins.pipe(*pipe)[0].items()}

            calls, written, cpu = (
                sum(services.calls().values()),
                sum(services.written().values()),
                services.cpu_seconds(),
            )
            used = sync()
            cost = Cost.of(
                used,
                number,
                api_calls=sum(services.calls().values()) - calls,
                written=sum(services.written().values()) - written,
                sandbox_cpu_seconds=round(services.cpu_seconds() - cpu, 3),
            )
            yield f"first sync, {number:,}", cost, None


def _chain(
    services: Services, pipe: tuple[str, str], sources: Sources, number: int, mode: str | None
) -> list[tuple[str, Cost]]:
    """One operation after the other: what the tap says of it, written by the target alone."""
    tap, target = pipe
    plugins = Plugins(services, ledger_url=f"sqlite:///{services.folder}/ledger.db")
    given, state, costs = services.folder / "given.jsonl", None, []
    for operation in OPERATIONS:
        sources.do(operation)
        plugins.read(tap, given, state)
        settings = {"allow_mass_delete": True} | ({"write_mode": mode} if mode else {})
        state, cost = _measured(services, number, partial(plugins.write, target, given, **settings))
        if cost.written != number:
            message = f"{target} wrote {cost.written} of {number} records to {operation}"
            raise RuntimeError(message)
        costs.append((operation, cost))
    return costs


def _measured(services: Services, number: int, write: Callable[[], tuple[Any, Any]]) -> tuple[Any, Cost]:
    calls, written, cpu = sum(services.calls().values()), sum(services.written().values()), services.cpu_seconds()
    used, state = write()
    return state, Cost.of(
        {"target": used},
        number,
        api_calls=sum(services.calls().values()) - calls,
        written=sum(services.written().values()) - written,
        sandbox_cpu_seconds=round(services.cpu_seconds() - cpu, 3),
    )


# The floor: the same records, in payloads that lie ready.


def _bare(services: Services, service: str, number: int) -> list[tuple[str, Cost]]:
    made = [f"floor-{n}" for n in range(number)]
    costs = []
    for operation in OPERATIONS:
        ids = made if operation == "create" else _ids(services, service)
        asks = (_salesforce if service == SALESFORCE else _sales_connect)(operation, ids)
        file = services.folder / "floor.jsonl"
        file.write_text("".join(json.dumps(ask) + "\n" for ask in asks), encoding="utf-8")
        run = partial(floor, services, "write.py", service, services.urls[service], str(file))
        _, cost = _measured(services, number, lambda run=run: (run(), None))  # type: ignore[misc]
        costs.append((operation, cost))
    return costs


def _ids(services: Services, service: str) -> list[str]:
    """The records that the floor made: the newest that were written there."""
    written = services.control(service, "GET", "writes")
    ids = list(dict.fromkeys(entry["id"] for entry in written))
    return ids[len(ids) // 2 :]


def _pieces(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + A_CALL] for start in range(0, len(ids), A_CALL))


TASK_CHANGES = {"update": {"Description": "edited"}, "complete": {"Status": "Completed"}}
REMINDER_CHANGES = {"update": {"details": "edited"}, "complete": {"status": "completed"}}


def _salesforce(operation: str, ids: list[str]) -> Iterator[Ask]:
    for piece in _pieces(ids):
        if operation == "delete":
            yield {"method": "DELETE", "path": f"{TASKS}?allOrNone=false&ids={','.join(piece)}", "body": None}
            continue
        if operation == "create":
            rows = [{"Sales_Connect_Id__c": id_, **_new_task(n)} for n, id_ in enumerate(piece)]
        else:
            rows = [{"id": id_, **TASK_CHANGES[operation]} for id_ in piece]
        records = [{"attributes": {"type": "Task"}, **row} for row in rows]
        path = f"{TASKS}/Task/Sales_Connect_Id__c" if operation == "create" else TASKS
        yield {"method": "PATCH", "path": path, "body": {"allOrNone": False, "records": records}}


def _sales_connect(operation: str, ids: list[str]) -> Iterator[Ask]:
    for piece in _pieces(ids):
        if operation == "create":
            operations: list[Record] = [
                {"op": "create", "idempotency_key": id_, "reminder": _new_reminder(n)} for n, id_ in enumerate(piece)
            ]
        elif operation == "delete":
            operations = [{"op": "delete", "id": id_} for id_ in piece]
        else:
            operations = [{"op": "update", "id": id_, "reminder": REMINDER_CHANGES[operation]} for id_ in piece]
        yield {"method": "POST", "path": "/v1/reminders/batch", "body": {"operations": operations}}


def _new_task(n: int) -> Record:
    return {
        "Subject": f"Call about {n}",
        "Status": "Not Started",
        "Priority": "Normal",
        "ActivityDate": "2027-03-01",
        "Description": "What was said last time. " * 8,
    }


def _new_reminder(n: int) -> Record:
    return {
        "name": f"Call about {n}",
        "type": "custom",
        "due_date": "2027-03-01",
        "details": "What was said last time. " * 8,
        "assignee_id": f"u{n % 10}",
    }
