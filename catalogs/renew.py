# noqa: INP001  a script beside the files that it writes, no package
"""Writes the taps' committed catalogs anew: `python catalogs/renew.py`.

The extra fields and the link field come from Meltano's settings, in the environment that MELTANO_ENVIRONMENT names;
`--plain` leaves Meltano out and takes the defaults. Nothing is asked of either service.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks

if TYPE_CHECKING:
    from tasksync_engine.singer.tap import SyncTap

FOLDER = Path(__file__).parent
UNREAD: dict[type[SyncTap], str] = {TapSalesconnect: "people", TapSalesforceTasks: "users"}
"""The stream of each tap that the sync does not read."""
SHAPING = ("extra_fields", "link_field")
"""The settings that change what a record holds."""


def catalog(tap_type: type[SyncTap], settings: dict[str, Any]) -> str:
    """The catalog file's text: everything is selected but the stream that the sync does not read."""
    config = {name: settings[name] for name in SHAPING if name in settings}
    found = tap_type(config=config, validate_config=False, setup_mapper=False).catalog_dict
    for stream in found["streams"]:
        root = next(entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
        root["selected"] = stream["tap_stream_id"] != UNREAD[tap_type]
    return json.dumps(found, indent=1) + "\n"


def path(tap_type: type[SyncTap]) -> Path:
    """Where a tap's catalog lies."""
    return FOLDER / f"{tap_type.name}.json"


def meltano_settings(tap_type: type[SyncTap]) -> dict[str, Any]:
    """The settings that Meltano would hand to the tap."""
    meltano = Path(sys.executable).with_name("meltano")
    command = [str(meltano), "--log-level=error", "invoke", "--dump=config", tap_type.name]
    answer = subprocess.run(command, cwd=FOLDER.parent, check=True, stdout=subprocess.PIPE)  # noqa: S603  our own command
    settings: dict[str, Any] = json.loads(answer.stdout)
    return settings


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0] if __doc__ else None)
    parser.add_argument("--plain", action="store_true", help="take the defaults instead of Meltano's settings")
    plain = parser.parse_args().plain
    for tap_type in UNREAD:
        path(tap_type).write_text(catalog(tap_type, {} if plain else meltano_settings(tap_type)))


if __name__ == "__main__":
    main()
