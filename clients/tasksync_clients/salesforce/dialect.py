"""How Salesforce's data API says that something failed: arrays of errors, rows of collections."""

import re
from collections.abc import Mapping
from typing import Final

from tasksync_clients import recovery
from tasksync_clients.addresses import Setting
from tasksync_clients.errors import (
    AllowanceExhausted,
    AuthenticationFailed,
    ClientError,
    Duplicate,
    NotFound,
    ProtocolError,
    Refused,
    Stale,
    StopRun,
    Unreachable,
    WrongSettings,
)
from tasksync_clients.recovery import SALESFORCE, Recovery, RowResult, salesforce_recovery
from tasksync_clients.salesforce.settings import API_VERSION, LOGIN_URL
from tasksync_clients.salesforce.usage import Usage
from tasksync_clients.soql import id18, is_id
from tasksync_clients.transport import Answer

_CODE: Final = re.compile(r"[A-Za-z0-9_]{1,80}", re.ASCII)
_HOLDER: Final = re.compile(r"\bid:\s*([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)\b", re.ASCII)
_AGAIN: Final = frozenset({408, 420, 429, 500, 502, 503, 504})
_BUSY: Final = frozenset({420, 429})
_SHORT_ID: Final = 15
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
_RETIRED: Final = 410
_PRECONDITION: Final = 412
_CLIENT_FAULTS: Final = range(400, 500)


class SalesforceDialect:
    """Turns failures of whole requests into errors, by the recovery table."""

    address: Setting = LOGIN_URL

    def failure(self, answer: Answer) -> tuple[ClientError, Recovery]:
        """Read an answer that is no success."""
        code, reason, fields = first_error(_body(answer), "errorCode")
        what = salesforce_recovery(code, reason)
        if code not in SALESFORCE and answer.status in _AGAIN:
            what = Recovery.RETRY_NOW
        kind, words = _kind(answer, code, what)
        error = kind(
            words,
            code=code,
            status=answer.status,
            category=recovery.category(code, reason) if code.upper() in SALESFORCE else None,
            reason=reason,
            fields=fields,
        )
        if isinstance(error, Duplicate):
            error.holder_id = holder(code, reason)
        return error, what


def _kind(answer: Answer, code: str, what: Recovery) -> tuple[type[ClientError], str]:
    said = f"{code} (HTTP {answer.status})" if code else f"HTTP {answer.status}"
    if answer.status == _UNAUTHORIZED:
        words = f"Salesforce at {answer.host} does not accept the session, also after a new login: {said}."
        return AuthenticationFailed, words
    if code == "REQUEST_LIMIT_EXCEEDED" or answer.status in _BUSY:
        return AllowanceExhausted, _used_up(answer.host, said, what, Usage.told(answer.headers))
    if what is Recovery.STOP:
        return AuthenticationFailed, f"Salesforce at {answer.host} locks the integration user out: {said}."
    if what is not Recovery.PARK:
        words = f"Salesforce at {answer.host} could not do {answer.ask}: {said}. This passes: try again later."
        return Unreachable, words
    return _refusal(answer, code, said)


def _refusal(answer: Answer, code: str, said: str) -> tuple[type[ClientError], str]:
    if answer.status == _RETIRED:
        return WrongSettings, f"Salesforce does not serve this API version any more ({said}): raise {API_VERSION}."
    if answer.status not in _CLIENT_FAULTS:
        return ProtocolError, f"Salesforce at {answer.host} answered {answer.ask} with {said}, which it should not."
    kinds: dict[int, type[Refused]] = {_NOT_FOUND: NotFound, _PRECONDITION: Stale}
    kind = Duplicate if code == "DUPLICATE_VALUE" else kinds.get(answer.status, Refused)
    return kind, f"Salesforce refused {answer.ask}: {said}."


def _used_up(host: str, said: str, what: Recovery, told: Usage | None = None) -> str:
    if what is Recovery.RETRY_NOW:
        return f"Salesforce at {host} has too many requests under way ({said}): try again later."
    known = f": {told}" if told else ""
    return (
        f"The org's API calls of the last 24 hours are used up ({said}){known}. A call becomes free again 24 hours "
        "after it was made: the next run continues once some are free."
    )


def stop_error(row: RowResult) -> StopRun:
    """Make the error for a row that says that the run must stop."""
    code = row.code or ""
    if code == "REQUEST_LIMIT_EXCEEDED":
        return AllowanceExhausted(_used_up("rows", code, Recovery.STOP), code=code, reason=row.message or "")
    words = f"Salesforce locks the integration user out: {code}."
    return AuthenticationFailed(words, code=code, reason=row.message or "")


def one_row_is_to_blame(refusal: Refused) -> bool:
    """Tell whether a refused collection may hold a single row that Salesforce cannot even read."""
    return refusal.code in {"JSON_PARSER_ERROR", "MALFORMED_ID"}


def row_result(row: object, sent_id: str | None) -> RowResult | None:
    """Read one row of a collection's answer; None when it is not what the contract says."""
    if not isinstance(row, dict) or not isinstance(row.get("success"), bool):
        return None
    told = row.get("id")
    id_ = told if told is not None else sent_id
    if row["success"]:
        if not isinstance(id_, str) or not is_id(id_) or not _is_same(id_, sent_id):
            return None
        created = row.get("created")
        return RowResult(ok=True, id=id_, created=created if isinstance(created, bool) else None)
    code, reason, fields = first_error(row.get("errors"), "statusCode")
    return RowResult(
        ok=False,
        # A refused row may name an id that does not exist (wire facts §4); only the one we sent is sure.
        id=sent_id,
        code=code,
        message=reason,
        fields=fields,
        holder_id=holder(code, reason),
        recovery=salesforce_recovery(code, reason),
    )


def _is_same(told: str, sent_id: str | None) -> bool:
    """Tell whether a row is about the record that was sent, whichever form its id has; None was a create."""
    return sent_id is None or told == sent_id or (is_id(sent_id) and told[:_SHORT_ID] == sent_id[:_SHORT_ID])


def first_error(errors: object, code_key: str) -> tuple[str, str, tuple[str, ...]]:
    """Read code, reason and fields of the first error; what does not look like one is left empty."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    if not isinstance(first, Mapping):
        return "", "", ()
    code, reason, fields = first.get(code_key), first.get("message"), first.get("fields")
    return (
        code if isinstance(code, str) and _CODE.fullmatch(code) else "",
        reason if isinstance(reason, str) else "",
        tuple(field for field in fields if isinstance(field, str)) if isinstance(fields, list) else (),
    )


def holder(code: str, reason: str) -> str | None:
    """Find the record that a DUPLICATE_VALUE names as the holder of the value, in the form of 18 characters.

    Messages name it by 15; everywhere else ids have 18, and a link is looked for by that form.
    """
    found = _HOLDER.search(reason) if code == "DUPLICATE_VALUE" else None
    return id18(found.group(1)) if found else None


def _body(answer: Answer) -> object:
    try:
        return answer.json()
    except ProtocolError:
        return None
