"""What a failure's code means to a person: what is happening and what to do, in our own words (sync-rules §8).

The category is the clients' business (`tasksync_clients.recovery`); here are the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tasksync_clients import recovery
from tasksync_clients.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A code explained.

    Attributes:
        code: As the service, or the engine, gave it.
        category: One of sync-rules §8.
        happening: What is happening: whole sentences.
        remedy: What to do about it: whole sentences.
    """

    code: str
    category: str
    happening: str
    remedy: str


Words = tuple[str, str]

_BY_ITSELF: Final = (
    "Nothing: the next runs try again by themselves. If it stays for hours, look at the service's status."
)

_LOGIN: Final[Mapping[str, Words]] = {
    "AUTHENTICATION_FAILURE": (
        "Salesforce does not accept the integration user's credentials.",
        "Check the SALESFORCE_* variables and log in once by hand with the same credentials.",
    ),
    "EXPIRED_ACCESS": (
        "The access that the integration was once given has expired or was withdrawn.",
        "Authorize the connected app again and renew its refresh token or key.",
    ),
    "INACTIVE_ORGANIZATION": (
        "The Salesforce org is locked, suspended or its trial has ended.",
        "Have an administrator, or Salesforce's support, activate the org again.",
    ),
    "INACTIVE_USER": (
        "The integration user is deactivated in Salesforce.",
        "Activate that user again, or give the connector another one's credentials.",
    ),
    "INVALID_GRANT": (
        "Salesforce refuses the login: a wrong or expired secret, an unapproved user, or a wrong address.",
        "Check SALESFORCE_LOGIN_URL and the credentials, and that the connected app admits the integration user.",
    ),
    "INVALID_SESSION_ID": (
        "Salesforce ended the integration's session and does not take a new one either.",
        "Look at the org's session and IP settings for the integration user, then run again.",
    ),
}

_PASSING: Final[Mapping[str, Words]] = {
    "FAILED_WRITE": ("Salesforce could not store the record this time.", _BY_ITSELF),
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": (
        "The org is under maintenance and takes no writes.",
        "Nothing: the change goes through in a run after the maintenance.",
    ),
    "QUERY_TIMEOUT": ("A query took Salesforce too long.", _BY_ITSELF),
    "REQUEST_LIMIT_EXCEEDED": (
        "The org's API calls of the last 24 hours are used up, so the run stopped.",
        "Wait until some are free again; the next run continues. If it happens often, find out what uses them up.",
    ),
    "REQUEST_RUNNING_TOO_LONG": ("A request took Salesforce too long and was ended.", _BY_ITSELF),
    "SERVER_UNAVAILABLE": ("Salesforce is overloaded or down for the moment.", _BY_ITSELF),
    "UNABLE_TO_LOCK_ROW": (
        "Somebody else is writing this task, or its account or contact, at the same moment.",
        "Nothing: it is tried again. If one record stays like this, look for a job or flow that keeps it locked.",
    ),
    "TXN_SECURITY_METERING_ERROR": ("Salesforce could not check a transaction security policy in time.", _BY_ITSELF),
    "UNKNOWN_EXCEPTION": (
        "Salesforce failed inside and does not say why.",
        "Nothing at first: it is tried again. If it stays, give Salesforce's support the error number in the message.",
    ),
    "STALE": (
        "The reminder was changed again while this change was on its way.",
        "Nothing: the next run decides anew.",
    ),
}

_REFUSED: Final[Mapping[str, Words]] = {
    "API_CURRENTLY_DISABLED": (
        "The org has its API turned off for now.",
        "Have an administrator, or Salesforce's support, turn the API on again.",
    ),
    "API_DISABLED_FOR_ORG": (
        "The org's edition, or the integration user's profile, has no API access.",
        "Give the integration user's profile or permission set the permission API Enabled.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "A trigger or flow in the org failed while the task was saved.",
        "The message names it: have the administrator mend it.",
    ),
    "ENTITY_IS_LOCKED": (
        "The task, or a record that it belongs to, is locked, usually by an approval process.",
        "Finish or recall the approval, or let the integration user edit locked records.",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "A validation rule of the org refuses the task as it would be.",
        "Correct the reminder so that it meets the rule, or exempt the integration user from the rule.",
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": (
        "A lookup filter of the org refuses the record that the task is related to.",
        "Relate the task to a record that the filter admits, or relax the filter.",
    ),
    "FIELD_INTEGRITY_EXCEPTION": (
        "A value does not fit the task's other values or what it is related to.",
        "The message names the field: correct it on the side that the change came from.",
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        "The integration user may not see or use a record that the task refers to: its owner, person or account.",
        "Share that record with the integration user, or give that user a wider role.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        "The integration user may not edit this task.",
        "Give the integration user edit access to tasks of the users who take part, for example a role above theirs.",
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        "A field of the mapping cannot be written in this org, or not on such a task.",
        "Give the integration user's permission set edit access to the field, or take it out of the mapping file.",
    ),
    "INVALID_TYPE": (
        "The integration user has no access to tasks, or a name in the mapping is no object of the org.",
        "Check the integration user's permission set and the mapping file.",
    ),
    "REQUIRED_FIELD_MISSING": (
        "The org requires a field on tasks that the connector does not fill.",
        "Make the field optional or give it a default, or add it to the mapping file's extra_fields.",
    ),
    "TXN_SECURITY_NO_ACCESS": (
        "A transaction security policy of the org blocks the write.",
        "Have the administrator exempt the integration user from that policy.",
    ),
}

