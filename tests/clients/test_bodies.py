"""JSON, in and out."""

from datetime import date
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasksync_clients.bodies import MOST_LEVELS, MOST_VALUES, decode, encode, is_deep, scrub

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_what_goes_out_comes_back(value):
    """A value survives the way out and in."""
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'{"a": "x\ud800y"}', {"a": "x\ufffdy"}),
        (b'["\xed\xa0\x80"]', ["\ufffd"]),
        (rb'{"\udc00": ["\ud83d\ude00 \ud83d"]}', {"\ufffd": ["\U0001f600 \ufffd"]}),
    ],
)
def test_lone_surrogates_are_replaced(body, expected):
    """A text that was cut within a character is read, with U+FFFD for the half that is left."""
    assert decode(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1',
        b"<html>hello</html>",
        b"NaN",
        b'{"a": Infinity}',
        b"1e999",
        b'"\xff"',
        b"[" * 100_000,
        b"1 2",
    ],
    ids=repr,
)
def test_what_is_no_json_is_refused_without_its_content(body):
    """Anything but JSON is refused, and the error holds nothing of the body."""
    with pytest.raises(ValueError, match="not JSON") as caught:
        decode(body)
    assert str(caught.value) == "not JSON"
    assert caught.value.__context__ is None


def test_surrogates_and_dates_go_out():
    """Half characters become U+FFFD at every depth, dates ISO texts; control characters stay."""
    assert encode({"a": ["\ud800"], "d": date(2026, 11, 20)}) == '{"a":["\ufffd"],"d":"2026-11-20"}'.encode()
    assert encode(MappingProxyType({"a": MappingProxyType({"b": "\ud800"})})) == '{"a":{"b":"\ufffd"}}'.encode()
    assert decode(encode("\x00\x0b\t")) == "\x00\x0b\t"


@given(st.text(st.characters(exclude_categories=[])))
def test_scrubbed_text_can_be_encoded(text):
    """Any text can be encoded once scrubbed, and text without surrogates is left alone."""
    scrub(text).encode()
    if not any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        assert scrub(text) == text


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'"",', b'{"a":0},'])
def test_bodies_of_very_many_values_are_refused(piece):
    """A body that would fill the memory many times over once it is read is refused unread."""
    with pytest.raises(ValueError, match="too many values"):
        decode(b"[" + piece * (MOST_VALUES + 1) + b"0]")


def test_texts_full_of_what_parts_values_are_read():
    """Commas and brackets within a text are no values, however many, and however it is escaped."""
    text = '[{,"\\' * MOST_VALUES
    assert decode(encode([text])) == [text]


@pytest.mark.parametrize(("levels", "deep"), [(1, False), (MOST_LEVELS, False), (MOST_LEVELS + 2, True), (900, True)])
def test_depth_is_told(levels, deep):
    """Lists and objects count alike."""
    value = 0
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    assert is_deep(value) is deep
