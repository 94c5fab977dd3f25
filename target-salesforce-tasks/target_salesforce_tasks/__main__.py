"""The command `target-salesforce-tasks`, and `python -m target_salesforce_tasks`."""

from tasksync_engine.starting import importing

with importing():
    from target_salesforce_tasks.target import TargetSalesforceTasks

main = TargetSalesforceTasks.cli

if __name__ == "__main__":
    main()
