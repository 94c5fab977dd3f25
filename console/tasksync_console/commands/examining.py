"""`tasksync doctor`."""

from __future__ import annotations

import typer

from tasksync_console.commands.application import AsJson, app

# ruff: noqa: PLC0415 - see the package


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Look at all that a sync needs, and say for each thing what to do; exit 1 where one fails. Writes nothing."""
    from dataclasses import asdict

    from tasksync_console.doctor.examination import examine, print_symptoms
    from tasksync_console.printing import print_json

    symptoms = list(examine())
    failed = any(one.state == "fail" for one in symptoms)
    if as_json:
        print_json({"ok": not failed, "symptoms": [asdict(one) for one in symptoms]})
    else:
        print_symptoms(symptoms)
    if failed:
        raise typer.Exit(1)
