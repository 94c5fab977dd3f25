"""The Singer SDK's standard suite over tap-salesforce-tasks, against the sandbox."""

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ANN, ago, salesforce_user, task

SETTINGS = {"login_url": "http://127.0.0.1:1", "client_id": "sandbox", "client_secret": "sandbox"}
StandardTests = get_tap_test_class(TapSalesforceTasks, config=SETTINGS)


@pytest.fixture(scope="module", autouse=True)
def _org(running_sandbox):
    """One record at least for each attribute."""
    running_sandbox.reset()
    SETTINGS["login_url"] = running_sandbox.salesforce_url
    running_sandbox.load(
        salesforce={
            "User": [salesforce_user(ANN, "ann")],
            "Task": [
                task(1, ago(hours=2), ActivityDate="2026-12-01", Status="Completed"),
                task(2, ago(hours=1), IsDeleted=True),
            ],
        }
    )


class TestTapSalesforceTasks(StandardTests):
    """As the SDK generates them."""
