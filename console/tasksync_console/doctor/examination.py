"""The whole examination, in the order in which things depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.address import find_address
from tasksync_console.doctor.here import (
    look_at_catalogs,
    look_at_environment,
    look_at_ledger,
    look_at_mapping,
    look_at_scheduler,
)
from tasksync_console.doctor.there import look_at_sales_connect, look_at_salesforce
from tasksync_console.printing import screen
from tasksync_console.project import Project
from tasksync_console.words import clean, many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasksync_console.doctor.symptom import Symptom

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def examine() -> Iterator[Symptom]:
    """Look at everything; writes nothing anywhere.

    Raises:
        ConfigError: There is no project to look at.
    """
    project, address = Project.here(), find_address()
    yield from look_at_environment(project)
    symptoms, fields = look_at_mapping(project)
    yield from symptoms
    if fields is not None:
        yield from look_at_catalogs(project, fields)
    symptoms, ledger = look_at_ledger(address)
    yield from symptoms
    owners = {key: None if ledger is None else ledger.get(key) for key in ("org_id", "account_id")}
    try:
        yield from look_at_scheduler(project, ledger)
        yield from look_at_sales_connect(project, owners["account_id"], fields)
        yield from look_at_salesforce(project, owners["org_id"], fields)
    finally:
        if ledger is not None:
            ledger.close()


def print_symptoms(symptoms: Sequence[Symptom]) -> None:
    """One line for each, and what to do where there is something to do."""
    console = screen()
    for one in symptoms:
        console.print(f"{one.state:4}  {clean(one.about)}: {clean(one.what)}", style=_STYLES[one.state])
        if one.remedy and one.state != "ok":
            console.print(f"      {clean(one.remedy)}")
    fails = sum(one.state == "fail" for one in symptoms)
    warns = sum(one.state == "warn" for one in symptoms)
    console.print(f"\n{many(fails, 'failure')}, {many(warns, 'warning')}." if fails or warns else "\nAll is well.")
