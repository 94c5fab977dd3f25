"""The Singer SDK's standard suite over tap-salesconnect, against the sandbox."""

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_salesconnect.tap import TapSalesconnect

from .records import ago, reminder, user

SETTINGS = {"api_url": "http://127.0.0.1:1", "token": "sandbox"}
StandardTests = get_tap_test_class(TapSalesconnect, config=SETTINGS)


@pytest.fixture(scope="module", autouse=True)
def _tenant(running_sandbox):
    """One record at least for each attribute."""
    running_sandbox.reset()
    SETTINGS["api_url"] = running_sandbox.sales_connect_url
    person = {"id": "p1", "name": "Cleo", "email": "cleo@example.com", "updated_at": ago(days=1)}
    full = {
        "due_date": "2026-12-01",
        "details": "by phone",
        "person": {"id": "p1"},
        "campaign": {"id": "c1", "name": "Spring", "day": 1, "step": 2},
        "status": "completed",
    }
    running_sandbox.load(
        sales_connect={
            "users": [user("ann", ago(days=3))],
            "people": [person],
            "reminders": [
                reminder("r1", ago(hours=2), **full),
                reminder("r2", ago(hours=1), deleted_at=ago(hours=1)),
            ],
        }
    )


class TestTapSalesconnect(StandardTests):
    """As the SDK generates them."""
