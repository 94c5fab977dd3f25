"""The state machine: two services, their people, the pipelines, and everything that goes wrong."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from tests.sync import machine_draws as draws
from tests.sync.invariants import Quiet
from tests.sync.machine_model import COLUMNS, SIDES, Item, Model
from tests.sync.machine_runs import DIRECTIONS, TO_SALESFORCE, Mishap, Runs, Script
from tests.sync.machine_values import same, settled
from tests.sync.machine_world import ANN, ASSIGNEES, OLD_REMINDER, OLD_TASK, SALES_CONNECT, SALESFORCE, World

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
        self.come_to_rest()
        return multiple("old task", *names)

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
        self._edit(self.model.items[name], *change, late=late)
        self._then(then)

    @rule(name=items, ours=draws.change_of("reminder"), theirs=draws.change_of("task"), apart=st.booleans())
    def edit_both(self, name: str, ours: dict[str, Any], theirs: dict[str, Any], *, apart: bool) -> None:
        """Two people change both sides, within one second or apart."""
        self._step("edit both")
        self._edit(self.model.items[name], "reminder", ours)
        self.world.advance(int(apart))
        self._edit(self.model.items[name], "task", theirs)

    @rule(name=items, side=st.sampled_from(SIDES), late=draws.late, then=draws.then)
    def delete(self, name: str, side: str, late: int, then: str) -> None:
        """A person deletes a record."""
        self._step("delete")
        self._delete(self.model.items[name], side, late=late)
        self._then(then)

    @rule(name=items, then=draws.then)
    def undelete(self, name: str, then: str) -> None:
        """A person takes a task out of the recycle bin."""
        item = self.model.items[name]
        self._step("undelete")
        row = self.model.row(item, "task")
        if row is not None and (row.get("IsDeleted") or "task" in item.deleted):
            self.world.undelete(item.ids["task"])
            self.model.look()
            self.model.note_undelete(item)
        self._then(then)

    def purge(self, name: str) -> None:
        """A deleted task leaves the recycle bin for good."""
        item = self.model.items[name]
        if (self.model.row(item, "task") or {}).get("IsDeleted"):
            self.world.purge(item.ids["task"])
            item.unclear = item.unclear or ("purged, and the ledger lost" if item.ledger_lost else "")
            self.model.look()

    @rule(user=st.sampled_from(ASSIGNEES), then=draws.then)
    def switch(self, user: str, then: str) -> None:
        """A person turns their task sync on or off."""
        self._step("switch")
        self.world.switch(user, on=not self.world.users()[user]["task_sync"]["enabled"])
        self._then(then)

    @rule(seconds=draws.clock_steps)
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self._step("wait")
        self.world.advance(seconds)
        for item in self.model.items.values():
            if item.fragile and seconds > 10 * 86_400:
                item.unclear = "the ledger was lost with a deletion undelivered, and then its traces faded"

    # Runs.

    @rule(direction=draws.directions)
    def run(self, direction: str) -> None:
        """A run in which nothing goes wrong."""
        self._step(f"run {direction}")
        assert self._run(direction)

    @rule(direction=draws.directions, fault=draws.faults)
    def run_under_fault(self, direction: str, fault: tuple[str, str, dict[str, Any]]) -> None:
        """A run while a service misbehaves: lost answers, refused rows, short pages, exhausted allowance."""
        service, kind, members = fault
        self._step(f"run under {kind}")
        self.world.sandbox.fault(service, kind, **members)
        self._run(direction)
        self.world.sandbox.clear_faults(service)

    @rule(direction=draws.directions, kill=draws.kills)
    def run_killed(self, direction: str, kill: tuple[str, int]) -> None:
        """A run whose target is killed between two steps."""
        self._step("run killed")
        script = Script(kill_at=kill)
        self._run(direction, Mishap(script))
        self.tally["killed"] += script.dead

    @rule(direction=draws.directions, cut=st.integers(0, 12), unsaved=st.booleans())
    def run_cut_off(self, direction: str, cut: int, *, unsaved: bool) -> None:
        """A run whose tap dies half-way, or whose bookmark is not saved."""
        self._step("run cut off")
        self._run(direction, Mishap(unsaved=True) if unsaved else Mishap(cut=cut))

    @rule(
        direction=st.sampled_from(DIRECTIONS), when=draws.meanwhile, name=items, change=draws.changes, ending=st.booleans()
    )
    def run_meanwhile(
        self, direction: str, when: str, name: str, change: tuple[str, dict[str, Any]], *, ending: bool
    ) -> None:
        """A run during which somebody edits or deletes a record: between our read and our write, for example."""
        item, side = self.model.items[name], change[0]
        self._step("run meanwhile")
        unseen = direction == TO_SALESFORCE and side == "task" and when in UNSEEN

        def act() -> None:
            self.tally["acted meanwhile"] += 1
            if ending:
                self._delete(item, side, unseen=unseen)
            else:
                self._edit(item, *change, unseen=unseen)

        if when == "between":
            self._run(direction, Mishap(between=act))
        else:
            self._run(direction, Mishap(Script(do_at=(when, 1), action=act)))

    @rule(what=st.sampled_from(("ledger", *DIRECTIONS, "purge")), name=items)
    def lose(self, what: str, name: str) -> None:
        """The ledger's file, the state of a direction, or a deleted task in the recycle bin is gone."""
        self._step(f"lose {what}")
        self.model.look()
        if what == "ledger":
            self.runs.lose_ledger()
            self.model.note_lost_ledger(self.delete_policy)
        elif what == "purge":
            self.purge(name)
        else:
            self.runs.states.pop(what, None)

    @rule()
    def settle(self) -> None:
        """Everything comes to rest in between."""
        self._step("settle")
        self.come_to_rest()

    def teardown(self) -> None:
        """Everything comes to rest, first with the people as they are, then with all of them on."""
        if not self.began or sys.exc_info()[0] is not None:
            return
        self.come_to_rest()
        off = [user for user, row in self.world.users().items() if not row["task_sync"]["enabled"]]
        if off:
            for user in off:
                self.world.switch(user, on=True)
            self.come_to_rest()

    # How it is done.

    def _step(self, what: str) -> None:
        self.tally["steps"] += 1
        self.tally[what] += 1
        self.world.advance(1)

    def _then(self, direction: str) -> None:
        if direction:
            self.tally[f"run {direction}"] += 1
            assert self._run(direction), "a run failed though nothing was in its way"

    def _take_in(self, side: str, record_id: str) -> str:
        name = f"item {len(self.model.items)}"
        self.model.items[name] = Item(name, {side: record_id})
        self.model.look()
        row = self.model.row(self.model.items[name], side) or {}
        self.model.items[name].completions += row.get("Status") == "Completed"
        return name

    def _edit(
        self, item: Item, side: str, change: dict[str, Any], *, late: int = 0, unseen: bool = False
    ) -> None:
        if not self.model.editable(item, side):
            return
        before = dict(self.model.row(item, side) or {})
        self.world.edit(side, item.ids[side], {COLUMNS[name][side]: value for name, value in change.items()}, late)
        self.model.look()
        after = self.model.row(item, side) or {}
        for name, value in change.items():
            column = COLUMNS[name][side]
            held = (settled(value) if side == "task" else value) if late else after.get(column)
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
        if self._calls() > MOST_CALLS:
            assert not self._writes_of(self._sync_at_rest), "the sync after the one that wrote nothing writes"
            assert self._calls() <= MOST_CALLS, {
                service: self.world.sandbox.calls(service) for service in (SALESFORCE, SALES_CONNECT)
            }

    def _calls(self) -> int:
        return sum(self.world.sandbox.calls(service)["total"] for service in (SALESFORCE, SALES_CONNECT))
