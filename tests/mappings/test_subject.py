"""The Subject of a pushed task (sync-rules §3: Activity Detail Customization)."""

from dataclasses import replace

import pytest

from tasksync_mappings import Translation

from .links import FIELDS, USERS, in_step

REMINDER = {**in_step().reminder, "call_outcome": "No answer", "call_reason": "Follow up"}


def subject(template, **members):
    """The Subject of a pushed reminder under Sales Connect's own template."""
    return Translation(FIELDS, USERS, template).put({**REMINDER, **members})["name"]


RENDERED = {
    "activity_type": "Call",
    "activity_subject": "Ring Ada",
    "sales_campaign_name": "Autumn",
    "sales_campaign_day": "3",
    "sales_campaign_step": "2",
    "call_outcome": "No answer",
    "call_reason": "Follow up",
}


@pytest.mark.parametrize(("field", "value"), RENDERED.items())
def test_each_field_renders_its_value(field, value):
    """In any case, with or without blanks inside the braces, between free text that passes through."""
    for spelling in (field, field.upper(), field.title(), f" {field} "):
        assert subject(f"{{{{{spelling}}}}}") == value
        assert subject(f"<{{{{{spelling}}}}}> & {{x}}") == f"<{value}> & {{x}}"


@pytest.mark.parametrize("field", RENDERED)
def test_a_field_without_a_value_renders_as_nothing(field):
    """Null, absent, and a campaign that is not there."""
    empty = {"type": None, "name": None, "campaign": None, "call_outcome": None, "call_reason": None}
    assert subject(f"[{{{{{field}}}}}]", **empty) == "[]"
    assert Translation(FIELDS, USERS, f"[{{{{{field}}}}}]").put({})["name"] == "[]"


@pytest.mark.parametrize(
    ("kind", "shown"), [("email", "Email"), ("call", "Call"), ("inmail", "InMail"), ("custom", "Custom")]
)
def test_activity_types_are_shown_as_sales_connect_spells_them(kind, shown):
    """A type unknown to us is shown as it is."""
    assert subject("{{activity_type}}", type=kind) == shown
    assert subject("{{activity_type}}", type="fax") == "fax"


@pytest.mark.parametrize("unknown", ["company", "activity-subject", "field_1", "Activity Subject", "", "é"])
def test_an_unknown_field_renders_as_nothing(unknown):
    """Sales Connect's settings may hold names that we have not heard of; their braces never reach a Subject."""
    assert subject(f"Call{{{{{unknown}}}}}: {{{{activity_subject}}}}") == "Call: Ring Ada"


@pytest.mark.parametrize("broken", ["{activity_subject}", "{{activity_subject}", "{ {activity_subject} }", "{{"])
def test_what_is_not_between_double_braces_is_free_text(broken):
    """It passes through as it stands."""
    assert subject(f"Call {broken}") == f"Call {broken}"


def test_a_value_is_not_read_as_a_template():
    """A reminder named like a field keeps that name."""
    assert subject("{{activity_subject}}", name="{{call_outcome}}") == "{{call_outcome}}"


@pytest.mark.parametrize(
    "line_break", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_each_line_break_becomes_one_space(line_break):
    """In a value and in the template itself; two of them become two."""
    assert subject("{{activity_subject}}", name=f"a{line_break}b") == "a b"
    assert subject(f"To do:{line_break}{{{{activity_subject}}}}") == "To do: Ring Ada"
    assert subject("{{activity_subject}}", name=f"a{line_break * 2}b") == "a  b"


def test_mixed_line_breaks_are_counted_one_by_one():
    """Only carriage return and line feed in this order are one break."""
    assert subject("{{activity_subject}}", name="a\n\r\r\nb") == "a   b"


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 255),
        ("x" * 250 + "\r\n" + "y" * 9, "x" * 250 + " " + "y" * 4),
        ("x" * 253 + "😀y", "x" * 253 + "😀"),
        ("x" * 254 + "😀y", "x" * 254),
        ("😀" * 200, "😀" * 127),
    ],
)
def test_a_subject_is_cut_at_255_characters(name, cut):
    """After line breaks became spaces; an emoji counts as two, as in Salesforce, and is never halved."""
    assert subject("{{activity_subject}}", name=name) == cut


def test_free_text_counts_towards_the_cut():
    """The whole Subject is cut, not the name."""
    assert subject("Call: {{activity_subject}}", name="x" * 500) == "Call: " + "x" * 249


def test_a_subject_that_renders_to_nothing_is_null():
    """Salesforce has no empty text."""
    assert subject("{{call_reason}}", call_reason=None) is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_template_the_subject_is_the_name(nothing):
    """Sales Connect's default applies where its settings hold none."""
    translation = Translation(FIELDS, USERS, nothing)
    assert translation.put(REMINDER)["name"] == "Ring Ada"
    assert translation.name_travels


def test_the_mapping_files_template_comes_before_sales_connects():
    """A template in the file is in force whatever the settings say."""
    fields = replace(FIELDS, template="File: {{activity_subject}}")
    translation = Translation(fields, USERS, "Settings: {{activity_subject}}")
    assert translation.put(REMINDER)["name"] == "File: Ring Ada"


@pytest.mark.parametrize(
    ("template", "travels"),
    [
        ("{{activity_subject}}", True),
        ("Call: {{ Activity_Subject }}!", True),
        ("{{ACTIVITY_SUBJECT}}", True),
        ("{{activity_type}}", False),
        ("activity_subject", False),
        ("{activity_subject}", False),
        ("{{activity_subjects}}", False),
        ("Call", False),
    ],
)
def test_a_name_travels_where_the_template_carries_it(template, travels):
    """The field itself counts, not its name in free text."""
    assert Translation(FIELDS, USERS, template).name_travels is travels
