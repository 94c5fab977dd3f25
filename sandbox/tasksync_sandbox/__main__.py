"""`python -m tasksync_sandbox` is `sandbox`."""

from tasksync_sandbox.cli import main

main()
