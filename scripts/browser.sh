#!/bin/sh
# What the tests in a browser need: Playwright in the virtual environment, and a Chromium.
set -u
"$BIN/uv" sync --quiet --locked --inexact --group browser || exit 1
if [ -n "${TASKSYNC_BROWSER:-}" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Debian's chromium."
  apt-get update -qq >/dev/null 2>&1
  apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1
  command -v chromium >/dev/null 2>&1 && exit 0
fi
echo "Fetching a Chromium for Playwright."
"$BIN/playwright" install chromium && exit 0
echo "There is no browser, and none could be fetched. Install Chromium, or name its file in TASKSYNC_BROWSER." >&2
exit 1
