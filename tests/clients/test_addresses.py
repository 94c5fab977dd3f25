"""Which hosts get a token."""

import pytest

from tasksync_clients.addresses import host_of, may_follow


@pytest.mark.parametrize(
    ("base", "login_url", "may"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com", True),
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com", True),
        ("https://acme.my.salesforce.com", "https://proxy.example.com", True),
        ("https://na1.example.com", "https://login.example.com", True),
        ("https://evil.example", "https://login.salesforce.com", False),
        ("https://evilsalesforce.com", "https://login.salesforce.com", False),
        ("https://salesforce.com.evil.example", "https://login.salesforce.com", False),
        ("https://evil.co.uk", "https://login.example.co.uk", False),
        ("https://10.0.0.1", "https://login.salesforce.com", False),
        ("http://127.0.0.1:8641", "http://127.0.0.1:8641", True),
        ("http://127.0.0.1:8641", "http://localhost:8641", True),
        ("http://127.0.0.1:8642", "http://127.0.0.1:8641", False),
        ("http://127.0.0.2:8641", "http://127.0.0.1:8641", False),
    ],
)
def test_tokens_stay_in_their_domain(base, login_url, may):
    """A token goes to the login's own domain or to Salesforce's, and between numbers nowhere else."""
    assert may_follow(base, login_url) is may


@pytest.mark.parametrize("url", ["https://a\x1b[31mb/", "https://a b/", "https://" + "x" * 300])
def test_hosts_that_can_be_none_are_not_shown(url):
    """What a message says of an address can neither colour a terminal nor fill a page."""
    assert host_of(url) == "?"
