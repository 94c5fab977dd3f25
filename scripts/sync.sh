#!/bin/sh
# One two-way sync. In the sandbox environment the services are started and filled first.
# Exits with the sync's own code.
set -u
if [ "$MELTANO_ENVIRONMENT" = sandbox ]; then
  "$BIN/sandbox" up || exit 1
  "$BIN/sandbox" seed || exit 1
  SALESFORCE_LOGIN_URL="${SALESFORCE_LOGIN_URL:-http://127.0.0.1:${SANDBOX_SALESFORCE_PORT:-8641}}"
  SALES_CONNECT_URL="${SALES_CONNECT_URL:-http://127.0.0.1:${SANDBOX_SALES_CONNECT_PORT:-8642}}"
  export SALESFORCE_LOGIN_URL SALES_CONNECT_URL
fi
"$BIN/meltano" --log-level="${MELTANO_CLI_LOG_LEVEL:-warning}" run sync
code=$?
"$BIN/tasksync" status
[ "$code" -eq 0 ] || echo "The sync ended with $code. For all that the plugins say: MELTANO_CLI_LOG_LEVEL=info make sync" >&2
exit $code
