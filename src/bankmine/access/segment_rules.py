"""Segments by rules that people write: conditions over the directory's columns; the first that holds wins.

A rule has a name, a sentence and conditions that must all hold; a customer belongs to the first rule that
holds and to none ("other") where no rule does. Everything is counted over the rows a person sees. Two columns
are added to the directory's: the years since a customer came, and the bank's own SQL segments
(`segments/*.sql`, as the run of segmentation asked them).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bankmine.access.columns import Bools, Column, Keys, Numbers, Sets, Words
from bankmine.access.conditions import Between, Condition, Has, OneOf
from bankmine.access.tables import Shown, Table
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.access.view import View

MOST_RULES, MOST_CONDITIONS, MOST_TEXT = 20, 8, 300
MINOR, PERCENT = 100, 100
TENURE, OWN_SQL = "years", "bank_segment"
TESTS: Mapping[str, tuple[str, ...]] = {
    "word": ("is", "is_not", "missing", "known"),
    "set": ("has", "lacks"),
    "number": ("at_least", "at_most", "missing", "known"),
    "day": ("from", "until", "missing", "known"),
}
"""What can be asked of a column, by the kind of its values; `missing` and `known` need no value."""

BARE = ("missing", "known")
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Ask:
    """One condition: a column, a test of `TESTS`, and the value as a person writes it.

    Money is written in whole currency (1500.50), shares in percent, dates as 2026-05-31.
    """

    column: str
    test: str
    value: str = ""


@dataclass(frozen=True)
class Rule:
    """A segment by rule: all of `asks` must hold."""

    name: str
    sentence: str
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Asked:
    """A column that rules may ask: its kind in `TESTS`, how it is shown, and its words where it has some."""

    name: str
    kind: str
    shown: Shown
    words: tuple[str, ...] = ()


def to_text(rules: Sequence[Rule]) -> str:
    """Rules as the store keeps them."""
    return json.dumps([asdict(rule) for rule in rules], ensure_ascii=False, sort_keys=True)


def from_text(text: str) -> tuple[Rule, ...]:
    """The rules of such a text."""
    return tuple(
        Rule(one["name"], one["sentence"], tuple(Ask(**ask) for ask in one["asks"]))
        for one in json.loads(text)
    )


def table_of(view: View) -> Table:
    """The customers in the view with the two columns added; made once for a state, date and scope."""
    own = view.own_customers()
    columns = tuple(sorted(own.columns))
    key = ("rules", view.state.name, view.cutoff, view.person.scope, columns, _run_id(view))
    made: Table = view.place.seen.get(key, lambda: _with_added(view, own))
    return made


def _run_id(view: View) -> str:
    run = view.state.usable(view.cutoff).get("segmentation")
    return run.run_id if run else ""


def _with_added(view: View, own: Table) -> Table:
    since = own.columns["since"]
    assert isinstance(since, Numbers)
    today = (view.day - date(1970, 1, 1)).days
    years = Numbers((today - since.values.astype(np.float64)) / 365.25, since.absent)
    columns: dict[str, Column] = {**own.columns, TENURE: years}
    shown = [*own.shown, Shown(TENURE, "Years as customer", "number", "years", 1)]
    if (rules := _own_sql(view, own)) is not None:
        columns[OWN_SQL] = rules
        shown.append(Shown(OWN_SQL, "Segment by the bank's SQL", "text"))
    return Table(columns, tuple(shown), own.length, own.searched)


def _own_sql(view: View, own: Table) -> Sets | None:
    """The predefined segments of each customer; None without such a run or the right to read it."""
    if "segment" not in own.columns or not _run_id(view):
        return None
    if "predefined" not in view.lists("segmentation"):
        return None
    kept = view.list("segmentation", "predefined")
    who, title = kept.column("customer_id"), kept.column("title")
    ids = own.columns["customer_id"]
    if not isinstance(who, Keys) or not isinstance(title, Words) or not isinstance(ids, Keys):
        return None
    at = np.minimum(np.searchsorted(ids.values, who.values), max(own.length - 1, 0))
    bits = np.zeros(own.length, dtype=np.uint64)
    if own.length and len(who.values):
        good = (ids.values[at] == who.values) & (title.codes >= 0)
        np.bitwise_or.at(bits, at[good], np.uint64(1) << title.codes[good].astype(np.uint64))
    return Sets(bits, title.words)


def askable(table: Table) -> list[Asked]:
    """The columns that rules may ask, in the order of a page; those with nothing in them are left out."""
    found = []
    for shown in table.shown:
        column = table.columns[shown.name]
        if isinstance(column, Words | Sets) and column.words:
            kind = "word" if isinstance(column, Words) else "set"
            found.append(Asked(shown.name, kind, shown, column.words))
        elif isinstance(column, Numbers) and not column.absent.all():
            found.append(Asked(shown.name, "day" if column.kind == "day" else "number", shown))
    return found


def holds(table: Table, ask: Ask) -> Bools:
    """Which customers the condition holds for; UsageError for a column, test or value that does not fit.

    A missing value meets no condition but `missing`; so `is_not` asks for a known, other word.
    """
    column = table.column(ask.column)
    kind = _kind(column)
    if ask.test not in TESTS.get(kind, ()):
        raise UsageError(
            f"the column {ask.column} cannot be asked {ask.test[:40]!r}",
            hint=f"Ask one of {', '.join(TESTS.get(kind, ()))}.",
        )
    if ask.test in BARE:
        gone = column.missing()
        return gone if ask.test == "missing" else ~gone
    if ask.test == "is_not":
        _word(ask, column)
        return ~column.meets(OneOf.of(ask.value), ask.column) & ~column.missing()
    return column.meets(_condition(table, ask, column, kind), ask.column)


def _kind(column: Column) -> str:
    if isinstance(column, Words):
        return "word"
    if isinstance(column, Sets):
        return "set"
    if isinstance(column, Numbers):
        return "day" if column.kind == "day" else "number"
    return ""


def _condition(table: Table, ask: Ask, column: Column, kind: str) -> Condition:
    if kind in ("word", "set"):
        _word(ask, column)
        if kind == "word":
            return OneOf.of(ask.value)
        one = frozenset({ask.value})
        return Has(all_of=one) if ask.test == "has" else Has(none_of=one)
    limit = _day(ask) if kind == "day" else _number(table, ask)
    return Between(low=limit) if ask.test in ("at_least", "from") else Between(high=limit)


def _word(ask: Ask, column: Column) -> None:
    if not ask.value:
        raise UsageError(f"the condition on {ask.column} has no value", hint="Choose a value.")
    if len(ask.value) > MOST_TEXT:
        raise UsageError(f"the value of {ask.column} is too long", hint="Choose one of the list.")


def _number(table: Table, ask: Ask) -> float:
    try:
        found = float(ask.value.replace(",", "").strip())
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e15:
        raise UsageError(f"{ask.value[:40]!r} is no number for {ask.column}", hint="Write it as 1500 or 2.5.")
    shown = next((one for one in table.shown if one.name == ask.column), None)
    if shown is not None and shown.kind == "money":
        return found * MINOR
    return found / PERCENT if shown is not None and shown.kind == "share" else found


def _day(ask: Ask) -> date:
    try:
        return date.fromisoformat(ask.value.strip())
    except ValueError:
        raise UsageError(
            f"{ask.value[:40]!r} is no date for {ask.column}", hint="Write it as 2026-05-31."
        ) from None


def alone(table: Table, rule: Rule) -> Bools:
    """Which customers all conditions of a rule hold for; nobody where it has none."""
    found = np.full(table.length, bool(rule.asks), dtype=np.bool_)
    for ask in rule.asks:
        found &= holds(table, ask)
    return found


def check(rules: Sequence[Rule]) -> None:
    """UsageError for rules that cannot be kept: no name, a name twice, no condition, too many."""
    if not 1 <= len(rules) <= MOST_RULES:
        raise UsageError(f"{len(rules)} rules were given", hint=f"Give 1 to {MOST_RULES}.")
    seen: set[str] = set()
    for rule in rules:
        name = rule.name.strip()
        if not name or len(name) > 80 or len(rule.sentence) > MOST_TEXT:
            raise UsageError(
                f"a rule's name {name[:40]!r} or its sentence does not fit",
                hint=f"Names have 1 to 80 characters, sentences at most {MOST_TEXT}.",
            )
        if name.casefold() in seen:
            raise UsageError(f"two rules are named {name[:40]!r}", hint="Give each a name of its own.")
        seen.add(name.casefold())
        if not 1 <= len(rule.asks) <= MOST_CONDITIONS:
            raise UsageError(
                f"the rule {name[:40]!r} has {len(rule.asks)} conditions",
                hint=f"Give it 1 to {MOST_CONDITIONS}.",
            )
        for ask in rule.asks:
            _check_ask(rule, ask)


def _check_ask(rule: Rule, ask: Ask) -> None:
    every = {test for tests in TESTS.values() for test in tests}
    if not ask.column or ask.test not in every or (not ask.value.strip() and ask.test not in BARE):
        raise UsageError(
            f"a condition of the rule {rule.name[:40]!r} is not complete",
            hint="Choose a column, what is asked and a value, or remove the condition.",
        )
    if len(ask.value) > MOST_TEXT:
        raise UsageError(f"a value of the rule {rule.name[:40]!r} is too long", hint="Shorten it.")


def columns_of(rules: Sequence[Rule]) -> set[str]:
    """The columns that rules ask."""
    return {ask.column for rule in rules for ask in rule.asks}


def assign(table: Table, rules: Sequence[Rule]) -> Codes:
    """The place of each customer's rule, that of the first that holds; −1 where none does."""
    codes = np.full(table.length, -1, dtype=np.int64)
    for place, rule in enumerate(rules):
        codes[alone(table, rule) & (codes < 0)] = place
    return codes


def as_words(table: Table, rules: Sequence[Rule]) -> Words:
    """The same as a column of names; missing where no rule holds."""
    names = [rule.name for rule in rules]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names) + 1, dtype=np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    place[-1] = -1
    return Words(place[assign(table, rules)].astype(np.int32), tuple(names[one] for one in order))


def described(view: View, rules: Sequence[Rule]) -> Table:
    """Own customers with the column `rule` beside the others."""
    table = table_of(view)
    wider = table.with_column("rule", as_words(table, rules))
    return Table(
        wider.columns, (Shown("rule", "Segment by rule", "key"), *wider.shown), wider.length, wider.searched
    )
