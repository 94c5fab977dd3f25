"""What each code means to a person."""

import pytest

from tasksync_clients.recovery import SALES_CONNECT, SALESFORCE
from tasksync_engine.diagnostics import CODES, diagnose
from tasksync_engine.ledger.parked import DOUBTFUL, GONE, INVALID_RECORD, ROSTER, UNSETTLED

SPECIFIED = {
    "Authentication": """
        AUTHENTICATION_FAILURE EXPIRED_ACCESS INACTIVE_ORGANIZATION INACTIVE_USER INVALID_GRANT""",
    "Intermittent": """
        FAILED_WRITE INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE QUERY_TIMEOUT REQUEST_LIMIT_EXCEEDED
        SERVER_UNAVAILABLE UNABLE_TO_LOCK_ROW""",
    "Access/Validation": """
        API_CURRENTLY_DISABLED CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY ENTITY_IS_LOCKED FIELD_CUSTOM_VALIDATION_EXCEPTION
        FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY
        INSUFFICIENT_ACCESS_OR_READONLY INVALID_FIELD_FOR_INSERT_UPDATE INVALID_TYPE REQUIRED_FIELD_MISSING
        TXN_SECURITY_NO_ACCESS""",
    "Other": "CANNOT_UPDATE_CONVERTED_LEAD UNKNOWN_EXCEPTION",
}
TABLE = [(code, category) for category, codes in SPECIFIED.items() for code in codes.split()]
UNKNOWN = diagnose("SOMETHING_NEW")


@pytest.mark.parametrize(("code", "category"), TABLE)
def test_each_code_of_the_table_is_explained(code, category):
    """Under its category (sync-rules §8), with words of its own."""
    told = diagnose(code)
    assert (told.code, told.category) == (code, category)
    assert code in CODES
    assert (told.happening, told.remedy) == CODES[code]


@pytest.mark.parametrize(
    "code", [*SALESFORCE, *map(str, SALES_CONNECT), ROSTER, GONE, UNSETTLED, DOUBTFUL, INVALID_RECORD, "allowance"]
)
def test_each_code_that_the_clients_and_the_engine_know_is_explained(code):
    """None of them falls back to the words for an unknown one."""
    told = diagnose(code)
    assert code.upper() in CODES
    assert told.happening != UNKNOWN.happening


@pytest.mark.parametrize("code", CODES)
def test_the_words_are_whole_sentences_and_say_what_to_do(code):
    """Both texts begin with a capital letter and end with a full stop."""
    for text in CODES[code]:
        assert text[0].isupper()
        assert text.endswith(".")


def test_an_unknown_code_is_other():
    """With words that point at the service's message."""
    assert UNKNOWN.category == "Other"
    assert "message" in UNKNOWN.remedy


@pytest.mark.parametrize("category", SPECIFIED)
def test_a_code_of_sales_connects_own_goes_by_the_category_noted_with_it(category):
    """Its HTTP status is not kept, but the category that followed from it is."""
    told = diagnose("tenant_says_no", "", category)
    assert told.category == category
    assert (told.happening == UNKNOWN.happening) == (category == "Other")


@pytest.mark.parametrize(("code", "known"), [("invalid_grant", "INVALID_GRANT"), ("not_found", "NOT_FOUND")])
def test_case_does_not_matter(code, known):
    """A login's code is in lower case."""
    assert diagnose(code).happening == diagnose(known).happening


@pytest.mark.parametrize(
    ("code", "message", "category"),
    [
        ("INVALID_FIELD", "Your query request was running for too long: timed out", "Intermittent"),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "Intermittent"),
    ],
)
def test_a_message_can_make_a_code_harmless(code, message, category):
    """A timeout behind INVALID_FIELD, and too many requests at once, pass by themselves."""
    told = diagnose(code, message)
    assert told.category == category
    assert told.happening != diagnose(code).happening
    assert told.remedy.startswith("Nothing")


@pytest.mark.parametrize(
    ("status", "category"),
    [("401", "Authentication"), ("422", "Access/Validation"), ("429", "Intermittent"), ("503", "Intermittent")],
)
def test_a_bare_status_is_sales_connects(status, category):
    """The engine keeps the status where the answer had no code."""
    assert diagnose(status).category == category


@pytest.mark.parametrize("code", ["", "²", "-1", "0", "999", "a" * 1000, "\x00"])
def test_any_text_can_be_asked_for(code):
    """What a service calls its errors is beyond our control."""
    told = diagnose(code)
    assert told.code == code
    assert told.remedy
