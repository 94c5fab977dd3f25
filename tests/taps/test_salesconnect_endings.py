"""How a run of tap-salesconnect ends: complete, cut off, or with a complaint."""

import subprocess

import pytest

from tap_salesconnect.tap import TapSalesconnect

from .records import ago, reminder, user
from .runs import Output, complaints, problem, run, run_command, start_command

SYNCED = ("salesforce_settings", "users", "reminders")


@pytest.fixture
def many(sandbox):
    """A tenant with 5,000 reminders, one a minute."""
    reminders = [reminder(f"r{n:04}", ago(minutes=6000 - n)) for n in range(5000)]
    sandbox.load(sales_connect={"users": [user("ann", ago(days=3))], "reminders": reminders})


def stamps_read(output):
    """`updated_at` of the reminders, in the order in which they were written."""
    return [row["updated_at"] for row in output.records["reminders"]]


@pytest.mark.usefixtures("many")
def test_the_mark_stands_in_the_last_state_alone(salesconnect_settings):
    """Every earlier STATE of the run, the first one of a later run included, says that more may come."""
    first = run(TapSalesconnect, salesconnect_settings, streams=SYNCED)
    second = run(TapSalesconnect, salesconnect_settings, first.state, streams=SYNCED)
    for output in (first, second):
        *earlier, last = output.complete("reminders")
        assert last is True
        assert set(earlier) == {False}
        assert output.messages[-1]["type"] == "STATE"


def test_the_mark_waits_for_the_last_selected_stream(sandbox, salesconnect_settings):
    """With people selected, too, the input is complete when those are read."""
    people = [{"id": "p1", "name": "Cleo", "updated_at": ago(days=2)}]
    sandbox.load(sales_connect={"users": [user("ann", ago(days=3))], "people": people})
    output = run(TapSalesconnect, salesconnect_settings)
    marks = output.complete("reminders")
    assert marks.index(True) == len(marks) - 1
    assert output.ids("people") == ["p1"]


def test_without_reminders_there_is_no_mark(sandbox, salesconnect_settings):
    """Users alone are no complete input, also where the state still has the mark of a run before."""
    sandbox.load(sales_connect={"users": [user("ann", ago(days=3))]})
    output = run(TapSalesconnect, salesconnect_settings, streams=("users",))
    assert output.state == {"bookmarks": {"users": {}}}
    state = run(TapSalesconnect, salesconnect_settings, streams=SYNCED).state
    assert state["bookmarks"]["reminders"]["complete"] is True
    output = run(TapSalesconnect, salesconnect_settings, state, streams=("users",))
    assert set(output.complete("reminders")) == {False}


@pytest.mark.usefixtures("many")
def test_a_state_every_two_thousand_records(salesconnect_settings):
    """Each covers complete pages only, and no more than what was written before it."""
    output = run(TapSalesconnect, salesconnect_settings, streams=SYNCED)
    written, states = [], []
    for message in output.messages:
        if message["type"] == "STATE" and "replication_key_value" in message["value"]["bookmarks"]["reminders"]:
            states.append((len(written), message["value"]["bookmarks"]["reminders"]["replication_key_value"]))
        elif message["type"] == "RECORD" and message["stream"] == "reminders":
            written.append(message["record"]["updated_at"])
    assert states == [(count, written[count - 1]) for count in (2000, 4000, 5000)]


@pytest.mark.usefixtures("many")
def test_a_service_that_fails_midway_leaves_a_state_of_complete_pages(sandbox, salesconnect_settings):
    """The next run continues there, and reads the rest."""
    sandbox.fault("sales_connect", "status", path="/v1/reminders", status=400, every=4)
    broken = run(TapSalesconnect, salesconnect_settings, streams=SYNCED)
    assert broken.exit_code == 1
    assert broken.complete("reminders")[-1] is False
    assert broken.bookmark("reminders")["replication_key_value"] == stamps_read(broken)[-1]
    assert len(stamps_read(broken)) == 1500
    sandbox.clear_faults("sales_connect")
    rest = run(TapSalesconnect, salesconnect_settings, broken.state, streams=SYNCED)
    assert rest.exit_code == 0
    assert len({*broken.ids("reminders"), *rest.ids("reminders")}) == 5000
    assert len(stamps_read(rest)) <= 3511


@pytest.mark.usefixtures("many")
def test_a_killed_tap_leaves_a_state_of_complete_pages(sandbox, salesconnect_settings, tmp_path):
    """Whatever reached the target by then, its last STATE names nothing that was not written."""
    sandbox.fault("sales_connect", "latency", path="/v1/reminders", seconds=60, every=7)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with start_command(TapSalesconnect, tmp_path, salesconnect_settings, **pipes) as tap:
        text = ""
        while '"replication_key_value"' not in text:
            text += tap.stdout.readline()
        tap.kill()
    sandbox.clear_faults("sales_connect")
    output = Output(text)
    assert output.bookmark("reminders")["replication_key_value"] == stamps_read(output)[-1]
    assert output.bookmark("reminders")["complete"] is False


