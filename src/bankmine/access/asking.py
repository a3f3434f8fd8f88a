"""Conditions on customers as fields of text: what a form sends, an address carries and a saved list keeps.

One place reads them, so that a list means the same on its page, when it is saved and over the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bankmine.access.conditions import Between, Condition, Has, OneOf
from bankmine.access.tables import Table

WORDS = ("kind", "branch_id", "segment", "churn_grade", "value_grade")
SETS = ("families", "flags")
MONEY = ("value_minor", "profit_minor")
SHARES = ("churn_chance",)
DAYS = ("since",)
RANGES = (*MONEY, *SHARES, *DAYS)
ENDS = ("from", "to")
BETWEEN = "~"
"""Stands between several words of one column."""

LONGEST = 400
SEARCH = "search"
FIELDS = (
    SEARCH, *WORDS, *SETS, "no_flags", *(f"{name}_{end}" for name in RANGES for end in ENDS)
)  # fmt: skip


def asked(fields: Mapping[str, str]) -> dict[str, str]:
    """Of these fields those that ask for something, in one order; the rest and empty ones are left out."""
    return {name: text for name in FIELDS if (text := fields.get(name, "").strip()[:LONGEST])}


def conditions(fields: Mapping[str, str], table: Table) -> dict[str, Condition]:
    """The conditions of the fields by column.

    Several words of a column stand between `~`: a customer has one of them (of products held: all). Money is
    in whole units, shares in per cent, days as year-month-day; an end that cannot be read asks for nothing.
    """
    kept, found = asked(fields), dict[str, Condition]()
    for name in WORDS:
        if name in kept:
            found[name] = OneOf.of(*kept[name].split(BETWEEN))
    if "families" in kept:
        found["families"] = Has.every(kept["families"].split(BETWEEN))
    if "flags" in kept or "no_flags" in kept:
        every = frozenset(kept["flags"].split(BETWEEN)) if "flags" in kept else frozenset[str]()
        none = _words(table, "flags") if "no_flags" in kept else frozenset[str]()
        found["flags"] = Has(any_of=every, none_of=none)
    for name in RANGES:
        low, high = (_end(name, kept.get(f"{name}_{end}", "")) for end in ENDS)
        if low is not None or high is not None:
            found[name] = Between(low, high)
    return found


def columns(fields: Mapping[str, str]) -> set[str]:
    """The columns that the fields ask something of."""
    kept = asked(fields)
    found = {name for name in (*WORDS, *SETS) if name in kept}
    found |= {name for name in RANGES if any(f"{name}_{end}" in kept for end in ENDS)}
    return found | ({"flags"} if "no_flags" in kept else set())


def _words(table: Table, name: str) -> frozenset[str]:
    return frozenset(getattr(table.columns.get(name), "words", ()))


def _end(name: str, text: str) -> float | date | None:
    try:
        if name in DAYS:
            return date.fromisoformat(text) if text else None
        value = float(text) if text else None
    except ValueError:
        return None
    if value is None or not abs(value) < 1e12:
        return None
    return value * 100 if name in MONEY else value / 100