_RECORD: Final[Mapping[str, Words]] = {
    "CANNOT_UPDATE_CONVERTED_LEAD": (
        "The task belongs to a lead that was converted, and the contact that it became cannot be seen or used.",
        "Let the integration user see converted leads and that contact, or relate the task to it by hand; then retry.",
    ),
    "DUPLICATES_DETECTED": (
        "A duplicate rule of the org holds the task for a duplicate.",
        "Exempt the integration user from the rule, or correct the record that it resembles.",
    ),
    "DUPLICATE_VALUE": (
        "Another record holds the link id of this one.",
        "Find it by the id in the message. Clear its link field if it is a copy, or delete it.",
    ),
    "ENTITY_IS_DELETED": (
        "The task is deleted in Salesforce.",
        "Nothing: its deletion arrives with the next runs. Restore the task if it should stay.",
    ),
    "INACTIVE_OWNER_OR_USER": (
        "The task's owner is deactivated in Salesforce.",
        "Give the reminder to an active user, or activate the owner again.",
    ),
    "INVALID_CROSS_REFERENCE_KEY": (
        "A record that the task refers to does not exist in this org, or the integration user may not see it.",
        "Check the Salesforce ids of the reminder's person in Sales Connect, and the integration user's access.",
    ),
    "INVALID_FIELD": (
        "A field of the mapping does not exist in this org, or the integration user may not see it.",
        "Correct the name in the mapping file, or give the integration user's permission set access to the field.",
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        "The org's picklist does not have the value that the mapping writes.",
        "Add the value to the picklist (and the task's record type), or correct the mapping file.",
    ),
    "JSON_PARSER_ERROR": (
        "Salesforce could not read the request: a value has a form that it does not take.",
        "Look for odd characters in the record's texts, or for a field of another type in the mapping file.",
    ),
    "MALFORMED_ID": (
        "An id that the record carries is no Salesforce id.",
        "Correct the Salesforce ids of the reminder's person or user in Sales Connect.",
    ),
    "NOT_FOUND": (
        "The record is unknown to the service: purged, or out of the connector's sight.",
        "Nothing if it was deleted: its tombstone closes the link. Otherwise give the integration user access to it.",
    ),
    "STORAGE_LIMIT_EXCEEDED": ("The org has no data storage left.", "Free or buy storage in Salesforce."),
    "STRING_TOO_LONG": (
        "A text is longer than its field takes.",
        "Shorten it, or set the field's max_length in the mapping file.",
    ),
}

_STATUSES: Final[Mapping[str, Words]] = {
    "400": ("Sales Connect could not read the request.", "Look for odd values in the task's texts and dates."),
    "401": ("Sales Connect does not accept the credentials.", "Check SALES_CONNECT_TOKEN or the OAuth client."),
    "403": (
        "The token may not do this in Sales Connect.",
        "Use the token of a user who may edit every participant's reminders.",
    ),
    "404": (
        "Sales Connect does not know the reminder, user or person.",
        "Nothing if the reminder was deleted: its tombstone closes the link. Otherwise check the ids.",
    ),
    "408": ("Sales Connect gave up waiting for the request.", _BY_ITSELF),
    "409": (
        "Another reminder is linked to this task already.",
        "Look at both reminders in Sales Connect, and delete the one that is too many.",
    ),
    "410": ("The reminder is deleted in Sales Connect.", "Nothing: its tombstone closes the link."),
    "412": ("The reminder was changed again while this change was on its way.", "Nothing: the next run decides anew."),
    "422": (
        "Sales Connect refuses a value of the record.",
        "The message says which: correct it on the task, or the picklist values in the mapping file.",
    ),
    "429": ("Sales Connect gets more requests than it allows.", _BY_ITSELF),
    "500": ("Sales Connect failed inside.", _BY_ITSELF),
    "502": ("Sales Connect could not be reached behind its own gateway.", _BY_ITSELF),
    "503": ("Sales Connect is overloaded or down for the moment.", _BY_ITSELF),
    "504": ("Sales Connect did not answer its own gateway in time.", _BY_ITSELF),
}

