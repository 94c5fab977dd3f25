"""`python -m tap_salesconnect`."""

from tap_salesconnect.tap import TapSalesconnect

TapSalesconnect.cli()
