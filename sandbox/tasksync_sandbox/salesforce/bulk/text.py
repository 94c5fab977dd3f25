"""CSV as RFC 4180 has it, with the delimiters and line ends that a job may choose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DELIMITERS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


class CsvError(ValueError):
    """The text is not the CSV that its job announced; the message says where."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a job's CSV is written.

    Attributes:
        delimiter: the name of what stands between values.
        line_ending: the name of what ends a line.
    """

    delimiter: str = "COMMA"
    line_ending: str = "LF"

    def lines(self, rows: Iterable[Sequence[str]]) -> str:
        """Write rows with every value in quotes, as results come."""
        between, end = f'"{DELIMITERS[self.delimiter]}"', f'"{LINE_ENDINGS[self.line_ending]}'
        return "".join('"' + between.join(value.replace('"', '""') for value in row) + end for row in rows)

    def read(self, text: str) -> Iterator[list[str]]:
        """Yield the rows of a text; an empty line is none.

        Raises:
            CsvError: a quote, a space next to one, or a line end stands where it may not.
        """
        comma, end = re.escape(DELIMITERS[self.delimiter]), LINE_ENDINGS[self.line_ending]
        field = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{comma}\r\n]*))({comma}|{end}|\Z)')
        at, row, number = 0, list[str](), 1
        while at < len(text):
            found = field.match(text, at)
            if found is None:
                raise CsvError(_problem(text, at, number, self.line_ending))
            quoted, plain, behind = found.groups()
            row.append(plain if quoted is None else quoted.replace('""', '"'))
            at = found.end()
            if behind != DELIMITERS[self.delimiter]:
                if row != [""]:
                    yield row
                row, number = [], number + 1
            elif at == len(text):
                row.append("")
        if row:
            yield row


def _problem(text: str, at: int, number: int, line_ending: str) -> str:
    """Say what is wrong with the value that starts at a position."""
    if text[at : at + 1] != '"' and (end := re.compile(r'[^"\r\n]*').match(text, at)):
        behind = text[end.end() : end.end() + 2]
        if behind[:1] in {"\r", "\n"}:
            return f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
    return f"CSV is invalid in line {number}: a quote stands where it may not, or a quoted value does not end"