_OURS: Final[Mapping[str, Words]] = {
    "ROSTER": (
        "The user of the reminder or of the task does not take part in task sync now.",
        "Nothing if that is meant. Otherwise turn task sync on for the user; `tasksync status` says who is left out.",
    ),
    "CLAIMED": (
        "A task that is linked to another reminder carries this reminder's id in its link field.",
        "Clear or correct the link field of that task in Salesforce (`tasksync explain` names the pair), then retry.",
    ),
    "UNSETTLED": (
        "A run ended before Salesforce had said what became of a create, and the org has no link field to find it by.",
        "Nothing: the next `to-salesforce` runs look for the task; if there is none after ten minutes, it is made.",
    ),
    "DOUBTFUL": (
        "The answer to a create never came; a task that it may have made has mostly other values.",
        "See whether the integration user made the reminder's task then: name it in salesforce_task_id. Then retry.",
    ),
    "ADOPTED": (
        "The record was linked by `tasksync adopt`; the next run of its direction compares it with its counterpart.",
        "Nothing: `meltano run sync` does it.",
    ),
    "GONE": (
        "The record was edited on one side and is deleted on the other.",
        "Nothing: the deletion closes the link when it arrives, or restore the deleted record.",
    ),
    "RUNAWAY": (
        "The record was written again and again within a short time: another automation answers each write.",
        "Find what edits it after each sync (its history: `tasksync explain`), stop that, then retry.",
    ),
    "INVALID_RECORD": (
        "The record is not what its API promises: a member is missing or malformed.",
        "The message names the member: correct the record at its source. It goes through when it changes.",
    ),
    "UNDONE": (
        "A run carried this change over, and `tasksync undo` took it back.",
        "Nothing if that is meant. `tasksync retry ID` carries it over again, and so does a new edit of the record.",
    ),
    "ALLOWANCE": (
        "Salesforce's API calls are short: completions, deletions and what is due today went first.",
        "Nothing: the rest goes out once calls are free. If it stays, find what uses them up, or keep less in reserve.",
    ),
}

CODES: Final[Mapping[str, Words]] = MappingProxyType(
    {**_LOGIN, **_PASSING, **_REFUSED, **_RECORD, **_STATUSES, **_OURS},
)
"""Code in upper case → what is happening, what to do."""

_WHERE_IT_PASSES: Final[Mapping[str, Words]] = {
    "REQUEST_LIMIT_EXCEEDED": ("Too many long requests run in the org at the same time.", _BY_ITSELF),
    "INVALID_FIELD": ("A request took Salesforce too long.", _BY_ITSELF),
}
"""Codes that mean something harmless with a certain message: `salesforce_recovery` tells which."""

_BY_CATEGORY: Final[Mapping[str, Words]] = {
    recovery.AUTHENTICATION: (
        "The service does not accept the connector's credentials.",
        "Check the credentials in the environment variables.",
    ),
    recovery.INTERMITTENT: ("The service could not do it this time.", _BY_ITSELF),
    recovery.ACCESS: (
        "The service refuses the change for its content, or the connector's user may not make it.",
        "The message says why: correct the record at its source, or the connector's permissions.",
    ),
    recovery.OTHER: (
        "The service refused the change for a reason that the connector does not know.",
        "Read the service's message; correct the record or the service's settings.",
    ),
}


def diagnose(code: str, message: str = "", category: str | None = None) -> Diagnosis:
    """Explain a code of either service, or a reason of ours; an unknown one gets the words of its category.

    Args:
        code: A Salesforce code, a Sales Connect code or HTTP status, or a reason of ours; case does not matter.
        message: The service's own words, which decide about a few codes.
        category: The category noted with the code; None: by the clients' table.
    """
    name = code.upper()
    status = int(code) if code.isascii() and code.isdigit() else None
    known = category or recovery.category(code, message, status)
    words = CODES.get(name) or _BY_CATEGORY.get(known, _BY_CATEGORY[recovery.OTHER])
    if name in _WHERE_IT_PASSES and recovery.salesforce_recovery(name, message) is Recovery.RETRY_NOW:
        words = _WHERE_IT_PASSES[name]
    return Diagnosis(code, known, *words)
