"""The `sandbox` command."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tasksync_sandbox.command.errors import CommandError
from tasksync_sandbox.command.place import Place

SALESFORCE_PORT, SALES_CONNECT_PORT = 8641, 8642


def main(arguments: list[str] | None = None) -> None:
    """Run one command; the exit code is 0 when it did what it says, else 1 (2 for wrong arguments)."""
    options = _parser().parse_args(arguments)
    try:
        sys.exit(options.run(options))
    except CommandError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="Salesforce and Sales Connect on this machine. The data folder is $SANDBOX_DATA, else .sandbox; "
        f"ports are $SANDBOX_SALESFORCE_PORT (else {SALESFORCE_PORT}) and "
        f"$SANDBOX_SALES_CONNECT_PORT (else {SALES_CONNECT_PORT}).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("up", _up, "start both services in the background; does nothing when they run"),
        ("run", _run, "serve in the foreground"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--tls", action="store_true", help="serve https with a self-made certificate")
        command.set_defaults(run=run)
    for name, run, text in (
        ("down", _down, "stop both services"),
        ("status", _status, "say whether they run, where, and with how many records; exits 1 when they do not"),
        ("reset", _reset, "empty both services"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    _add_seed(commands)
    show = commands.add_parser("show", help="print users, reminders and tasks, linked ones side by side")
    show.add_argument("--limit", type=int, default=30, metavar="N", help="at most this many pairs (30)")
    show.set_defaults(run=_show)
    return parser


def _add_seed(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "load a sample sales team; leaves a sandbox that has records as it is"
    seed = commands.add_parser("seed", help=text, description=text)
    for name, default, what in (("users", 6, "users"), ("reminders", 40, "reminders"), ("tasks", 60, "tasks")):
        seed.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"how many {what} ({default})")
    seed.add_argument("--random-seed", type=int, default=1, metavar="N", help="the same number gives the same team (1)")
    seed.add_argument("--add", action="store_true", help="load even when there are records; known ids are overwritten")
    seed.set_defaults(run=_seed)


def _place() -> Place:
    return Place(
        Path(os.environ.get("SANDBOX_DATA") or ".sandbox").resolve(),
        _port("SANDBOX_SALESFORCE_PORT", SALESFORCE_PORT),
        _port("SANDBOX_SALES_CONNECT_PORT", SALES_CONNECT_PORT),
    )


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal():
        msg = f"{variable} is no port: {text}"
        raise CommandError(msg)
    return int(text)


# Each command imports what it needs: the server's libraries take half a second.


def _up(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.process import up  # noqa: PLC0415

    return up(_place(), tls=options.tls)


def _run(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.foreground import run  # noqa: PLC0415

    return run(_place(), tls=options.tls)


def _down(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.process import down  # noqa: PLC0415

    del options
    return down(_place())


def _status(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.process import status  # noqa: PLC0415

    del options
    return status(_place())


def _reset(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.records import reset  # noqa: PLC0415

    del options
    return reset(_place())


def _seed(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.records import seed  # noqa: PLC0415
    from tasksync_sandbox.seed.team import Size  # noqa: PLC0415

    size = Size(options.users, options.reminders, options.tasks)
    return seed(_place(), size, options.random_seed, even_if_not_empty=options.add)


def _show(options: argparse.Namespace) -> int:
    from tasksync_sandbox.command.show import show  # noqa: PLC0415

    return show(_place(), options.limit)


if __name__ == "__main__":
    main()
