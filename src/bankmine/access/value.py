"""Value as a person sees it, over own rows: who earns most, who of them may leave, what profit is made of.

At stake is lifetime value times the chance to close, where both are known and the value is above zero. At
risk are those whose lifetime value lies in the upper fifth of own customers who have one, and whose chance to
close lies in the upper fifth of own customers who have one. What the run says of the whole bank is given only
to whoever sees it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access.columns import Bools, Keys, Numbers, Words, token_of
from bankmine.access.tables import Shown, Table

if TYPE_CHECKING:
    from bankmine.access.view import View

TASK, STAKE = "value", "stake_minor"
UPPER = 0.8
PARTS = (
    "deposits_minor", "lending_minor", "fees_minor", "channels_minor", "campaigns_minor", "credit_loss_minor"
)  # fmt: skip
SHOWN = (
    "customer_id", "kind", "branch_id", "manager_id", "segment", "flags", "consent", "profit_minor",
    "value_minor", "value_grade", "churn_chance", "churn_grade",
)  # fmt: skip
NO_CONTACT = "consent"
"""The column that says whether a customer may be contacted: `yes`, else why not."""


@dataclass(frozen=True)
class Totals:
    """Sums over own rows, minor units: customers with a profit, theirs, lifetime value, and what is at risk.

    `stake_minor` and `risky` are None where chances to close may not be read or are not there.
    """

    customers: int
    profit_minor: int
    value_minor: int
    losing: int
    lost_minor: int
    risky: int | None
    stake_minor: int | None


@dataclass(frozen=True)
class Component:
    """A part of the profit of the past year: own rows' sum, and the whole bank's a year before where seen."""

    name: str
    minor: int
    before_minor: int | None


def table_of(view: View, which: str = "top") -> Table:
    """Own customers with a profit or value and what is at stake; `at_risk`: those at risk alone."""
    own = view.own_customers()
    runs = tuple(sorted(run.run_id for run in view.state.usable(view.cutoff).values()))
    key = ("value", which, view.state.name, view.cutoff, runs, view.person.scope, tuple(sorted(own.columns)))
    made: Table = view.place.seen.get(key, lambda: _made(own, which))
    return made


def _made(own: Table, which: str) -> Table:
    profit, value = own.columns["profit_minor"], own.columns["value_minor"]
    rows = ~(profit.missing() & value.missing())
    stake = _stake(own)
    if which == "at_risk":
        rows &= at_risk(own)
    columns = {**own.columns, **({STAKE: stake} if stake is not None else {})}
    shown = [one for one in own.shown if one.name in SHOWN]
    if stake is not None:
        shown.append(_stake_shown(own))
    return Table(columns, tuple(shown), own.length, own.searched).take(np.flatnonzero(rows))


def _stake(own: Table) -> Numbers | None:
    value, chance = own.columns["value_minor"], own.columns.get("churn_chance")
    if not isinstance(value, Numbers) or not isinstance(chance, Numbers):
        return None
    absent = value.absent | chance.absent | (value.values <= 0)
    return Numbers(np.where(absent, 0.0, value.values * chance.values), absent)


def at_risk(own: Table) -> Bools:
    """Which own customers are in the upper fifth by value and by chance to close; nobody without either."""
    rows = np.ones(own.length, dtype=np.bool_)
    for name in ("value_minor", "churn_chance"):
        column = own.columns.get(name)
        if not isinstance(column, Numbers) or column.absent.all():
            return np.zeros(own.length, dtype=np.bool_)
        rows &= ~column.absent & (column.values >= np.quantile(column.values[~column.absent], UPPER))
    return rows


def totals(view: View) -> Totals:
    """The sums over own rows."""
    own = table_of(view)
    profit, value = own.column("profit_minor"), own.column("value_minor")
    assert isinstance(profit, Numbers)
    assert isinstance(value, Numbers)
    losing = ~profit.absent & (profit.values < 0)
    risky = table_of(view, "at_risk")
    stake = risky.columns.get(STAKE)
    seen = isinstance(stake, Numbers)
    return Totals(
        customers=int((~profit.absent).sum()),
        profit_minor=round(float(profit.values[~profit.absent].sum())),
        value_minor=round(float(value.values[~value.absent].sum())),
        losing=int(losing.sum()), lost_minor=round(float(profit.values[losing].sum())),
        risky=risky.length if seen else None,
        stake_minor=round(float(stake.values[~stake.absent].sum())) if isinstance(stake, Numbers) else None,
    )  # fmt: skip


def components(view: View) -> list[Component]:
    """What the profit of own customers is made of; empty where the run keeps no parts."""
    if TASK not in view.state.usable(view.cutoff) or "customers" not in view.lists(TASK):
        return []
    table = view.list(TASK, "customers").table
    before = _before(view)
    found = []
    for name in PARTS:
        column = table.columns.get(name)
        if isinstance(column, Numbers):
            part = name.removesuffix("_minor")
            found.append(Component(part, round(float(column.values[~column.absent].sum())), before.get(part)))
    return found


def _before(view: View) -> Mapping[str, int]:
    """The whole bank's parts a year before, for whoever sees it all."""
    about = view.run(TASK).about
    result = about["figures"].get("result") if about else None
    if not result:
        return {}
    return {
        str(one["component"]): round(one["before_minor"])
        for one in result["components"]
        if one.get("before_minor") is not None
    }


def moves(view: View) -> Sequence[Mapping[str, Any]]:
    """Who entered and left the most profitable fifth within a year; empty for whoever sees a part."""
    about = view.run(TASK).about
    found: Sequence[Mapping[str, Any]] = about["figures"].get("moves") or () if about else ()
    return found


def contactable(view: View, customers: Sequence[str]) -> dict[str, str]:
    """Of these pseudonyms those in the scope, each with `yes` or why it may not be contacted."""
    own = view.own_customers()
    ids, said = own.columns["customer_id"], own.columns[NO_CONTACT]
    assert isinstance(ids, Keys)
    assert isinstance(said, Words)
    found = {}
    for one in customers:
        token = token_of(one)
        at = int(np.searchsorted(ids.values, token))
        if at < own.length and int(ids.values[at]) == token:
            code = int(said.codes[at])
            found[one] = said.words[code] if code >= 0 else "yes"
    return found


CALLED = (
    "customer_id", "manager_id", "segment", "flags", "profit_minor", "value_minor", "churn_chance"
)  # fmt: skip


def those(view: View, customers: Sequence[str]) -> Table:
    """The rows of these customers that lie in the scope, in the order given, with what is at stake."""
    own = view.own_customers()
    ids = own.columns["customer_id"]
    assert isinstance(ids, Keys)
    asked = np.array([token_of(one) for one in customers], dtype=np.int64)
    at = np.minimum(np.searchsorted(ids.values, asked), max(own.length - 1, 0))
    good = ids.values[at] == asked if own.length else np.zeros(len(asked), dtype=np.bool_)
    rows = own.take(at[good])
    shown, stake = [one for one in own.shown if one.name in CALLED], _stake(rows)
    if stake is not None:
        rows = rows.with_column(STAKE, stake)
        shown.append(_stake_shown(own))
    return Table(rows.columns, tuple(shown), rows.length, rows.searched)


def _stake_shown(own: Table) -> Shown:
    unit = next(one.unit for one in own.shown if one.name == "value_minor")
    return Shown(STAKE, "Value at stake", "money", unit)
