"""Scenes: tiny histories that are cheap to draw, each with a tie, a late event, a correction and a restart.

A scene has a dozen rows and half a dozen features, drawn from all aggregates, keys, levels, delays and
verdicts, so that thousands of them are looked at from every side within a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st
from memory_warehouse import MemoryWarehouse
from worlds import COVERAGE, INSTANTS, PRAGUE

from bankmine.bank import catalogue
from bankmine.bank.civil import DAY, HOUR
from bankmine.bank.columns import Type
from bankmine.windows import events, ratio, windows
from bankmine.windows.declaration import Feature
from bankmine.windows.naive import Bank

Amounts = tuple[int, ...]
Groups = tuple[tuple[Feature, ...], ...]
MINUTE = 60_000_000
BACK = (0, 1, HOUR, 90 * MINUTE, DAY - 1, DAY, DAY + HOUR, 3 * DAY, 7 * DAY, 20 * DAY, 31 * DAY, 59 * DAY)
CLOSE = tuple(step * 10 * MINUTE for step in (0, 1, 2, 3, 5, 8, 13, 21, 70, 140, 145, 150))
LATE = (1, HOUR, DAY, 3 * DAY, 20 * DAY, 40 * DAY)
AMOUNTS = (0, 1, 1, 2, 3, 5, 7, 9, 4, 8, 6, 3)
LARGE_AMOUNTS = (0, 1, 2**54 + 1, 2**32, 3, 5, -7, 9, 10**9, 2**31, 2**54 - 1, 3)
LATENESS = "99d"  # above the latest a version is known, so that nothing is too late for online state

_MEASURED = ["sum", "mean", "variance", "std", "min", "max", "first", "last"]
_TIMED = ["count", "recency", "days_since_first", "seconds_since_last", "gap_mean", "gap_std", "active_days"]
_LEVELS = ["sum", "max", "share", "distinct", "active_days", "gap_std", "last", "std", "mean"]
_spent = events("transaction").where(direction="out").measure("base_minor").distinct("merchant_id")
_moved = events("transaction").measure("base_minor").distinct("merchant_id")
_by_card = events("transaction", key="card_id").measure("base_minor").distinct("merchant_id")
_risk = events("transaction", key="terminal_id").verdict("fraud")
_applied = events("credit_application")


def _transaction_features() -> Groups:
    numerator, denominator = windows(_spent, over=["7d", "all"], aggregate=["sum"], name="part")
    return (
        windows(_spent, over=["24h", "1d", "1mo", "2mo", "all"], aggregate=_MEASURED),
        windows(_spent, over=["24h", "1d", "1mo", "2mo", "all"], aggregate=_TIMED),
        windows(_spent, over=["24h", "1d", "2mo"], aggregate=["distinct", "max", "min", "std", "gap_std"],
                name="spread"),
        windows(_moved, over=["1mo", "7d"], aggregate=_LEVELS, by="category", levels=["food", "rent"]),
        (*windows(_moved, over=["3mo"], aggregate=["trend"], by="category", levels=["food"]),
         *windows(events("transaction"), over=["2mo"], aggregate=["trend", "count"], name="any"),
         ratio(numerator, denominator)),
        windows(_moved, over=["30d", "8d"], aggregate=["mean", "count", "max", "distinct"], delay="7d"),
        windows(_by_card, over=["1h", "24h", "7d", "30d"], aggregate=["count", "sum", "max", "distinct"]),
        windows(_by_card, over=["45min", "7d", "all"], aggregate=[*_MEASURED, *_TIMED], name="carded"),
        windows(_risk, over=["1d", "30d"], aggregate=["mean", "sum", "max", "count"], delay="7d"),
        windows(_risk, over=["24h", "30d"], aggregate=["mean", "sum", "last", "first"]),
        windows(_risk, over=["all"], aggregate=["mean", "last", "std", "active_days", "gap_std", "min"]),
    )  # fmt: skip


def _application_features() -> Groups:
    return (
        windows(_applied.measure("bad"), over=["1mo", "all"], aggregate=[*_MEASURED, "count"], name="bad"),
        windows(_applied.where(bad=True), over=["all", "7d"], aggregate=["count", "recency", "gap_mean"]),
        windows(_applied.measure("amount_minor"), over=["2mo", "all"], aggregate=["sum", "share", "last"],
                by="decision"),
        windows(_applied.where(decision="approved").measure("bad"), over=["all"], aggregate=["sum", "std"],
                name="approved"),
    )  # fmt: skip


# Features of one group mostly share a walk over the events, so several of a group are drawn together.
GROUPS = {"transaction": _transaction_features(), "credit_application": _application_features()}
FEATURES = {table: tuple(one for group in groups for one in group) for table, groups in GROUPS.items()}


class SceneWarehouse(MemoryWarehouse):
    """A warehouse in memory that makes only the columns asked for, once."""

    def __init__(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        super().__init__(rows, coverage=COVERAGE, zone=PRAGUE, buckets=1)
        self._made: dict[tuple[str, str], Any] = {}

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        """The columns, rows as they were loaded."""
        declared = catalogue.table(table)
        names = columns if columns is not None else [column.name for column in declared.all_columns]
        return pa.table({name: self._column(declared, name) for name in names})

    def _column(self, declared: Any, name: str) -> Any:
        made = self._made.get((declared.name, name))
        if made is None:
            column = declared.column(name)
            made = pa.array([row[name] for row in self.raw.get(declared.name, ())], column.arrow_type())
            made = made.dictionary_encode() if column.type is Type.CODE else made
            self._made[declared.name, name] = made
        return made


@dataclass(frozen=True)
class Scene:
    """A history, what is asked of it, and after how many instants of knowledge the online state restarts."""

    table: str
    rows: dict[str, list[dict[str, Any]]]
    features: tuple[Feature, ...]
    restart: int

    @cached_property
    def warehouse(self) -> SceneWarehouse:
        """The history as a warehouse."""
        return SceneWarehouse(self.rows)

    @cached_property
    def bank(self) -> Bank:
        """The history as the naive twin takes it."""
        return Bank(self.warehouse.raw, dict.fromkeys(self.rows, COVERAGE), ZoneInfo(PRAGUE))

    @property
    def stream(self) -> list[dict[str, Any]]:
        """The rows of the table in the order in which they became known."""
        return sorted(self.warehouse.raw[self.table], key=lambda row: row["known_at"])


def has_a_tie(scene: Scene) -> bool:
    """Whether two events of one customer happened in one instant."""
    places = [(row["customer_id"], row["event_time"]) for row in scene.rows[scene.table][:2]]
    return places[0] == places[1]


def has_a_late_event(scene: Scene) -> bool:
    """Whether an event became known after it happened."""
    return any(row["known_at"] > row["event_time"] for row in scene.rows[scene.table])


def has_a_correction(scene: Scene) -> bool:
    """Whether an event has a second version."""
    return any(row.get("load_number", 1) == 2 for row in scene.rows[scene.table])


def _small(*most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*(st.integers(0, one) for one in most))


_event = _small(len(BACK) - 1, 11, 63, 3, 11, 2**12 - 1)
_correction = _small(4, 11, 5)
_extras = _small(15, 3, 3, len(CLOSE) - 1)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A scene of transactions (three of four) or of credit applications."""
    table = "credit_application" if draw(st.integers(0, 3)) == 0 else "transaction"
    focus = draw(st.sampled_from(INSTANTS))
    amounts = LARGE_AMOUNTS if draw(st.integers(0, 3)) == 0 else AMOUNTS
    busy = draw(st.integers(0, 2)) == 0
    drawn = draw(st.lists(_event, min_size=9 if busy else 5, max_size=14 if busy else 9))
    make = _transaction if table == "transaction" else _application
    first_versions = [make(number, focus, amounts, one) for number, one in enumerate(drawn, 1)]
    if busy:
        _crowd(focus, first_versions, drawn)
    _tie(table, first_versions[0], first_versions[1])
    late = first_versions[2]
    late["known_at"] = max(late["known_at"], late["event_time"] + LATE[drawn[2][0] % len(LATE)])
    corrections = draw(st.lists(_correction, min_size=1, max_size=4))
    rows = list(first_versions)
    for number, one in enumerate(corrections):
        of = first_versions[3 - number]
        rows.append(_corrected(table, [row for row in rows if _same(table, row, of)], amounts, one))
    if table == "transaction" and drawn[0][4] == 0:
        rows += [row | {"customer_id": 3, "is_primary": False} for row in rows if row["transaction_id"] == 4]
    found = {table: rows, "feedback": _verdicts(draw(st.lists(_extras, max_size=4)), first_versions)}
    return Scene(table, found, draw(_features(GROUPS[table])), draw(st.integers(0, 15)))


