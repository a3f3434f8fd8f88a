"""How fast one caller may ask: a bucket each, filled again as time goes by."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from bankmine import clock

MOST_CALLERS = 10_000


@dataclass
class Buckets:
    """Each caller may ask `per_second` times a second on average and `burst` times at once.

    Kept in memory, of the `MOST_CALLERS` that asked last; a process that starts anew forgets them.
    """

    per_second: float
    burst: float
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, caller: str) -> bool:
        """Counts one request; False where nothing is left."""
        with self._lock:
            now = clock.elapsed()
            left, at = self._left.pop(caller, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.per_second)
            self._left[caller] = (max(left - 1, 0.0), now)
            if len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        return left >= 1
