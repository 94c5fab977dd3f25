"""How our processes start: a sync is five of them every few minutes, and most of what one costs is its imports."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def importing() -> Iterator[None]:
    """Import without looking for garbage among what stays to the end, neither now nor in any later look.

    Looking through it again and again, and once more when the process ends, takes a quarter of a short run.
    """
    known = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:  # at another time this would only keep garbage
            gc.freeze()
        gc.enable()
