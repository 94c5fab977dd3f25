"""The Singer SDK's standard suite over both targets.

Its streams are not ours: wherever a test of the suite sends one, the target has to refuse it, and write nothing.
"""

from __future__ import annotations

import pytest
from singer_sdk.testing.config import SuiteConfig
from singer_sdk.testing.runners import TargetTestRunner
from singer_sdk.testing.suites import target_tests

from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.errors import ConfigError

PASSED = {
    "cli_prints": "sends nothing",
    "invalid_schema": "expects any error for a schema without properties",
    "record_before_schema": "expects the SDK's own error for a record before its schema",
}
"""The suite's tests that need no foreign stream to be taken, and why; every other one asserts the refusal."""

TARGETS = {
    TargetSalesforceTasks: lambda url: {"login_url": url, "client_id": "sandbox", "client_secret": "sandbox"},
    TargetSalesconnect: lambda url: {"api_url": url, "token": "sandbox"},
}


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def runner(request, sandbox, tmp_path):
    """The suite's runner over one of our targets, against the sandbox."""
    url = sandbox.salesforce_url if request.param is TargetSalesforceTasks else sandbox.sales_connect_url
    config = {**TARGETS[request.param](url), "ledger_url": f"sqlite:///{tmp_path / 'ledger.db'}"}
    runner = TargetTestRunner(target_class=request.param, config=config)
    yield runner
    if runner.target_input:
        runner.target_input.close()  # the suite leaves its file open


@pytest.mark.parametrize("template", target_tests.tests, ids=lambda template: template.name)
def test_the_standard_suite(template, runner, sandbox):
    """Each test passes as it is, or its foreign stream is refused in words."""
    test = template()
    if test.name in PASSED:
        test.run(SuiteConfig(), None, runner)
    else:
        with pytest.raises(ConfigError, match="does not know the stream"):
            test.run(SuiteConfig(), None, runner)
    assert sandbox.writes("salesforce") == sandbox.writes("sales_connect") == []


def test_every_exception_is_still_in_the_suite():
    """A test that the SDK drops or renames leaves the list."""
    assert PASSED.keys() <= {template.name for template in target_tests.tests}
