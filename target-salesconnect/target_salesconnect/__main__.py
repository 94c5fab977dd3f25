"""The command `target-salesconnect`, and `python -m target_salesconnect`."""

from tasksync_engine.starting import importing

with importing():
    from target_salesconnect.target import TargetSalesconnect

main = TargetSalesconnect.cli

if __name__ == "__main__":
    main()
