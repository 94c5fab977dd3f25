"""How a run of tap-salesforce-tasks ends: complete, cut off, or with a complaint."""

import subprocess

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ago, task
from .runs import Output, complaints, problem, run, run_command, start_command


@pytest.fixture
def many(sandbox):
    """An org with 5,000 tasks, one a minute."""
    sandbox.load(salesforce={"Task": [task(n, ago(minutes=6000 - n)) for n in range(5000)]})


def stamps_read(output):
    """SystemModstamp of the tasks, in the order in which they were written."""
    return [row["SystemModstamp"] for row in output.records["tasks"]]


@pytest.mark.usefixtures("many")
def test_the_mark_stands_in_the_last_state_alone(salesforce_settings):
    """Every earlier STATE of the run, the first one of a later run included, says that more may come."""
    first = run(TapSalesforceTasks, salesforce_settings)
    second = run(TapSalesforceTasks, salesforce_settings, first.state)
    for output in (first, second):
        *earlier, last = output.complete("tasks")
        assert last is True
        assert set(earlier) == {False}
        assert output.messages[-1]["type"] == "STATE"


@pytest.mark.usefixtures("many")
def test_a_state_every_two_thousand_records(salesforce_settings):
    """Each covers complete pages only, and no more than what was written before it."""
    written, states = [], []
    for message in run(TapSalesforceTasks, salesforce_settings, streams=("tasks",)).messages:
        if message["type"] == "STATE" and "replication_key_value" in message["value"]["bookmarks"]["tasks"]:
            states.append((len(written), message["value"]["bookmarks"]["tasks"]["replication_key_value"]))
        elif message["type"] == "RECORD":
            written.append(message["record"]["SystemModstamp"])
    assert states == [(count, written[count - 1]) for count in (2000, 4000, 5000)]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("where", ["/query/", "/deleted"])
def test_a_service_that_fails_midway_leaves_a_state_of_complete_pages(where, sandbox, salesforce_settings):
    """The next run continues there, and reads the rest; the mark is missing until then."""
    sandbox.fault("salesforce", "status", path=where, status=400)
    broken = run(TapSalesforceTasks, salesforce_settings, streams=("tasks",))
    assert broken.exit_code == 1
    assert broken.complete("tasks")[-1] is False
    assert broken.bookmark("tasks")["replication_key_value"] == stamps_read(broken)[-1]
    assert "read_at" not in broken.bookmark("tasks")
    sandbox.clear_faults("salesforce")
    rest = run(TapSalesforceTasks, salesforce_settings, broken.state, streams=("tasks",))
    assert rest.complete("tasks")[-1] is True
    assert len({*broken.ids("tasks"), *rest.ids("tasks")}) == 5000
    assert len(stamps_read(rest)) <= 5011 - len(stamps_read(broken))


@pytest.mark.usefixtures("many")
def test_a_killed_tap_leaves_a_state_of_complete_pages(sandbox, salesforce_settings, tmp_path):
    """Whatever reached the target by then, its last STATE names nothing that was not written."""
    sandbox.fault("salesforce", "latency", path="-4000$", seconds=60)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with start_command(TapSalesforceTasks, tmp_path, salesforce_settings, **pipes) as tap:
        text = ""
        while '"replication_key_value"' not in text.partition('"tasks","record"')[2]:
            text += tap.stdout.readline()
        tap.kill()
    sandbox.clear_faults("salesforce")
    output = Output(text)
    assert output.bookmark("tasks")["replication_key_value"] == stamps_read(output)[-1]
    assert output.bookmark("tasks")["complete"] is False


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_secret": "wrong"}, "client_secret"),
        ({"client_id": "", "client_secret": ""}, "SALESFORCE_CLIENT_ID"),
        ({"login_url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"login_url": "https://login.salesforce.com"}, "this machine only"),
        ({"start_date": "soon"}, "start_date"),
        ({"owner_ids": ["me"]}, "owner_ids"),
        ({"extra_fields": ["Id FROM User --"]}, "extra_fields"),
        ({"extra_fields": ["Nowhere__c"]}, "a field Nowhere__c"),
        ({"link_field": "Nowhere__c"}, "link_field"),
        ({"ledger_url": "sqlite:////dev/null/ledger.db"}, "ledger"),
    ],
)
def test_a_problem_is_told_in_a_line_or_two(settings, words, salesforce_settings, caplog, capsysbinary):
    """Exit code 1, what to do on standard error, no traceback, and no record on standard output."""
    told = problem(TapSalesforceTasks, salesforce_settings | settings, caplog, capsysbinary)
    assert words.lower() in told.lower()
    assert len(told.splitlines()) <= 2


def test_the_command_reads_what_meltano_hands_it(sandbox, salesforce_settings, tmp_path):
    """Config, state and catalog come as files; standard output holds messages of the selected stream alone."""
    sandbox.load(salesforce={"Task": [task(1, ago(hours=1))]})
    process = run_command(TapSalesforceTasks, tmp_path, salesforce_settings, catalog=True)
    assert (process.returncode, complaints(process)) == (0, [])
    first = Output(process.stdout)
    assert first.records.keys() == {"tasks"}
    again = run_command(TapSalesforceTasks, tmp_path, salesforce_settings, first.state, catalog=True)
    assert Output(again.stdout).complete("tasks")[-1] is True
    assert sandbox.calls("salesforce")["by_endpoint"]["POST /services/oauth2/token"] == 2


@pytest.mark.usefixtures("many")
def test_a_reading_may_last_longer_than_the_deletion_log_bears(sandbox, salesforce_settings):
    """The log is asked for by the clock of that moment: 15 days before the beginning may be too far back by then."""
    tap = TapSalesforceTasks(config=salesforce_settings)
    pages = tap.streams["tasks"].pages()
    read = len(next(pages))
    sandbox.clock(3600)
    assert read + sum(map(len, pages)) == 5000
    tap.resources.close()
