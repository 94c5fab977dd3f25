"""How the state machine acts: on items that fit, runs in either direction, and rest with all that must hold then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis.stateful import RuleBasedStateMachine

from tasksync_engine.ledger.parked import DOUBTFUL
from tests.sync import machine_draws as draws
from tests.sync.invariants import Quiet
from tests.sync.machine_model import COLUMNS, Item, Model
from tests.sync.machine_runs import DIRECTIONS
from tests.sync.machine_values import as_held, same
from tests.sync.machine_world import SALES_CONNECT, SALESFORCE, World

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import SandboxHandle
    from tests.sync.machine_runs import Mishap, Runs

LONGEST_CALL = 661
"""Seconds after which no call to Salesforce is under way any more."""

MOST_SYNCS, MOST_CALLS = 3, 8
"""What it may take until nothing changes any more, and the API calls of a sync without changes."""


class Acting(RuleBasedStateMachine):
    """What the rules are made of.

    Attributes:
        world: both services and their people.
        model: what people did.
        runs: both directions.
        tally: how often which rule was used, over all examples.
    """

    runs: Runs
    most_calls = MOST_CALLS
    template: str
    delete_policy: str

    def __init__(
        self,
        sandbox: SandboxHandle,
        folder: Path,
        tally: Counter[str],
        conflict_policy: str,
        *,
        link_field: bool = True,
    ) -> None:
        super().__init__()
        self.link_field = link_field
        self.world = World(sandbox)
        self.model = Model(self.world)
        self.folder, self.tally, self.conflict_policy = folder, tally, conflict_policy
        self.tally["examples"] += 1
        self.began = False

    def _switch_on(self) -> set[str]:
        """Whoever is off turns task sync on; who that was."""
        off = {user for user, row in self.world.users().items() if not row["task_sync"]["enabled"]}
        for user in sorted(off):
            self.world.switch(user, on=True)
        return off

    def _wait(self, seconds: float) -> None:
        self.world.advance(seconds)
        for item in self.model.items.values():
            if item.fragile and seconds > 10 * 86_400:
                item.unclear = "the ledger was lost with a deletion undelivered, and then its traces faded"

    def _purge(self, name: str) -> None:
        """A deleted task leaves the recycle bin for good."""
        item = self._from(name, self._is_in_bin)
        if item.ids.get("reminder") in self._unsettled():
            return  # nothing would be left by which a create of ours could be told
        if (self.model.row(item, "task") or {}).get("IsDeleted"):
            self.world.purge(item.ids["task"])
            item.unclear = item.unclear or ("purged, and the ledger lost" if item.ledger_lost else "")
            self.model.look()

    def _unsettled(self) -> set[str]:
        return set() if self.link_field else self.runs.unsettled()

    def _is_recoverable(self, what: str, detail: Any) -> bool:
        """Whether what gets lost now, with the ledger or from a recycle bin, is known elsewhere too."""
        long = what == "wait" and detail > 10 * 86_400
        lost = what == "lose the ledger"
        return not ((long or lost) and self._unsettled()) and not (lost and self._owes_pointers())

    def _owes_pointers(self) -> bool:
        return not self.link_field and self.runs.owes_pointers()

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
        self.model.look_at(side)
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
            self.model.look_at(side)

    def _run(self, direction: str, mishap: Mishap | None = None) -> bool:
        """One direction, or both as the job has them: the second only where the first came to its end."""
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
        syncs, written = -1, self._written()
        while syncs < 0 or written < (written := self._written()) or self.runs.has_pending_deletions():
            syncs += 1
            assert syncs < MOST_SYNCS, "it does not come to rest"
            self._sync_at_rest()
            self._settle_lost_creates()
        self.tally[f"rest after {syncs} writing syncs"] += 1
        self._check_a_sync_costs_little()
        self.runs.settings["allow_mass_delete"] = False
        self._check()

    def _settle_lost_creates(self) -> None:
        """Wait until no create can be under way any more, and name the tasks that doubtful ones made, as people do."""
        if not self._unsettled():
            return
        self.tally["rest with creates unsettled"] += 1
        self.world.advance(LONGEST_CALL)
        self._sync_at_rest()
        made = {item.ids.get("reminder"): item.ids.get("task") for item in self.model.items.values()}
        for change in self.runs.parked():
            if change.code == DOUBTFUL:
                self.tally["doubtful"] += 1
                self.world.edit("reminder", change.record_id, {"salesforce_task_id": made[change.record_id]})

    def _check(self) -> None:
        self.model.look()
        self.model.writes = self.world.writes()
        quiet = Quiet(
            self.model, self.world.users(), self.runs.conflicts, self.template, self.delete_policy, self.link_field
        )
        quiet.check()
        quiet.check_old_reminder()

    def _sync_at_rest(self) -> None:
        self.world.advance(1)
        self.world.sandbox.forget_calls()
        assert self._run("both"), "a run at rest failed"

    def _written(self) -> int:
        return sum(map(len, self.world.writes().values()))

    def _check_a_sync_costs_little(self) -> None:
        """Records without a counterpart, and parked changes, are looked at again as long as the overlap holds them."""
        if self._calls() > self.most_calls:
            written = self._written()
            self._sync_at_rest()
            assert self._written() == written, "the sync after the one that wrote nothing writes"
            most = self.most_calls + (0 if self.model.is_all_linked() and not self.runs.parked() else 3)
            assert self._calls() <= most, {s: self.world.sandbox.calls(s) for s in (SALESFORCE, SALES_CONNECT)}

    def _calls(self) -> int:
        return sum(self.world.sandbox.calls(service)["total"] for service in (SALESFORCE, SALES_CONNECT))
