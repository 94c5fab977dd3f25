#!/bin/sh
# One sync, for whatever starts it every few minutes. Where it stops before its own last step, the check is made up for:
# it is what tells people (docs/operations.md). Ends with the sync's own code.
cd "$(dirname "$0")/.." || exit 1
.venv/bin/meltano --log-level="${MELTANO_CLI_LOG_LEVEL:-warning}" run sync
code=$?
[ "$code" -eq 0 ] || .venv/bin/tasksync check --job-failed "$code"
exit "$code"
