"""`python -m tap_salesforce_tasks`."""

from tap_salesforce_tasks.tap import TapSalesforceTasks

TapSalesforceTasks.cli()
