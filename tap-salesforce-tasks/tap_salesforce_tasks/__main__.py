"""The command `tap-salesforce-tasks`, and `python -m tap_salesforce_tasks`."""

from tasksync_engine.starting import importing

with importing():
    from tap_salesforce_tasks.tap import TapSalesforceTasks

main = TapSalesforceTasks.cli

if __name__ == "__main__":
    main()