def test_the_command_reads_what_meltano_hands_it(sandbox, salesconnect_settings, tmp_path):
    """Config, state and catalog come as files; standard output holds messages of the selected streams alone."""
    people = [{"id": "p1", "name": "Cleo", "updated_at": ago(days=2)}]
    reminders = [reminder("r1", ago(hours=1))]
    sandbox.load(sales_connect={"users": [user("ann", ago(days=3))], "people": people, "reminders": reminders})
    process = run_command(TapSalesconnect, tmp_path, salesconnect_settings, catalog=True)
    assert (process.returncode, complaints(process)) == (0, [])
    first = Output(process.stdout)
    assert first.records.keys() == {"salesforce_settings", "users", "reminders"}
    again = run_command(TapSalesconnect, tmp_path, salesconnect_settings, first.state, catalog=True)
    assert Output(again.stdout).complete("reminders")[-1] is True


@pytest.mark.usefixtures("many")
def test_a_terminated_tap_says_how_far_it_came(sandbox, salesconnect_settings, tmp_path):
    """On SIGTERM a last STATE goes out, without the mark."""
    sandbox.fault("sales_connect", "latency", path="/v1/reminders", seconds=20, every=7)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with start_command(TapSalesconnect, tmp_path, salesconnect_settings, **pipes) as tap:
        # Nearly all of the six pages before the slow one, so that the tap waits for that one and not for its reader.
        text = "".join(tap.stdout.readline() for _ in range(2950))
        tap.terminate()
        output = Output(text + tap.stdout.read())
    sandbox.clear_faults("sales_connect")
    assert output.messages[-1]["type"] == "STATE"
    assert output.complete("reminders")[-1] is False
    assert output.bookmark("reminders")["replication_key_value"] in stamps_read(output)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "wrong"}, "SALES_CONNECT_TOKEN"),
        ({"token": ""}, "SALES_CONNECT_TOKEN"),
        ({"api_url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"api_url": "https://sales-connect.example.com"}, "this machine only"),
        ({"start_date": "soon"}, "start_date"),
        ({"ledger_url": "sqlite:////dev/null/ledger.db"}, "ledger"),
    ],
)
def test_a_problem_is_told_in_a_line_or_two(settings, words, salesconnect_settings, caplog, capsysbinary):
    """Exit code 1, what to do on standard error, no traceback, and no record on standard output."""
    told = problem(TapSalesconnect, salesconnect_settings | settings, caplog, capsysbinary)
    assert words.lower() in told.lower()
    assert len(told.splitlines()) <= 2


@pytest.mark.parametrize(("settings", "words"), [({"api_url": ""}, "api_url"), ({"token": "wrong"}, "token")])
def test_the_command_tells_a_problem_on_standard_error(settings, words, salesconnect_settings, tmp_path):
    """There, too, it is a line or two."""
    process = run_command(TapSalesconnect, tmp_path, salesconnect_settings | settings)
    assert process.returncode == 1
    told = complaints(process)
    assert 1 <= len(told) <= 2
    assert words in "\n".join(told)


def test_a_ledger_of_another_tenant_is_refused(sandbox, salesconnect_settings, ledger, caplog, capsysbinary):
    """The ledger belongs to the tenant that it met first; no state goes out."""
    settings = salesconnect_settings | {"ledger_url": ledger.url}
    assert run(TapSalesconnect, settings).exit_code == 0
    sandbox.load(sales_connect={"settings": {"account_id": "acc_other"}})
    assert "acc_other" in problem(TapSalesconnect, settings, caplog, capsysbinary)
    assert capsysbinary.readouterr().out == b""


def test_no_secret_is_told(salesconnect_settings, tmp_path):
    """A setting of the wrong type is named without its value."""
    process = run_command(TapSalesconnect, tmp_path, salesconnect_settings | {"token": 987654321})
    assert process.returncode == 1
    assert "token" in process.stderr
    assert "987654321" not in process.stderr


@pytest.mark.usefixtures("many")
def test_a_target_that_died_leaves_no_traceback(salesconnect_settings, tmp_path):
    """The tap ends with exit code 1 and one line."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start_command(TapSalesconnect, tmp_path, salesconnect_settings, **pipes) as tap:
        tap.stdout.readline()
        tap.stdout.close()
        told = tap.stderr.read()
    assert tap.returncode == 1
    assert "Traceback" not in told
    assert "target" in told
