"""How Sales Connect says that something failed: one error object, alone or in a row of a batch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from tasksync_clients import recovery
from tasksync_clients.addresses import Setting
from tasksync_clients.errors import (
    AllowanceExhausted,
    AuthenticationFailed,
    ClientError,
    Duplicate,
    Gone,
    NotFound,
    ProtocolError,
    Refused,
    Stale,
    StopRun,
    Unreachable,
)
from tasksync_clients.recovery import Recovery, RowResult, sales_connect_recovery
from tasksync_clients.sales_connect.settings import API_URL
from tasksync_clients.transport import Answer

STALE: Final = "stale"
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}", re.ASCII)
_UNAUTHORIZED: Final = 401
_CONFLICT: Final = 409
_PRECONDITION: Final = 412
_TOO_MANY: Final = 429
_CLIENT_FAULTS: Final = range(400, 500)
_REFUSALS: Final[Mapping[int, type[Refused]]] = {404: NotFound, 409: Duplicate, 410: Gone, 412: Stale}


_LONGEST_ID: Final = 255


def is_record_id(value: object) -> TypeGuard[str]:
    """Tell whether this can be the id of a record: a short text on one line, without the comma that parts ids."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() and "," not in value


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error object says."""

    code: str
    reason: str
    fields: tuple[str, ...]
    holder_id: str | None


def complaint(status: int, told: object) -> Complaint:
    """Read an error object; what does not look like one is left empty. A 412 always has the code "stale"."""
    error = told if isinstance(told, Mapping) else {}
    code, reason, fields = error.get("code"), error.get("message"), error.get("fields")
    known = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    holder_id = error.get("holder_id") if status == _CONFLICT else None
    return Complaint(
        code=STALE if status == _PRECONDITION else known,
        reason=reason if isinstance(reason, str) else "",
        fields=tuple(field for field in fields if isinstance(field, str)) if isinstance(fields, list | dict) else (),
        holder_id=holder_id if is_record_id(holder_id) else None,
    )


class SalesConnectDialect:
    """Turns failures of whole requests into errors, by the recovery table."""

    address: Setting = API_URL

    def failure(self, answer: Answer) -> tuple[ClientError, Recovery]:
        """Read an answer that is no success."""
        said = complaint(answer.status, _error_object(answer))
        what = sales_connect_recovery(answer.status, said.code)
        kind, words = _kind(answer, said.code, what)
        error = kind(
            words,
            code=said.code,
            status=answer.status,
            category=recovery.category(said.code, said.reason, answer.status),
            reason=said.reason,
            fields=said.fields,
        )
        if isinstance(error, Duplicate):
            error.holder_id = said.holder_id
        return error, what


def _kind(answer: Answer, code: str, what: Recovery) -> tuple[type[ClientError], str]:
    said = f"{code} (HTTP {answer.status})" if code else f"HTTP {answer.status}"
    where = f"Sales Connect at {answer.host}"
    if what is Recovery.STOP:
        return AuthenticationFailed, (
            f"{where} does not accept the credentials: {said}.\n"
            "Check token (SALES_CONNECT_TOKEN) or oauth_client_id and oauth_client_secret "
            "(SALES_CONNECT_CLIENT_ID, SALES_CONNECT_CLIENT_SECRET)."
        )
    if answer.status == _TOO_MANY:
        return AllowanceExhausted, f"{where} still says that there are too many requests ({said}): try again later."
    if what is Recovery.RETRY_NOW:
        return Unreachable, f"{where} could not do {answer.ask}: {said}. This passes: try again later."
    if answer.status not in _CLIENT_FAULTS:
        return ProtocolError, f"{where} answered {answer.ask} with {said}, which it should not."
    return _REFUSALS.get(answer.status, Refused), f"Sales Connect refused {answer.ask}: {said}."


def stop_error(row: RowResult) -> StopRun:
    """Make the error for a row that says that the run must stop."""
    words = f"Sales Connect does not accept the credentials for a row: {row.code or row.status}."
    return AuthenticationFailed(words, code=row.code or "", status=row.status, reason=row.message or "")


def one_row_is_to_blame(refusal: Refused) -> bool:
    """Tell whether a refused batch may hold a single row that Sales Connect cannot even read."""
    return refusal.status in {400, 413, 422}


def _error_object(answer: Answer) -> object:
    try:
        told = answer.json()
    except ProtocolError:
        return None
    return told.get("error") if isinstance(told, dict) else None
