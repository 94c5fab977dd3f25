"""Who may use the console: the token, the session, other sites, other names for its address."""

import re
import socket

import pytest
import requests

from tasksync_console.web.guard import Guard, hosts_for, is_loopback, local_path, token_for
from tasksync_console.web.pages import PAGES
from tasksync_engine.errors import ConfigError
from tests.web.conftest import KEY, Browser, words
from tests.web.stage import served

TOKEN = "correct-horse-battery-staple"
GETS = sorted(path for method, path in PAGES if method == "GET")
POSTS = sorted(path for method, path in PAGES if method == "POST")


@pytest.fixture
def guarded(book):
    """A console that asks for the token."""
    del book
    with served(TOKEN) as running:
        yield Browser(running.url)


def log_in(browser, token=TOKEN, **members):
    """Send the form of the login page."""
    return browser.send("/login", "/login", token=token, **members)


@pytest.mark.parametrize("path", [path for path in GETS if path != "/login"])
def test_without_the_token_no_page_is_shown(guarded, path):
    """Every page leads to the login, which shows nothing of the ledger."""
    answer = guarded.get(path, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")
    assert answer.text == ""


@pytest.mark.parametrize("path", [path for path in POSTS if path not in {"/login", "/theme"}])
def test_without_the_token_nothing_is_done(guarded, sandbox, path):
    """A form with the right key of a session that is not logged in is led to the login."""
    answer = guarded.http.post(
        guarded.url + path, data={"form_key": guarded.key("/login"), "user": "u1", "on": "true"}, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    assert sandbox.writes("sales_connect") == []


def test_the_token_lets_in(guarded):
    """And leads on to the page that was asked for; logging out ends it."""
    assert guarded.get("/links").url.endswith("/login?next=%2Flinks")
    answer = log_in(guarded, next="/links")
    assert answer.url == f"{guarded.url}/links"
    assert "Links" in words(answer.text)
    guarded.send("/logout", "/links")
    assert "/login" in guarded.get("/links").url


def test_a_wrong_token_does_not(guarded):
    """Nor does an empty one, or one with letters of another script; each says so."""
    for wrong in (TOKEN[:-1], "", "ключ"):
        answer = log_in(guarded, wrong)
        assert answer.status_code == 401
        assert "That is not the token." in words(answer.text) or "That is not the token." in answer.text
    assert "/login" in guarded.get("/").url


def test_the_session_is_another_one_after_the_login(guarded):
    """Whoever knew the browser's session from before learns nothing by it."""
    guarded.get("/login")
    before = guarded.http.cookies.get_dict()
    log_in(guarded)
    after = guarded.http.cookies.get_dict()
    assert before.keys() == after.keys()
    assert before != after
    stranger = Browser(guarded.url)
    stranger.http.cookies.update(before)
    assert "/login" in stranger.get("/").url


def test_a_session_ends(monkeypatch):
    """After twelve hours, and for the oldest ones where there are very many."""
    del monkeypatch
    time = [0.0]
    guard = Guard(TOKEN, clock=lambda: time[0])
    session = guard.log_in(TOKEN)
    time[0] = 12 * 3600 - 1.0
    assert guard.may_see(session)
    time[0] += 2
    assert not guard.may_see(session)
    first = guard.log_in(TOKEN)
    for _ in range(1000):
        guard.log_in(TOKEN)
    assert not guard.may_see(first)


def test_the_cookies_are_kept_from_scripts_and_other_sites(guarded):
    """HttpOnly and SameSite=Strict, each of them."""
    guarded.get("/login")
    answer = guarded.http.post(
        f"{guarded.url}/login", data={"form_key": guarded.key("/login"), "token": TOKEN}, allow_redirects=False
    )
    theme = guarded.http.post(
        f"{guarded.url}/theme", data={"form_key": guarded.key("/"), "theme": "dark"}, allow_redirects=False
    )
    for cookie in (answer.headers["set-cookie"], theme.headers["set-cookie"]):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie


@pytest.mark.parametrize("path", POSTS)
def test_another_site_can_send_nothing(browser, book, sandbox, path):
    """A form without the key, with another session's, or that a browser says is from elsewhere, does nothing."""
    del book
    key, stranger = browser.key(), Browser(browser.url)
    members = {"user": "u1", "on": "true", "kind": "Other", "theme": "dark"}
    refused = [
        browser.http.post(browser.url + path, data=members),
        browser.http.post(browser.url + path, data={**members, "form_key": stranger.key()}),
        browser.http.post(
            browser.url + path, data={**members, "form_key": key}, headers={"Origin": "https://evil.example"}
        ),
        browser.http.post(browser.url + path, data={**members, "form_key": key}, headers={"Origin": "null"}),
        browser.http.post(browser.url + path, data={**members, "form_key": key}, headers={"Origin": "http://["}),
        browser.http.post(
            browser.url + path, data={**members, "form_key": key}, headers={"Sec-Fetch-Site": "cross-site"}
        ),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert "load it anew" in words(refused[0].text)
    assert sandbox.writes("sales_connect") == []
    assert 'data-theme="auto"' in browser.get("/settings").text


def test_only_forms_are_taken(browser, book):
    """No JSON, no file, none that is larger than any of ours; each is refused in words."""
    del book
    url = f"{browser.url}/theme"
    assert browser.http.post(url, json={"form_key": browser.key()}).status_code == 400
    assert browser.http.post(url, files={"theme": b"dark"}).status_code == 400
    assert browser.http.post(url, data={"theme": "d" * 70_000}).status_code == 413
    assert browser.http.post(url, data={f"m{number}": "1" for number in range(200)}).status_code == 400
    assert (
        browser.http.post(
            url, data=b"\xff=\xff", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:9999", 200),
        ("LOCALHOST.", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.1.7", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_it_answers_under_its_own_names_alone(browser, book, host, status):
    """A name that was led to this address by a name server of somebody else's shows nothing (DNS rebinding)."""
    del book
    answer = browser.get("/roster", headers={"Host": host})
    assert answer.status_code in ({status} if host else {400, 421})
    assert ("Roster" in answer.text) is (status == 200)


def test_other_addresses_have_other_names():
    """Addresses in figures, the machine's own names, and those that were allowed."""
    guard = Guard(TOKEN, hosts_for("0.0.0.0", ["Console.example.com"]), figures=True)  # noqa: S104 - what is tested
    assert guard.knows_host("192.168.1.7:8640")
    assert guard.knows_host("console.EXAMPLE.com")
    assert guard.knows_host(socket.gethostname())
    assert not guard.knows_host("evil.example")
    assert not guard.knows_host(None)


@pytest.mark.parametrize("path", [*GETS, "/static/console.css", "/nowhere"])
def test_every_answer_is_sealed(browser, book, path):
    """No script, style, frame or form of anybody else's; nothing is kept by a cache but what is the same for all."""
    del book
    headers = browser.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "server" not in headers


@pytest.mark.parametrize("path", GETS)
def test_the_pages_need_nothing_from_elsewhere(browser, book, path):
    """No style or script within the page, none of another site."""
    del book
    text = browser.get(path).text
    assert re.findall(r"<script(?![^>]*src=\"/static/)", text) == []
    assert re.findall(r"\sstyle=|\son\w+=\"", text) == []
    assert re.findall(r"(?:src|href|action)=\"(?!/|#)", text) == []


@pytest.mark.parametrize(
    ("given", "led"),
    [
        ("/links?state=all", "/links?state=all"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("links", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_a_form_leads_on_to_this_console_alone(given, led):
    """Whatever was written where the next page stands."""
    assert local_path(given) == led


def test_the_token_is_made_where_others_can_reach_the_console():
    """On this machine alone there is none; a given one must be long enough to keep anybody out."""
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.com")] == [False] * 4  # noqa: S104
    assert token_for("127.0.0.1", None) == (None, False)
    assert token_for("127.0.0.1", TOKEN) == (TOKEN, False)
    made, is_new = token_for("0.0.0.0", None)  # noqa: S104 - what is tested
    assert is_new
    assert len(made) > 40
    assert token_for("0.0.0.0", None)[0] != made  # noqa: S104 - what is tested
    with pytest.raises(ConfigError, match="TASKSYNC_CONSOLE_TOKEN must have 16 or more"):
        token_for("0.0.0.0", "short")  # noqa: S104 - what is tested


def test_secrets_are_on_no_page(browser, book, monkeypatch):
    """Neither the credentials nor the ledger's password, whatever goes wrong."""
    del book
    secrets = {
        "SALESFORCE_CLIENT_SECRET": "salesforce-secret-1",
        "SALES_CONNECT_TOKEN": "sales-connect-secret-2",
        "TASKSYNC_LEDGER_URL": "postgresql://u:ledger-secret-3@127.0.0.1:9/none",
    }
    seen = [browser.get(path).text for path in GETS]
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
        seen += [browser.get(path).text for path in GETS]
    assert not [text for text in seen for secret in ("secret-1", "secret-2", "secret-3") if secret in text]


def test_the_key_is_its_sessions_alone(browser, book):
    """Two browsers have two keys; one has the same on all its pages."""
    del book
    keys = {key for path in ("/settings", "/links", "/") for key in KEY.findall(browser.get(path).text)}
    assert len(keys) == 1
    assert requests.get(f"{browser.url}/settings", timeout=30).text.count(keys.pop()) == 0
