"""The state machine: two services, their people, the pipelines, and everything that goes wrong."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from tests.sync import machine_draws as draws
from tests.sync.machine_acting import Acting
from tests.sync.machine_model import COLUMNS, FROM, SIDES, Item
from tests.sync.machine_runs import TO_SALESFORCE, Mishap, Runs, Script
from tests.sync.machine_world import ANN, OLD_REMINDER, OLD_TASK

UNSEEN = {"after counterparts", "before write"}
"""When an edit in Salesforce comes between our read and our write (sync-rules §9)."""


class SyncMachine(Acting):
    """One example; at its end everything comes to rest, and the invariants are checked."""

    items = Bundle("items")

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
        self.runs = self._make_runs(settings)
        if not self.link_field:
            self.runs.without_link_field(self.folder)
            self.model.links = self.runs.links
        self.world.begin(template, link_field=self.link_field)
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

    def _make_runs(self, settings: dict[str, Any]) -> Runs:
        return Runs(self.world.sandbox, self.folder, settings)

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
        elif what == "everybody on":
            self._switch_on()
        elif not self._is_recoverable(what, detail):
            self.tally["left out, for nobody could tell"] += 1
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

    def teardown(self) -> None:
        """Everything comes to rest, first with the people as they are, then with all of them on."""
        try:
            if self.began and sys.exc_info()[0] is None:
                self._end()
        finally:
            self.world.close()

    def _end(self) -> None:
        self.come_to_rest()
        if self._switch_on() & self.model.users():
            self.come_to_rest()
