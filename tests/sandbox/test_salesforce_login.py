"""Logging in to the sandbox's Salesforce."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .salesforce_org import ADA, refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USERNAME = "integration@sandbox.example"


def refused(answer: requests.Response) -> tuple[int, str, str]:
    """Return status, error and description of a refused token request, whose body must be an object."""
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def test_client_credentials_by_form(org: OrgCaller) -> None:
    """§1 Token endpoint: the answer has Salesforce's members, times as text in milliseconds, and no refresh token."""
    answer = org.token()
    assert re.fullmatch(r"00D\w{12}!\S+", answer["access_token"])
    assert answer["token_type"] == "Bearer"
    assert answer["instance_url"] == org.url
    assert answer["api_instance_url"] == org.url
    assert abs(int(answer["issued_at"]) / 1000 - time.time()) < 60
    assert isinstance(answer["issued_at"], str)
    assert not {"refresh_token", "expires_in"} & set(answer)
    assert answer["id"].split("/")[-2].startswith("00D")
    assert answer["id"].split("/")[-1].startswith("005")


def test_signature_is_that_of_identity_and_time(org: OrgCaller) -> None:
    """§1 Token endpoint: the signature is an HMAC of id and issued_at under the app's secret."""
    answer = org.token()
    signed = hmac.new(b"sandbox", (answer["id"] + answer["issued_at"]).encode(), hashlib.sha256).digest()
    assert base64.b64decode(answer["signature"]) == signed


def test_client_credentials_by_basic(org: OrgCaller) -> None:
    """§1 Token endpoint: id and secret may come by HTTP Basic with nothing but the grant type in the form."""
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{org.url}/services/oauth2/token", data=form, auth=("sandbox", "sandbox"), timeout=60)
    assert answer.json()["token_type"] == "Bearer"


def test_each_token_request_issues_a_token_of_its_own(org: OrgCaller) -> None:
    """§1 Token endpoint: two requests give two tokens, and ending one leaves the other."""
    first, second = org.token()["access_token"], org.token()["access_token"]
    assert first != second
    requests.post(f"{org.url}/services/oauth2/revoke", data={"token": first}, timeout=60)
    limits = f"{org.url}/services/data/v62.0/limits"
    assert requests.get(limits, headers={"Authorization": f"Bearer {first}"}, timeout=60).status_code == 401
    assert requests.get(limits, headers={"Authorization": f"Bearer {second}"}, timeout=60).ok


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_id": "nobody"}, (400, "invalid_client_id", "client identifier invalid")),
        ({"client_secret": "wrong"}, (400, "invalid_client", "invalid client credentials")),
        ({"grant_type": "magic"}, (400, "unsupported_grant_type", "grant type not supported")),
        (
            {"grant_type": "refresh_token", "refresh_token": "old"},
            (400, "invalid_grant", "expired access/refresh token"),
        ),
        (
            {"grant_type": "password", "username": USERNAME, "password": "wrong"},
            (400, "invalid_grant", "authentication failure"),
        ),
        ({"grant_type": JWT_GRANT, "assertion": "x"}, (400, "invalid_grant", "invalid assertion")),
    ],
)
def test_refusals(org: OrgCaller, form: dict[str, str], expected: tuple[int, str, str]) -> None:
    """§1 Token endpoint: a refused token request is an object with error and description."""
    assert refused(org.login(**form)) == expected


def test_password_may_carry_the_security_token(org: OrgCaller) -> None:
    """§1 Token endpoint: the password grant takes the password with the security token after it."""
    for word in ("sandbox", "sandboxSecurityToken"):
        assert org.token(grant_type="password", username=USERNAME.upper(), password=word)["access_token"]


def test_refresh_token(org: OrgCaller) -> None:
    """§1 Token endpoint: a refresh token suffices without the app's secret; stray members are ignored."""
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox", "redirect_uri": "http://x"}
    answer = requests.post(f"{org.url}/services/oauth2/token", data={**form, "client_id": "sandbox"}, timeout=60)
    assert answer.ok
    assert org.token(**form)["access_token"]


