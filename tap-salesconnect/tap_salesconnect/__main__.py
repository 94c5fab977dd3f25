"""The command `tap-salesconnect`, and `python -m tap_salesconnect`."""

from tasksync_engine.starting import importing

with importing():
    from tap_salesconnect.tap import TapSalesconnect

main = TapSalesconnect.cli

if __name__ == "__main__":
    main()
