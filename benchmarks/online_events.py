"""Made-up card payments as a stream, for the rows on online state.

Amounts, cards and merchants are drawn; with a skew a few merchants take most payments. One event in 200 is
known up to three days late, one in 1,000 is corrected within a day. No clock changes in the period, so that a
civil day has 24 hours and windows of elapsed time, which is all the others know, are the same windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, Zone

ZONE = Zone("Europe/Prague")
BEGIN = ZONE.parse("2024-11-01")
WINDOWS = ("1h", "24h", "7d", "30d")
HOURS = (1, 24, 168, 720)
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """Events in the order in which they become known (n each)."""

    number: Ints
    event_time: Ints
    known_at: Ints
    load: Ints
    card: Ints
    merchant: Ints
    amount: Ints

    def __len__(self) -> int:
        return len(self.number)

    def take(self, index: Any) -> Stream:
        """The chosen events."""
        return Stream(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def table(self) -> Any:
        """As rows of the bank table."""
        import pyarrow as pa

        ones = np.ones(len(self), np.int64)
        instant = pa.timestamp("us", tz="UTC")
        return pa.table({
            "transaction_id": self.number, "customer_id": self.card, "card_id": self.card,
            "merchant_id": self.merchant, "base_minor": self.amount, "seq": self.number,
            "event_time": pa.array(self.event_time).cast(instant), "load_number": self.load,
            "known_at": pa.array(self.known_at).cast(instant), "cancelled": ones == 0,
            "is_primary": ones == 1,
        })  # fmt: skip


def payments(
    count: int, *, cards: int, merchants: int, days: int, plain: bool = False, skew: float = 3.0
) -> Stream:
    """A stream of payments; `plain` ones are all in time and never corrected; no `skew` is 1."""
    draw = np.random.default_rng(1)
    times = np.sort(draw.integers(BEGIN, BEGIN + days * DAY, count))
    late = draw.random(count) < (0 if plain else 0.005)
    known = times + np.where(late, draw.integers(0, 3 * DAY, count), 0)
    first = Stream(
        np.arange(count), times, known, np.ones(count, np.int64), draw.integers(0, cards, count),
        (merchants * draw.random(count) ** skew).astype(np.int64), draw.integers(1, 100_000, count),
    )  # fmt: skip
    again = np.flatnonzero(draw.random(count) < (0 if plain else 0.001))
    corrected = first.take(again)
    corrected = Stream(
        corrected.number, corrected.event_time, corrected.known_at + draw.integers(1, DAY, len(again)),
        corrected.load + 1, corrected.card, corrected.merchant, draw.integers(1, 100_000, len(again)),
    )  # fmt: skip
    names = first.__dataclass_fields__
    both = Stream(*(np.concatenate([getattr(first, name), getattr(corrected, name)]) for name in names))
    return both.take(np.lexsort((both.load, both.known_at)))


def features(wide: bool) -> Any:
    """Count and sum (if `wide` maximum and distinct too) in four windows, per card and merchant."""
    from bankmine.windows import events, windows

    found: list[Any] = []
    for key, other in (("card_id", "merchant_id"), ("merchant_id", "card_id")):
        source = events("transaction", key=key).measure("base_minor").distinct(other)
        aggregates = ["count", "sum", *(["max", "distinct"] if wide else [])]
        found += windows(source, over=WINDOWS, aggregate=aggregates, name=key.removesuffix("_id"))
    return found


def as_naive(stream: Stream, rows: Ints) -> list[dict[str, Any]]:
    """Some events as the naive twin reads them."""
    return [
        {
            "transaction_id": int(stream.number[i]), "customer_id": int(stream.card[i]), "is_primary": True,
            "card_id": int(stream.card[i]), "merchant_id": int(stream.merchant[i]), "cancelled": False,
            "event_time": int(stream.event_time[i]), "known_at": int(stream.known_at[i]),
            "seq": int(stream.number[i]), "base_minor": int(stream.amount[i]),
            "load_number": int(stream.load[i]),
        }
        for i in rows.tolist()
    ]  # fmt: skip


def differing(stream: Stream, asked: Ints, found: Any, declared: Any, *, days: int = 31) -> int:
    """How many values of some events differ from the naive twin's; `found[i][name]` answers event i."""
    from zoneinfo import ZoneInfo

    from bankmine.windows.naive import Bank, Looked, naive_value

    wrong = 0
    by_key = {"card_id": stream.card, "merchant_id": stream.merchant}
    for i in asked.tolist():
        for key, column in by_key.items():
            own = [feature for feature in declared if feature.source.key == key]
            if not own:
                continue
            at = stream.event_time[i]
            near = (column == column[i]) & (stream.event_time > at - days * DAY) & (stream.event_time <= at)
            near &= stream.known_at <= stream.known_at[i]
            bank = Bank(
                {"transaction": as_naive(stream, np.flatnonzero(near))},
                {"transaction": (BEGIN, 1 << 62)}, ZoneInfo(ZONE.name),
            )  # fmt: skip
            looked = Looked(int(column[i]), int(at), int(stream.known_at[i]), int(stream.number[i]))
            wrong += sum(found[i][one.name] != naive_value(bank, one, looked) for one in own)
    return wrong
