"""What one would use for windows over a stream instead: Python deques, river, Redis.

Each takes one payment at a time and answers with the windows before it, of the card and of the merchant. None
knows late events, corrections or a calendar: the easier job.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

from benchmarks.online_events import HOURS

HOUR = 3_600_000_000


class DequeWindow:
    """One window of one key: a deque and a running sum; if wide a falling deque and counts of values."""

    __slots__ = ("entries", "falling", "length", "seen", "total")

    def __init__(self, length: int, wide: bool) -> None:
        self.length, self.total = length, 0
        self.entries: deque[tuple[int, int, int]] = deque()
        self.falling: deque[tuple[int, int]] | None = deque() if wide else None
        self.seen: Counter[int] = Counter()

    def read(self, now: int) -> tuple[int, ...]:
        """Lets go of what is older than the window; count and sum, if wide maximum and distinct values."""
        start, entries = now - self.length, self.entries
        while entries and entries[0][0] < start:
            _, amount, item = entries.popleft()
            self.total -= amount
            if self.falling is not None:
                if self.seen[item] == 1:
                    del self.seen[item]
                else:
                    self.seen[item] -= 1
        if self.falling is None:
            return len(entries), self.total
        while self.falling and self.falling[0][0] < start:
            self.falling.popleft()
        return len(entries), self.total, self.falling[0][1] if self.falling else 0, len(self.seen)

    def add(self, now: int, amount: int, item: int) -> None:
        """Takes a payment in."""
        self.entries.append((now, amount, item))
        self.total += amount
        if self.falling is not None:
            self.seen[item] += 1
            while self.falling and self.falling[-1][1] <= amount:
                self.falling.pop()
            self.falling.append((now, amount))


class Deques:
    """Windows of plain Python."""

    def __init__(self, wide: bool) -> None:
        self.wide = wide
        self.windows: dict[tuple[int, int], list[DequeWindow]] = {}

    def one(self, now: int, card: int, merchant: int, amount: int) -> list[int]:
        """The windows before a payment, which is then taken in."""
        found: list[int] = []
        for kind, key, item in ((0, card, merchant), (1, merchant, card)):
            own = self.windows.get((kind, key))
            if own is None:
                own = self.windows[kind, key] = [DequeWindow(hours * HOUR, self.wide) for hours in HOURS]
            for window in own:
                found += window.read(now)
                window.add(now, amount, item)
        return found


class River:
    """river's rolling statistics; they end at the last event seen, and know no rolling maximum in time."""

    def __init__(self) -> None:
        self.windows: dict[tuple[int, int], list[Any]] = {}

    def one(self, now: int, card: int, merchant: int, amount: int) -> list[float]:
        """The statistics before a payment, which is then taken in."""
        from datetime import datetime, timedelta

        from river import stats, utils

        at = datetime.fromtimestamp(now / 1e6)
        found = []
        for kind, key in ((0, card), (1, merchant)):
            own = self.windows.get((kind, key))
            if own is None:
                own = self.windows[kind, key] = [
                    utils.TimeRolling(stats.Sum(), period=timedelta(hours=hours))
                    for hours in HOURS
                    for _ in ("count", "sum")
                ]
            for place, window in enumerate(own):
                found.append(window.get())
                window.update(amount if place % 2 else 1, t=at)
        return found


SCRIPT = """
local now, amount, id = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local wide = ARGV[4] == '1'
local found = {}
for k = 1, 2 do
  local item = ARGV[4 + k]
  redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', '(' .. (now - 2592000000000))
  local entries = redis.call('ZRANGEBYSCORE', KEYS[k], now - 2592000000000, '(' .. now, 'WITHSCORES')
  local starts = {now - 3600000000, now - 86400000000, now - 604800000000, now - 2592000000000}
  for w = 1, 4 do
    local count, sum, largest, distinct, seen = 0, 0, 0, 0, {}
    for i = #entries - 1, 1, -2 do
      if tonumber(entries[i + 1]) < starts[w] then break end
      local paid, other = string.match(entries[i], '^(%d+):(%d+):')
      paid = tonumber(paid)
      count, sum = count + 1, sum + paid
      if wide then
        if paid > largest then largest = paid end
        if not seen[other] then seen[other] = true; distinct = distinct + 1 end
      end
    end
    found[#found + 1], found[#found + 2] = count, sum
    if wide then found[#found + 1], found[#found + 2] = largest, distinct end
  end
  redis.call('ZADD', KEYS[k], now, amount .. ':' .. item .. ':' .. id)
end
return found
"""


class Redis:
    """A Redis server of its own on a socket, and a script over one sorted set a key."""

    def __init__(self, wide: bool) -> None:
        import redis

        self.folder = tempfile.TemporaryDirectory()
        socket = str(Path(self.folder.name) / "redis.sock")
        self.server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        self.client = redis.Redis(unix_socket_path=socket)
        while not Path(socket).exists():
            time.sleep(0.01)
        self.script = self.client.register_script(SCRIPT)
        self.wide, self.number = int(wide), 0

    def one(self, now: int, card: int, merchant: int, amount: int) -> Any:
        """The windows before a payment, which is then taken in."""
        self.number += 1
        keys = [f"c{card}", f"m{merchant}"]
        return self.script(keys=keys, args=[now, amount, self.number, self.wide, merchant, card])

    def close(self) -> None:
        """Stops the server."""
        self.client.close()
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()
