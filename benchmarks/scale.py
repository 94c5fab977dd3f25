# noqa: INP001  a script, no package
"""What many workers bring: 1, 2 and 4 shards measured over slow services, and a projection for orgs of every size.

`--simulate` leaves out the measuring. `--changes`, `--latency` and `--records` say what your org is like. `--write`
keeps both tables in docs/scale.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the tests' PostgreSQL

from scaling.costs import measured  # noqa: E402
from scaling.report import keep, projection, throughput_table  # noqa: E402
from scaling.throughput import measure  # noqa: E402

USERS = (100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
SHARDS = (1, 2, 4)


def main() -> None:
    """Measure, project and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--changes", type=float, default=20, help="a user's changes on each side of a working day")
    parser.add_argument("--records", type=int, default=50, help="a user's records that a first sync brings over")
    parser.add_argument("--latency", type=float, default=0.4, help="seconds that a reading call takes")
    parser.add_argument("--write-latency", type=float, default=4.0, help="seconds that a call with 200 writes takes")
    parser.add_argument("--added-latency", type=float, default=1.0, help="seconds that the sandbox's calls take longer")
    parser.add_argument("--number", type=int, default=4_000, help="reminders of the measured first sync")
    asked = parser.parse_args()
    tables = {}
    if not asked.simulate:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder) / "shards", asked.number, asked.added_latency, SHARDS)
        tables["measured"] = throughput_table(found, asked.added_latency)
        print(tables["measured"])
    costs, where = measured(HERE / "results/latest.json", asked.latency, asked.write_latency)
    tables["projected"] = projection(USERS, costs, where, changes=asked.changes, records=asked.records)
    print(tables["projected"])
    if asked.write:
        keep(HERE.parent / "docs/scale.md", tables)


if __name__ == "__main__":
    main()
