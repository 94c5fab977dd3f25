#!/bin/sh
# One sync, for whatever starts it every few minutes, and one check behind it, however the sync ended: it is what tells
# people (docs/operations.md). Ends with the sync's own code, or with the check's.
cd "$(dirname "$0")/.." || exit 1
.venv/bin/meltano --log-level="${MELTANO_CLI_LOG_LEVEL:-warning}" run to-salesforce to-salesconnect
code=$?
[ "$code" -ne 0 ] || exec .venv/bin/tasksync check
.venv/bin/tasksync check --job-failed "$code"
exit "$code"
