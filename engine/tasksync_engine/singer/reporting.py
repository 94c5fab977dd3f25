"""What a run says while it goes on and when it ends: one line per batch, one for the whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from tasksync_engine.engine import Engine

ORDER = ("read", "echoed", "created", "linked", "updated", "unchanged", "deleted", "held", "conflicts", "parked")
_SKIPPED = "skipped: "


def in_words(counts: Mapping[str, int]) -> str:
    """What was done, in a fixed order, the records that rules leave out in one; nothing for what did not happen."""
    skipped = sum(number for what, number in counts.items() if what.startswith(_SKIPPED))
    others = sorted(what for what in counts if what not in ORDER and not what.startswith(_SKIPPED))
    told = [f"{counts[what]:,} {what}" for what in (*ORDER, *others) if counts.get(what)]
    return ", ".join([*told, *([f"{skipped:,} skipped"] if skipped else [])])


class Progress:
    """One line per batch; `extra` is for logs that programs read."""

    def __init__(self, logger: logging.Logger) -> None:
        """Have told nothing yet."""
        self._logger = logger
        self._batches = 0

    def tell(self, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """Say what one batch came to, and how far the run is."""
        self._batches += 1
        batch = Counter(after)
        batch.subtract(before)
        self._logger.info(
            "Batch %s: %s (%s read so far)",
            f"{self._batches:,}",
            in_words(batch) or "nothing to do",
            f"{after.get('read', 0):,}",
            extra={"batch": self._batches, "counts": {what: number for what, number in batch.items() if number}},
        )


def report(logger: logging.Logger, engine: Engine) -> None:
    """Say what the whole run came to: counts, why records were left out, calls and seconds."""
    context = engine.context
    counts = {what: number for what, number in context.counts.items() if number}
    left_out = {what.removeprefix(_SKIPPED): number for what, number in counts.items() if what.startswith(_SKIPPED)}
    reasons = "; ".join(f"{number:,} {why}" for why, number in sorted(left_out.items()))
    logger.info(
        "%s run %s in %.1f s with %s: %s%s",
        "Plan of" if context.settings.dry_run else "Done:",
        context.run_id,
        engine.seconds,
        f"{context.destination.calls:,} API call{'' if context.destination.calls == 1 else 's'}",
        in_words(counts) or "nothing arrived",
        f" ({reasons})" if reasons else "",
        extra={"run": context.run_id, "counts": counts, "api_calls": context.destination.calls},
    )
