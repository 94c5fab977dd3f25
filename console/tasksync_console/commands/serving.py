"""`tasksync serve`: the console in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from tasksync_console.commands.application import app

# ruff: noqa: PLC0415 - see the package

PORT = 8640


@app.command()
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="The address to listen on. Any but this machine's own asks for a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = PORT,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="A further name that the console is opened by, as behind a proxy."
        ),
    ] = None,
) -> None:
    """Serve the console in a browser until Ctrl-C; TASKSYNC_CONSOLE_TOKEN sets the token that it asks for."""
    from tasksync_console.web.serving import serve as run

    run(host, port, allow_host or ())
