"""Where and when a segment is best spoken to: the channel it answers, its hours, the day its income comes.

A channel is named where at least 50 contacts of the segment were made through it, by the lower end of its
acceptance rate (Wilson 1927); so a channel that was lucky twice is not preferred. Hours need 50 steps in the
app or on the site, the day of income 50 payments. What the bank's tables do not say is left empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bankmine.engine.session import Session
from bankmine.evaluation.calibration import wilson
from bankmine.tasks.contract import Bank, Ints
from bankmine.tasks.segmentation.living import FOLDER
from bankmine.tasks.sql import statement

LEAST_CONTACTS = 50
MONTHS = 12
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = ("night", "morning", "afternoon", "evening")
LEAST_PAYMENTS = 50
LEAST_STEPS = 50


@dataclass(frozen=True)
class Channel:
    """The channel of the best sure acceptance: its rate with Wilson's interval, and that of all channels."""

    name: str
    contacts: int
    rate: float
    low: float
    high: float
    every: float


@dataclass(frozen=True)
class Reach:
    """How to speak to a segment; None or "" where nothing is known."""

    channel: Channel | None
    moment: str
    payday: int | None

    @property
    def words(self) -> str:
        """In one line."""
        parts = []
        if self.channel:
            parts.append(f"by {self.channel.name}")
        if self.moment:
            parts.append(f"on {self.moment}")
        if self.payday:
            parts.append(f"after income on day {self.payday} of the month")
        return ", ".join(parts)


def reach(bank: Bank, customers: Ints, label: Ints, segments: int) -> list[Reach]:
    """How to speak to each segment, from what was known at the cutoff."""
    import pyarrow as pa

    since = bank.warehouse.zone.months_before(bank.cutoff, MONTHS)
    asked = pa.table({"customer_id": customers, "segment": label})
    zone = {"zone": bank.warehouse.manifest.time_zone, "since": since}
    with Session(
        bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
    ) as session:
        session.register("asked_segments", asked)
        answers = _rows(session, bank, "answers", "contact", {})
        hours = _rows(session, bank, "hours", "digital_event", zone)
        paydays = _rows(session, bank, "paydays", "transaction", zone)
        bank.note("reach", session.statements)
    return [
        Reach(
            channel=_channel([row for row in answers if row["segment"] == one]),
            moment=_moment([row for row in hours if row["segment"] == one]),
            payday=_payday([row for row in paydays if row["segment"] == one]),
        )
        for one in range(segments)
    ]


def _rows(session: Session, bank: Bank, name: str, table: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    if not bank.warehouse.has(table):
        return []
    found: list[dict[str, Any]] = session.arrow(statement(FOLDER, name), given).to_pylist()
    return found


def _channel(rows: Sequence[dict[str, Any]]) -> Channel | None:
    enough = [row for row in rows if row["contacts"] >= LEAST_CONTACTS and row["accepted"]]
    if not enough:
        return None
    every = sum(row["accepted"] for row in rows) / sum(row["contacts"] for row in rows)
    best = max(enough, key=lambda row: (wilson(row["accepted"], row["contacts"])[0], row["channel"]))
    low, high = wilson(best["accepted"], best["contacts"])
    rate = best["accepted"] / best["contacts"]
    return Channel(best["channel"], best["contacts"], rate, low, high, every)


def _moment(rows: Sequence[dict[str, Any]]) -> str:
    if sum(row["steps"] for row in rows) < LEAST_STEPS:
        return ""
    best = max(rows, key=lambda row: (row["steps"], -row["weekday"], -row["part"]))
    return f"{DAYS[best['weekday'] - 1]} {PARTS[best['part']]}"


def _payday(rows: Sequence[dict[str, Any]]) -> int | None:
    if sum(row["payments"] for row in rows) < LEAST_PAYMENTS:
        return None
    return int(max(rows, key=lambda row: (row["payments"], -row["month_day"]))["month_day"])
