"""SOQL text."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasksync_clients.soql import URI_LIMIT, chunked_in, id18, in_list, in_query, is_id, literal, quote

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _read(soql):
    """Read a SOQL string literal by the language's rules."""
    assert soql[0] == soql[-1] == "'"
    inner = soql[1:-1]
    assert not re.search(r"(?<!\\)(?:\\\\)*'", inner), "a quote ends the literal too early"
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found.group(1), found.group(1)), inner)


@given(st.text())
def test_quoted_text_reads_back_as_itself(text):
    """Whatever a text holds, its literal holds the same and ends where it should."""
    assert _read(quote(text)) == text


def test_injection_stays_a_text():
    """A value cannot leave its literal."""
    assert quote("x' OR Name != '") == r"'x\' OR Name != \''"
    assert quote("\\") == r"'\\'"


def test_lone_surrogates_do_not_reach_the_url():
    """A lone surrogate is replaced, because it cannot be encoded."""
    assert quote("a\ud800b") == "'a\ufffdb'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (date(2026, 11, 20), "2026-11-20"),
        (datetime(2026, 11, 20, 8, 36, tzinfo=UTC), "2026-11-20T08:36:00Z"),
        (datetime(2026, 11, 20, 8, 36, 0, 250_000, tzinfo=UTC), "2026-11-20T08:36:00.250Z"),
        (datetime(2026, 11, 20, 8, 36, tzinfo=timezone(timedelta(hours=2))), "2026-11-20T06:36:00Z"),
        ("it's", r"'it\'s'"),
    ],
)
def test_literals(value, expected):
    """Each type has its literal; times go out as UTC."""
    assert literal(value) == expected


def test_time_without_zone_is_refused():
    """A time without a zone could mean any moment."""
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 11, 20))  # noqa: DTZ001 - what is refused


def test_empty_list_is_refused():
    """SOQL has no empty IN list."""
    with pytest.raises(ValueError, match="empty"):
        in_list([])


@given(st.lists(st.text(max_size=30)), st.integers(200, 2000))
def test_conditions_hold_every_value_once_within_the_budget(values, budget):
    """Each value is asked for exactly once, and no condition is longer than the budget once percent-encoded."""
    conditions = list(chunked_in("Ext__c", values, budget))
    found = [_read(one) for text in conditions for one in re.findall(r"'(?:[^'\\]|\\.)*'", text)]
    assert found == list(dict.fromkeys(values))
    assert all(len(in_query(text)) <= max(budget, 600) for text in conditions)


def test_thousand_ids_fit_into_few_uris():
    """The usual budget keeps whole URIs below Salesforce's limit and wastes little of it."""
    conditions = list(chunked_in("Id", [f"00T{number:012d}AAA" for number in range(1000)]))
    assert len(conditions) == 2
    assert all(URI_LIMIT - 8000 < len(in_query(text)) < URI_LIMIT - 4000 for text in conditions)


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("001A000001abcde", "001A000001abcdeIAA"),
        ("00D000000000001", "00D000000000001EAA"),
        ("00TABCDEFGHIJKL", "00TABCDEFGHIJKL255"),
        ("00taaaaaaaaaaaa", "00taaaaaaaaaaaaAAA"),
        ("005300000012345AAC", "005300000012345AAC"),
    ],
)
def test_ids_get_their_suffix(short, expected):
    """The suffix says which letters are capitals; a long id stays as it is."""
    assert id18(short) == expected


@given(st.from_regex(r"[A-Za-z0-9]{15}", fullmatch=True))
def test_ids_that_differ_in_case_only_differ_in_any_case(text):
    """Two different ids stay different when capitals are lost."""
    other = text.swapcase()
    assert (id18(text).casefold() == id18(other).casefold()) == (text == other)


@pytest.mark.parametrize("text", ["", "00T", "00T00000000000!", "00T0000000000001", "\N{ARABIC-INDIC DIGIT ZERO}" * 15])
def test_what_is_no_id_is_refused(text):
    """Only 15 or 18 ASCII letters and digits make an id."""
    assert not is_id(text)
    with pytest.raises(ValueError, match="letters and digits"):
        id18(text)
