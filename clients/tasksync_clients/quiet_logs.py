"""Keeps query strings out of urllib3's log lines: they hold SOQL, ids and search values."""

import logging
import re
from typing import Final

_QUERY: Final = re.compile(r"\?\S*")
"""To the next white space, which no address holds: quotes and brackets may be part of a query."""
_SPEAKERS: Final = ("urllib3.connectionpool", "urllib3.util.retry")
_QUOTERS: Final = ("urllib3.connection", "urllib3.response", "charset_normalizer")
"""They log what they cannot read: headers as the service sent them, with the whole address."""


class _CutQueries(logging.Filter):
    """Cuts the query off every address in a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it is always let through."""
        cut = _QUERY.sub("?…", record.getMessage())
        record.msg, record.args = cut, ()
        return True


def _nothing(_record: logging.LogRecord) -> bool:
    """Let no line through; a function, so that installing it twice changes nothing."""
    return False


_FILTER: Final = _CutQueries()


def cut_queries() -> None:
    """Install the filter; a second time changes nothing."""
    for name in _SPEAKERS:
        logging.getLogger(name).addFilter(_FILTER)
    for name in _QUOTERS:
        logging.getLogger(name).addFilter(_nothing)