def test_an_inactive_user_gets_no_token(staffed: OrgCaller) -> None:
    """§1 Token endpoint: a user who is switched off is refused as inactive."""
    staffed.control("logins", {"passwords": {"bob@example.com": "word"}})
    answer = staffed.login(grant_type="password", username="bob@example.com", password="word")
    assert refused(answer)[:2] == (400, "inactive_user")


class SigningApp:
    """A connected app with a key, whose certificate is loaded."""

    def __init__(self, org: OrgCaller, client_id: str = "signing") -> None:
        self.org, self.client_id = org, client_id
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, client_id)])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        org.control("logins", {"apps": {client_id: {"certificate": self.certificate}}})

    def login(self, key: Any = None, algorithm: str = "RS256", **claims: Any) -> requests.Response:
        """Log in with an assertion."""
        given = {
            "iss": self.client_id,
            "sub": USERNAME,
            "aud": "https://login.salesforce.com",
            "exp": int(time.time()) + 180,
        }
        assertion = jwt.encode(given | claims, key or self.key, algorithm)
        form = {"grant_type": JWT_GRANT, "assertion": assertion}
        return requests.post(f"{self.org.url}/services/oauth2/token", data=form, timeout=60)


def test_an_assertion_signed_by_the_app_gives_a_token(staffed: OrgCaller) -> None:
    """§1 Token endpoint: JWT bearer checks RS256 against the app's certificate and acts as the named user."""
    app = SigningApp(staffed)
    answer = app.login(sub="ADA@example.com").json()
    assert answer["id"].endswith(ADA)
    assert "refresh_token" not in answer
    assert app.login(aud="https://my.my.salesforce.com").ok
    assert app.login(aud=staffed.url).ok


