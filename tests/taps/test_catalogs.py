"""The committed catalogs."""

import importlib.util
import json
from pathlib import Path

import pytest

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks

FOLDER = Path(__file__).parents[2] / "catalogs"
TAPS = (TapSalesconnect, TapSalesforceTasks)


@pytest.fixture(scope="module")
def renewing():
    """The script that writes them."""
    spec = importlib.util.spec_from_file_location("renew", FOLDER / "renew.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize("tap_type", TAPS)
def test_the_catalogs_are_what_discovery_says(tap_type, renewing):
    """`make catalogs` would change nothing, but for the extra fields of the project's own settings."""
    committed = json.loads(renewing.path(tap_type).read_text())
    extra = {
        name
        for stream in committed["streams"]
        if stream["tap_stream_id"] != renewing.UNREAD[tap_type]
        for name in stream["schema"]["properties"]
    }
    plain = json.loads(renewing.catalog(tap_type, {}))
    known = {name for stream in plain["streams"] for name in stream["schema"]["properties"]}
    settings = {"extra_fields": sorted(extra - known)}
    assert renewing.path(tap_type).read_text() == renewing.catalog(tap_type, settings)


@pytest.mark.parametrize(("tap_type", "unread"), [(TapSalesconnect, "people"), (TapSalesforceTasks, "users")])
def test_a_tap_reads_all_streams_but_one(tap_type, unread, renewing):
    """With its catalog, a tap selects every stream and field except the stream that the sync does not read."""
    tap = tap_type(config={"api_url": "-", "login_url": "-"}, catalog=json.loads(renewing.path(tap_type).read_text()))
    assert [name for name, stream in tap.streams.items() if not stream.selected] == [unread]
    for stream in tap.streams.values():
        if stream.selected:
            assert all(stream.mask["properties", name] for name in stream.schema["properties"])


def test_extra_fields_get_into_the_catalog(renewing):
    """They come from the settings."""
    text = renewing.catalog(TapSalesforceTasks, {"extra_fields": ["Region__c"], "link_field": "", "password": "x"})
    assert "Region__c" in text
    assert "Sales_Connect_Id__c" not in text
