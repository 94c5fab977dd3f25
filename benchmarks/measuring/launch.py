"""Starts a command, waits for its end, and writes what it cost: `python -I -S launch.py COSTS COMMAND…`.

Linux counts the memory of whoever starts a process into that process's peak: so this one is small, and imports little.
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    costs, *command = sys.argv[1:]
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, spent = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    with open(costs, "w", encoding="utf-8") as file:  # noqa: PTH123  pathlib would double this process
        json.dump([seconds, spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024], file)
    sys.exit(os.waitstatus_to_exitcode(status) & 255)
