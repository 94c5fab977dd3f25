"""What Salesforce makes of texts."""

from __future__ import annotations

import pytest

from tests.contract.marks import marked

EITHER = "the comparison takes both readings for the same text"


def described(org, text):
    """What becomes of a Description, and the task's refusal, if any."""
    task_id = org.create()
    result = org.update(task_id, Description=text)
    return result.code, org.task(task_id, "Description")["Description"]


@pytest.mark.alternative(EITHER)
def test_texts_are_trimmed(org):
    """§3 [U]: white space at the ends of Subject and Description is trimmed."""
    subject = marked()
    task_id = org.create(Subject=subject + "  ", Description=" \n two words \n ")
    assert org.task(task_id, "Subject", "Description") == {"Subject": subject, "Description": "two words"}


@pytest.mark.alternative(EITHER)
def test_an_empty_text_becomes_null(org):
    """§3 [U]: an empty string is kept as null."""
    assert described(org, "") == (None, None)


@pytest.mark.alternative(EITHER)
def test_line_ends_become_lf(org):
    """§3 [U]: CR LF and CR in a Description become LF."""
    assert described(org, "one\r\ntwo\rthree") == (None, "one\ntwo\nthree")


def test_inner_white_space_stays(org):
    """§3 [U]: spaces, tabs and empty lines inside a Description stay as they are."""
    text = "one  two\tthree\n\n\nfour"
    assert described(org, text) == (None, text)


def test_any_script(org):
    """§3 [U]: accents, other scripts, emoji and markup come back as they were written."""
    text = 'Grüße, عربي 日本語 🚀 <b>&amp;</b> O\'Neil "x" \\ 100 %'
    assert described(org, text) == (None, text)


def test_a_long_subject_is_refused(org):
    """§7 Subject [D]: 255 characters fit; 256 are STRING_TOO_LONG, not cut."""
    task_id = org.create()
    fits = (marked() + "x" * 255)[:255]
    assert org.update(task_id, Subject=fits).ok, "255 do not fit"
    assert org.update(task_id, Subject=fits + "x").code == "STRING_TOO_LONG"
    assert org.task(task_id, "Subject") == {"Subject": fits}


def test_a_long_description_is_refused(org):
    """§7 Description [D]: 32,000 characters fit; one more is STRING_TOO_LONG, not cut."""
    fits = "x" * 32_000
    assert described(org, fits) == (None, fits), "32,000 do not fit"
    code, text = described(org, fits + "x")
    assert code == "STRING_TOO_LONG"
    assert text != fits, "it was cut"


@pytest.mark.alternative("the connector counts an emoji as two, and so never writes too much")
def test_an_emoji_counts_as_two(org):
    """§7 [D]: a character beyond the basic plane counts as two of a field's length."""
    subject = marked()
    room = 255 - len(subject)
    task_id = org.create()
    assert org.update(task_id, Subject=subject + "🚀" * (room // 2)).ok, "as many as fit by twos do not fit"
    assert org.update(task_id, Subject=subject + "🚀" * (room // 2 + 1)).code == "STRING_TOO_LONG"