@st.composite
def _features(draw: st.DrawFn, groups: Groups) -> tuple[Feature, ...]:
    """Some features of one to three groups, neighbours in their group."""
    chosen: dict[Feature, None] = {}
    for place, first, count in draw(st.lists(_small(len(groups) - 1, 63, 4), min_size=1, max_size=3)):
        group = groups[place]
        chosen |= dict.fromkeys(group[(first + step) % len(group)] for step in range(count + 1))
    return tuple(chosen)


def _crowd(focus: int, first_versions: list[dict[str, Any]], drawn: list[tuple[int, ...]]) -> None:
    """Moves events close together, to one customer and, mostly, card."""
    for event, one in zip(first_versions, drawn, strict=True):
        later = event["known_at"] - event["event_time"]
        event["event_time"] = focus - CLOSE[one[0]]
        event["known_at"] = event["event_time"] + later
        event["customer_id"] = 1


def _tie(table: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Gives two events one instant and one key each."""
    other["known_at"] += one["event_time"] - other["event_time"]
    keys = ["customer_id", "card_id", "terminal_id"] if table == "transaction" else ["customer_id"]
    for name in ("event_time", *keys):
        other[name] = one[name]


def _same(table: str, row: dict[str, Any], other: dict[str, Any]) -> bool:
    name = f"{table.removeprefix('credit_')}_id"
    return bool(row[name] == other[name])


def _transaction(number: int, focus: int, amounts: Amounts, drawn: tuple[int, ...]) -> dict[str, Any]:
    back, amount, known, seq, flags, bits = drawn
    at = focus - BACK[back]
    return {
        "transaction_id": number, "account_id": 5, "customer_id": 1 + (bits & 7 == 7), "is_primary": True,
        "event_time": at, "known_at": at + (LATE[known % len(LATE)] if known > 40 else 0), "seq": seq,
        "base_minor": amounts[amount], "direction": "in" if flags % 6 == 5 else "out",
        "category": ("food", "rent", "fun", None)[bits >> 3 & 3],
        "merchant_id": (8, -9, None, 8)[bits >> 5 & 3], "card_id": (6, 6, 6, 6, 6, 6, 7, None)[bits >> 7 & 7],
        "terminal_id": (4, 4, 4, None)[bits >> 10 & 3],
    }  # fmt: skip


def _application(number: int, focus: int, amounts: Amounts, drawn: tuple[int, ...]) -> dict[str, Any]:
    back, amount, known, seq, flags, bits = drawn
    at = focus - BACK[back]
    return {
        "application_id": number, "customer_id": 1 + (bits & 7 == 7), "event_time": at,
        "known_at": at + (LATE[known % len(LATE)] if known > 40 else 0), "seq": seq,
        "amount_minor": amounts[amount], "bad": (True, False, True, None)[bits >> 3 & 3],
        "decision": ("approved", "declined", "approved", None)[bits >> 5 & 3],
        "bad_known_at": None if bits >> 7 & 3 == 3 else at + BACK[bits >> 7 & 7],
        "decided_at": None if flags == 11 else at + BACK[flags],
    }  # fmt: skip


def _corrected(
    table: str, versions: list[dict[str, Any]], amounts: Amounts, drawn: tuple[int, ...]
) -> dict[str, Any]:
    """The next version of an event: another amount, another time, another key, or cancelled."""
    what, amount, wait = drawn
    last = max(versions, key=lambda row: row.get("load_number", 1))
    known_at = last["known_at"] + (0, 1, HOUR, DAY, 8 * DAY, 35 * DAY)[wait]
    fresh = {"known_at": known_at, "load_number": last.get("load_number", 1) + 1}
    money = "base_minor" if table == "transaction" else "amount_minor"
    changed: dict[str, Any] = {money: amounts[amount]}
    if what == 1:
        changed["event_time"] = min(known_at, last["event_time"] + BACK[amount])
    if what == 2:
        changed["cancelled"] = not last.get("cancelled", False)
    if what == 3 and table == "transaction":
        changed |= {"card_id": 7, "terminal_id": None, "category": "rent"}
    return last | fresh | changed


def _verdicts(drawn: list[tuple[int, ...]], spoken_of: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Verdicts on some events soon after these were known, some withdrawn or confirmed again."""
    found = []
    for subject, verdict, _, after in drawn:
        event = spoken_of[subject % len(spoken_of)]
        at = event["known_at"] + CLOSE[after]
        found.append({
            "subject_kind": "transaction", "subject_id": event.get("transaction_id", 0), "label": "fraud",
            "verdict": "refuted" if verdict == 3 else "confirmed", "event_time": at, "known_at": at,
            "customer_id": 1, "seq": subject,
        })  # fmt: skip
    found.sort(key=lambda row: row["known_at"])
    for number, row in enumerate(found, 1):
        row["load_number"] = number
    return found
