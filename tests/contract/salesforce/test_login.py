"""Login, and what comes with every answer."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tasksync_clients.soql import id18, is_id
from tasksync_clients.tokens import Token
from tests.contract.marks import MARK


def test_a_login_names_token_instance_org_and_user(org):
    """§1 Login [C/X]: the answer has access_token, instance_url, and an id that ends in the org's and the user's id."""
    names = org.login_answer.keys()
    assert {"access_token", "instance_url", "id"} <= names, f"members are {', '.join(sorted(names))}"
    path = str(org.login_answer["id"]).split("/")
    assert [is_id(part) for part in path[-2:]] == [True, True], "id does not end in two ids"


def test_the_login_names_the_org_as_the_org_does(org):
    """§1 Login [C]: the org's id in the login's answer is Organization.Id, and the user's is an active User's."""
    (found,) = org.query("SELECT Id FROM Organization")
    assert org.client.org_id == found["Id"]
    users = org.query(f"SELECT Id FROM User WHERE Id = '{org.client.user_id}' AND IsActive = true")  # noqa: S608
    assert users == [{"Id": org.client.user_id}]


@pytest.mark.alternative("expires_in is not looked at; an expired session is renewed at the first 401")
def test_no_login_says_how_long_it_lasts(org):
    """§1 Login [U]: a token's life is told by no expires_in; only a 401 ends it."""
    assert "expires_in" not in org.login_answer, "there is an expires_in"


def test_a_refused_login_is_one_object(org):
    """§1 Errors [D]: a refused token request is 400 or 401 with an object that holds `error`, not an array."""
    form = {"grant_type": "refresh_token", "refresh_token": MARK, "client_id": MARK}
    nobody = Token("", org.chosen.salesforce.login_url)
    answer = org.wire.ask("POST", "/services/oauth2/token", token=nobody, data=form)
    assert answer.status_code in {400, 401}, f"HTTP {answer.status_code}"
    told = answer.json()
    assert isinstance(told, dict), "it is no object"
    assert isinstance(told.get("error"), str), "it has no `error`"


def test_a_wrong_token_is_401(org):
    """§1 401 handling [D]: a session that is not valid is 401 with an array of INVALID_SESSION_ID."""
    wrong = Token(f"{org.client.org_id[:15]}!{MARK}", org.wire.token.base)
    answer = org.ask("GET", "/limits", token=wrong)
    assert answer.status_code == 401
    assert [error["errorCode"] for error in answer.json()] == ["INVALID_SESSION_ID"]


@pytest.mark.alternative("a run without it does not see the allowance shrink, and stops when it is used up")
def test_every_answer_tells_the_allowance(org):
    """§2 Sforce-Limit-Info [D]: a data answer says api-usage=used/allowed."""
    told = org.ask("GET", "/sobjects/Task/describe").headers.get("Sforce-Limit-Info", "no header")
    assert re.search(r"(?:^|;\s*)api-usage=\d+/\d+", told), told


@pytest.mark.alternative("the connector counts by the header")
def test_limits_name_the_daily_calls(org):
    """§2 Limits [C]: /limits has DailyApiRequests with Max and Remaining."""
    told = org.client.limits()["DailyApiRequests"]
    assert told["Max"] >= told["Remaining"] >= 0


def test_the_date_header_is_the_clock_of_the_stamps(org):
    """§8 [D]: a record's SystemModstamp lies between the Date headers before and after its write, within 2 seconds."""
    before = parsedate_to_datetime(org.ask("GET", "/limits").headers["Date"])
    stamp = org.task(org.create(), "SystemModstamp")["SystemModstamp"]
    after = parsedate_to_datetime(org.ask("GET", "/limits").headers["Date"])
    margin = timedelta(seconds=2)
    assert before - margin <= datetime.fromisoformat(stamp) <= after + margin, f"{stamp}, not in {before}…{after}"


def test_ids_come_with_18_characters(org):
    """§3 [U]: ids are shown with 18 characters, and taken with 15 as well."""
    task_id = org.create()
    assert id18(task_id[:15]) == task_id
    assert org.client.retrieve("Task", [task_id[:15]], ["Id"]) == [{"Id": task_id}]