def test_the_expiry_of_an_assertion_may_be_text(org: OrgCaller) -> None:
    """§1 Token endpoint: simple-salesforce sends `exp` as text, and that is taken."""
    app = SigningApp(org)
    assertion = {"iss": app.client_id, "sub": USERNAME, "aud": "https://test.salesforce.com"}
    payload = {**assertion, "exp": str(int(time.time()) + 180)}
    token = jwt.api_jws.encode(str(payload).replace("'", '"').encode(), app.key, "RS256")
    assert org.login(grant_type=JWT_GRANT, assertion=token).ok
    never = jwt.api_jws.encode(str({**assertion, "exp": "nan"}).replace("'", '"').encode(), app.key, "RS256")
    assert refused(org.login(grant_type=JWT_GRANT, assertion=never))[2] == "expired authorization code"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "https://example.com"}, "Audience validation failed"),
        ({"exp": 1}, "expired authorization code"),
        ({"exp": int(time.time()) + 7200}, "expired authorization code"),
        ({"sub": "nobody@example.com"}, "user hasn't approved this consumer"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(org: OrgCaller, claims: dict[str, Any], expected: str) -> None:
    """§1 Token endpoint: audience, expiry and subject of an assertion are checked."""
    assert refused(SigningApp(org).login(**claims)) == (400, "invalid_grant", expected)


def test_an_assertion_signed_by_another_key_is_refused(org: OrgCaller) -> None:
    """§1 Token endpoint: a signature by any other key, or by a shared secret, is refused."""
    app = SigningApp(org)
    assert refused(app.login(rsa.generate_private_key(65537, 2048)))[2] == "invalid assertion"
    assert refused(app.login("x" * 32, "HS256"))[2] == "invalid assertion"
    assert refused(app.login(iss="nobody"))[1] == "invalid_client_id"


def test_an_ended_session_is_refused_as_an_array(org: OrgCaller) -> None:
    """§1 401 handling: an unknown token gets 401 INVALID_SESSION_ID in an array."""
    org.http.headers["Authorization"] = "Bearer 00Dxx0000000000!nonsense"
    answer = org.get("/limits")
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert refusal(answer) == (401, "INVALID_SESSION_ID")
    del org.http.headers["Authorization"]
    assert refusal(org.get("/limits")) == (401, "INVALID_SESSION_ID")


def test_sessions_end_by_age_where_that_is_set(org: OrgCaller) -> None:
    """§1 401 handling: with `session_seconds`, a token not used for so long by the sandbox's clock has expired."""
    org.control("logins", {"session_seconds": 7200})
    org.sandbox.clock(3600)
    assert org.get("/limits").ok
    org.sandbox.clock(3600 + 7100)
    assert org.get("/limits").ok
    org.sandbox.clock(3600 + 7100 + 7300)
    assert refusal(org.get("/limits")) == (401, "INVALID_SESSION_ID")
    org.control("logins", {"session_seconds": None})


def test_revoking_an_unknown_token_answers_a_query_string(org: OrgCaller) -> None:
    """§1 Token endpoint: the error of a revoke is a query string, not JSON."""
    answer = requests.post(f"{org.url}/services/oauth2/revoke", data={"token": "x"}, timeout=60)
    assert answer.status_code == 400
    assert parse_qs(answer.text)["error"] == ["unsupported_token_type"]


def test_a_revoked_refresh_token_ends_its_sessions(org: OrgCaller) -> None:
    """§1 Token endpoint: revoking a refresh token ends it and the tokens it gave, and no others."""
    refresh = {"grant_type": "refresh_token", "refresh_token": "sandbox"}
    given = org.token(**refresh)["access_token"]
    assert requests.post(f"{org.url}/services/oauth2/revoke", data={"token": "sandbox"}, timeout=60).ok
    assert org.login(**refresh).json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert org.get("/limits").ok
    org.http.headers["Authorization"] = f"Bearer {given}"
    assert refusal(org.get("/limits")) == (401, "INVALID_SESSION_ID")
    again = requests.post(f"{org.url}/services/oauth2/revoke", data={"token": "sandbox"}, timeout=60)
    assert again.status_code == 400


def test_a_certificate_is_checked_when_it_is_loaded(org: OrgCaller) -> None:
    """An app whose certificate is none is refused by the control, not when somebody logs in."""
    body = {"apps": {"signing": {"certificate": "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----"}}}
    answer = requests.post(f"{org.url}/_sandbox/logins", json=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("apps: ")


def test_identity_and_userinfo(org: OrgCaller) -> None:
    """§1 Token endpoint: the id of a token leads to its user, with the token as parameter or header."""
    answer = org.token()
    found = requests.get(answer["id"], params={"format": "json", "oauth_token": answer["access_token"]}, timeout=60)
    user, organization = found.json()["user_id"], found.json()["organization_id"]
    assert found.json()["id"] == answer["id"] == f"{org.url}/id/{organization}/{user}"
    info = org.http.get(f"{org.url}/services/oauth2/userinfo", timeout=60).json()
    assert (info["user_id"], info["organization_id"]) == (user, organization)
    assert requests.get(answer["id"], timeout=60).status_code == 403
    assert org.get("").json()["identity"] == answer["id"]


def soap(org: OrgCaller, version: str, password: str) -> requests.Response:
    """Log in by SOAP."""
    body = f"<n1:login><n1:username>{USERNAME}</n1:username><n1:password>{password}</n1:password></n1:login>"
    headers = {"content-type": "text/xml", "SOAPAction": "login"}
    return requests.post(f"{org.url}/services/Soap/u/{version}", data=body, headers=headers, timeout=60)


def test_soap_login(org: OrgCaller) -> None:
    """§1 SOAP login(): the answer has unprefixed elements that clients find by text."""
    text = soap(org, "59.0", "sandboxToken").text
    token = re.search(r"<sessionId>([^<]+)</sessionId>", text)
    assert token
    assert f"<serverUrl>{org.url}/services/Soap/u/59.0/00D" in text
    assert re.search(r"<organizationId>00D\w{15}</organizationId>", text)
    assert "<passwordExpired>true" not in text
    org.http.headers["Authorization"] = f"Bearer {token[1]}"
    assert org.get("/limits").ok


def test_soap_login_faults(org: OrgCaller) -> None:
    """§1 SOAP login(): a fault is a 500 with sf:exceptionCode; version 65 and later have no login()."""
    wrong = soap(org, "59.0", "wrong")
    assert wrong.status_code == 500
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in wrong.text
    assert "<faultstring>INVALID_LOGIN: " in wrong.text
    gone = soap(org, "65.0", "sandbox")
    assert (gone.status_code, "UNSUPPORTED_API_VERSION" in gone.text) == (500, True)
