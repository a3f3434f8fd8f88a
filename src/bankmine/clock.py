"""The only place that asks what time it is.

Cutoffs are data and never come from here; the clock stamps loads, locks and log lines only.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds of a monotonic clock; only differences mean anything."""
    return time.perf_counter()
