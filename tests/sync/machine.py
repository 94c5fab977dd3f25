"""The state machine: two services, their people, the pipelines, and everything that goes wrong."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from tests.sync import machine_draws as draws
from tests.sync.invariants import Quiet
from tests.sync.machine_model import COLUMNS, FROM, SIDES, Item, Model
from tests.sync.machine_runs import DIRECTIONS, TO_SALESFORCE, Mishap, Runs, Script
from tests.sync.machine_values import as_held, same
from tests.sync.machine_world import ANN, OLD_REMINDER, OLD_TASK, SALES_CONNECT, SALESFORCE, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import SandboxHandle

MOST_SYNCS, MOST_CALLS = 4, 8
"""What it may take until nothing changes any more, and the API calls of a sync without changes."""

UNSEEN = {"after counterparts", "before update", "before delete"}
"""When an edit in Salesforce comes between our read and our write (sync-rules §9)."""


class SyncMachine(RuleBasedStateMachine):
    """One example; at its end everything comes to rest, and the invariants are checked."""

    items = Bundle("items")

    def __init__(self, sandbox: SandboxHandle, folder: Path, tally: Counter[str], conflict_policy: str) -> None:
        super().__init__()
        self.world = World(sandbox)
        self.model = Model(self.world)
        self.folder, self.tally, self.conflict_policy = folder, tally, conflict_policy
        self.tally["examples"] += 1
        self.began = False

    @initialize(
        target=items,
        template=st.sampled_from(draws.TEMPLATES),
        delete_policy=st.sampled_from(("delete", "delete", "keep")),
        brake=st.sampled_from((20, 20, 20, 0)),
        synced=st.booleans(),
    )
    def begin(self, template: str, delete_policy: str, brake: int, *, synced: bool) -> Any:
        """Two services with people and old records; no ledger yet, or two pairs and a first sync behind them."""
        self.template, self.delete_policy = template, delete_policy
        self.folder = self.folder / str(self.tally["examples"])
        self.folder.mkdir()
        settings = {
            "conflict_policy": self.conflict_policy,
            "delete_conflict_policy": delete_policy,
            "max_delete_count": brake,
        }
        self.runs = Runs(self.world.sandbox, self.folder, settings)
        self.world.begin(template)
        self.model.items["old task"] = Item("old task", {"task": OLD_TASK})
        self.model.items["old reminder"] = Item("old reminder", {"reminder": OLD_REMINDER})
        self.model.look()
        self.began = True
        if not synced:
            return "old task"
        reminder = self.world.create_reminder({"name": "A", "assignee_id": "u_ann"})
        task = self.world.create_task({"Subject": "B", "OwnerId": ANN})
        names = [self._take_in("reminder", reminder), self._take_in("task", task)]
        self._sync_at_rest()
        self._check()
        return multiple(*names)

    # People.

    @rule(target=items, values=draws.whole("reminder"), late=draws.late, then=draws.then)
    def new_reminder(self, values: dict[str, Any], late: int, then: str) -> str:
        """A person makes a reminder."""
        self._step("new reminder")
        columns = {COLUMNS[name]["reminder"]: value for name, value in values.items()}
        name = self._take_in("reminder", self.world.create_reminder(columns, late))
        self._then(then)
        return name

    @rule(
        target=items,
        values=draws.whole("task"),
        subtype=st.sampled_from(draws.SUBTYPES),
        late=draws.late,
        then=draws.then,
    )
    def new_task(self, values: dict[str, Any], subtype: str, late: int, then: str) -> str:
        """A person makes a task."""
        self._step("new task")
        columns = {COLUMNS[name]["task"]: value for name, value in values.items()}
        name = self._take_in("task", self.world.create_task({**columns, "TaskSubtype": subtype}, late))
        self._then(then)
        return name

    @rule(name=items, change=draws.changes, late=draws.late, then=draws.then)
    def edit(self, name: str, change: tuple[str, dict[str, Any]], late: int, then: str) -> None:
        """A person changes one or two fields of one side."""
        self._step("edit")
        self._edit(self._item(name, change[0]), *change, late=late)
        self._then(then)

    @rule(name=items, change=draws.changes_of_both, apart=st.booleans(), then=draws.then)
    def edit_both(self, name: str, change: tuple[str, Any, Any], then: str, *, apart: bool) -> None:
        """Two people change one field on both sides, within one second or apart."""
        self._step("edit both")
        field, ours, theirs = change
        item = self._item(name, *SIDES)
        self._edit(item, "reminder", {field: ours})
        self.world.advance(int(apart))
        self._edit(item, "task", {field: theirs})
        self._then(then)

    @rule(name=items, where=draws.bins, late=draws.late, then=draws.then)
    def delete(self, name: str, where: str, late: int, then: str) -> None:
        """A person deletes a record, or takes a task out of the recycle bin."""
        self._step("undelete" if where == "bin" else "delete")
        if where != "bin":
            self._delete(self._item(name, where), where, late=late)
        elif self._is_in_bin(item := self._from(name, self._is_in_bin)):
            self.world.undelete(item.ids["task"])
            self.model.look()
            self.model.note_undelete(item)
        self._then(then)

    @rule(name=items, act=draws.acts, fault=draws.faults, again=draws.acts | st.none(), then=draws.then)
    def run_under_fault(
        self, name: str, act: draws.Act, fault: tuple[str, str, dict[str, Any]], again: draws.Act | None, then: str
    ) -> None:
        """Somebody writes, and its run meets lost answers, refused rows, short pages or an exhausted allowance."""
        service, kind, members = fault
        self._step(f"run under {kind}")
        item = self._item(name, act.side)
        self._act(item, act)
        self.world.sandbox.fault(service, kind, **members)
        self._run(FROM[act.side])
        self.world.sandbox.clear_faults(service)
        self._act_again(item, again, then)

    @rule(name=items, act=draws.acts, kill=draws.kills, again=draws.acts | st.none(), then=draws.then)
    def run_killed(self, name: str, act: draws.Act, kill: tuple[str, int], again: draws.Act | None, then: str) -> None:
        """Somebody writes, and its run's target is killed between two steps."""
        self._step("run killed")
        item = self._item(name, act.side)
        self._act(item, act)
        script = Script(kill_at=kill)
        self._run(FROM[act.side], Mishap(script))
        self.tally[f"killed {kill[0]}"] += script.dead
        self._act_again(item, again, then)

    @rule(name=items, act=draws.acts, cut=st.none() | st.integers(0, 12), again=draws.acts | st.none(), then=draws.then)
    def run_cut_off(self, name: str, act: draws.Act, cut: int | None, again: draws.Act | None, then: str) -> None:
        """Somebody writes, and its run's tap dies half-way, or its bookmark is not saved."""
        self._step("run cut off")
        item = self._item(name, act.side)
        self._act(item, act)
        self._run(FROM[act.side], Mishap(unsaved=True) if cut is None else Mishap(cut=cut))
        self._act_again(item, again, then)

    @rule(name=items, act=draws.acts, when=draws.meanwhile, meanwhile=draws.acts, then=draws.then)
    def run_meanwhile(self, name: str, act: draws.Act, when: str, meanwhile: draws.Act, then: str) -> None:
        """Somebody writes, and during its run somebody else does: between our read and our write, for example."""
        self._step("run meanwhile")
        item = self._item(name, act.side)
        self._act(item, act)
        direction = FROM[act.side]
        unseen = direction == TO_SALESFORCE and meanwhile.side == "task" and when in UNSEEN

        def interfere() -> None:
            self.tally[f"meanwhile {when}"] += 1
            self._act(item, meanwhile, unseen=unseen)

        if when == "between":
            self._run(direction, Mishap(between=interfere))
        else:
            self._run(direction, Mishap(Script(do_at=(when, 1), action=interfere)))
        self._then(then)

    @rule(event=draws.events, name=items, then=draws.then)
    def event(self, event: tuple[str, Any], name: str, then: str) -> None:
        """Somebody turns task sync on or off, time goes by, or something is lost."""
        what, detail = event
        self._step(what)
        if what == "switch":
            self.world.switch(detail, on=not self.world.users()[detail]["task_sync"]["enabled"])
        elif what == "wait":
            self._wait(detail)
        elif what == "purge":
            self._purge(name)
        elif what == "lose the ledger":
            self.model.look()
            self.runs.lose_ledger()
            self.model.note_lost_ledger(self.delete_policy)
        else:
            self.runs.states.pop(detail, None)
        self._then(then)

    def _wait(self, seconds: float) -> None:
        self.world.advance(seconds)
        for item in self.model.items.values():
            if item.fragile and seconds > 10 * 86_400:
                item.unclear = "the ledger was lost with a deletion undelivered, and then its traces faded"

    def _purge(self, name: str) -> None:
        """A deleted task leaves the recycle bin for good."""
        item = self._from(name, self._is_in_bin)
        if (self.model.row(item, "task") or {}).get("IsDeleted"):
            self.world.purge(item.ids["task"])
            item.unclear = item.unclear or ("purged, and the ledger lost" if item.ledger_lost else "")
            self.model.look()

    def teardown(self) -> None:
        """Everything comes to rest, first with the people as they are, then with all of them on."""
        if not self.began or sys.exc_info()[0] is not None:
            return
        self.come_to_rest()
        off = {user for user, row in self.world.users().items() if not row["task_sync"]["enabled"]}
        if off & self.model.users():
            for user in off:
                self.world.switch(user, on=True)
            self.come_to_rest()

    # How it is done.

    def _step(self, what: str) -> None:
        self.tally["steps"] += 1
        self.tally[what] += 1
        self.world.advance(1)

    def _from(self, name: str, fits: Callable[[Item], bool]) -> Item:
        """The item, or the next one that fits, so that few steps do nothing."""
        names = list(self.model.items)
        start = names.index(name)
        items = [self.model.items[other] for other in names[start:] + names[:start]]
        return next((item for item in items if fits(item)), items[0])

    def _item(self, name: str, *sides: str) -> Item:
        return self._from(name, lambda item: all(self.model.editable(item, side) for side in sides))

    def _is_in_bin(self, item: Item) -> bool:
        row = self.model.row(item, "task")
        return row is not None and bool(row.get("IsDeleted") or "task" in item.deleted)

    def _act(self, item: Item, act: draws.Act, *, unseen: bool = False) -> None:
        if act.change is None:
            self._delete(item, act.side, unseen=unseen)
        else:
            self._edit(item, act.side, act.change, unseen=unseen)

    def _act_again(self, item: Item, act: draws.Act | None, then: str) -> None:
        """What somebody does after an accident and before the next run."""
        if act is not None:
            self.world.advance(1)
            self._act(item, act)
        self._then(then)

    def _then(self, direction: str) -> None:
        if direction == "rest":
            self.come_to_rest()
        elif direction:
            self.tally[f"run {direction}"] += 1
            assert self._run(direction), "a run failed though nothing was in its way"

    def _take_in(self, side: str, record_id: str) -> str:
        name = f"item {len(self.model.items)}"
        self.model.items[name] = Item(name, {side: record_id})
        self.model.look()
        row = self.model.row(self.model.items[name], side) or {}
        self.model.items[name].completions += row.get("Status") == "Completed"
        return name

    def _edit(self, item: Item, side: str, change: dict[str, Any], *, late: int = 0, unseen: bool = False) -> None:
        if not self.model.editable(item, side):
            return
        before = dict(self.model.row(item, side) or {})
        change = {
            name: draws.other_than(before.get(COLUMNS[name][side]), side, name, to) for name, to in change.items()
        }
        self.world.edit(side, item.ids[side], {COLUMNS[name][side]: value for name, value in change.items()}, late)
        self.model.look()
        after = self.model.row(item, side) or {}
        for name, value in change.items():
            column = COLUMNS[name][side]
            held = as_held(side, name, value) if late else after.get(column)
            if not same(side, held, before.get(column)):
                self.model.note_edit(item, side, name, held, late=late, unseen=unseen)

    def _delete(self, item: Item, side: str, *, late: int = 0, unseen: bool = False) -> None:
        if self.model.editable(item, side):
            self.world.delete(side, item.ids[side], late)
            self.model.note_deletion(item, side, unseen=unseen)
            self.model.look()

    def _run(self, direction: str, mishap: Mishap | None = None) -> bool:
        """One direction, or both as the job has them: the second only where the first came to its end."""
        self.model.look()
        finished = True
        for one in DIRECTIONS if direction == "both" else (direction,):
            self.model.begin_run(one)
            finished = finished and self.runs.run(one, mishap)
        self.model.look()
        return finished

    def come_to_rest(self) -> None:
        """Let late commits appear, ask for what is parked, sync until nothing changes; then nothing may be amiss."""
        self.world.let_late_commits_appear()
        self.runs.settings["allow_mass_delete"] = True
        self.runs.retry_parked()
        syncs = 0
        while self._writes_of(self._sync_at_rest):
            syncs += 1
            assert syncs < MOST_SYNCS, "it does not come to rest"
        self.tally[f"rest after {syncs} writing syncs"] += 1
        self._check_a_sync_costs_little()
        self.runs.settings["allow_mass_delete"] = False
        self._check()

    def _check(self) -> None:
        self.model.look()
        self.model.writes = self.world.writes()
        quiet = Quiet(self.model, self.world.users(), self.runs.conflicts, self.template, self.delete_policy)
        quiet.check()
        quiet.check_old_reminder()

    def _sync_at_rest(self) -> None:
        self.world.advance(1)
        self.world.sandbox.forget_calls()
        assert self._run("both"), "a run at rest failed"

    def _writes_of(self, action: Callable[[], None]) -> int:
        before = sum(map(len, self.world.writes().values()))
        action()
        return sum(map(len, self.world.writes().values())) - before

    def _check_a_sync_costs_little(self) -> None:
        """Records without a counterpart, and parked changes, are looked at again as long as the overlap holds them."""
        if self._calls() > MOST_CALLS:
            assert not self._writes_of(self._sync_at_rest), "the sync after the one that wrote nothing writes"
            most = MOST_CALLS if self.model.is_all_linked() and not self.runs.parked() else MOST_CALLS + 3
            assert self._calls() <= most, {s: self.world.sandbox.calls(s) for s in (SALESFORCE, SALES_CONNECT)}

    def _calls(self) -> int:
        return sum(self.world.sandbox.calls(service)["total"] for service in (SALESFORCE, SALES_CONNECT))
