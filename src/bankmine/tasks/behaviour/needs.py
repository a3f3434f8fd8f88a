"""Needs foreseen, side by side: for each customer the chance of each need and the path that speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.customers.conditions import conditions
from bankmine.mining.association.sequences import holding
from bankmine.tasks.behaviour.outcomes import CLOSES, CLOSES_WORDS
from bankmine.tasks.behaviour.paths import GAP_DAYS, Found
from bankmine.tasks.behaviour.steps import Walks
from bankmine.tasks.contract import Bank, Decision
from bankmine.tasks.study import Asked

TIMES = 2.0  # a need counts as foreseen from so many times the usual chance on: first in the grades too
GRADES = (("first", TIMES), ("next", 1.5), ("later", 1.0), ("none", 0.0))  # times the usual chance
ACTIONS = MappingProxyType(
    {
        "first": "Speak of the need now, best in the days after pay day; keep a hold-out group.",
        "next": "Put into the next campaign for the need, with a hold-out group.",
        "later": "Keep in mind: mention it when the customer calls.",
        "none": "Do not offer it.",
    }
)


def needs_table(bank: Bank, asked: Sequence[Asked], words: Mapping[str, str], now: Walks | None,
                found: Sequence[Found]) -> Any:  # fmt: skip
    """One row a customer to whom something may be sold, strongest need first.

    Columns customer_id, a chance for each need (null where it was not asked of them), the need whose chance
    is the most times the usual one, how many times, and a path of the last 60 days that held forward, with
    what it precedes. Only a need whose model beats its baseline is named.
    """
    customers = np.unique(np.concatenate([one.rows.column("customer_id").to_numpy() for one in asked]))
    known = conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)
    customers = customers[known.may_sell(customers.tolist())]
    chance = {one.name: _spread(one, customers) for one in asked}
    usual = {one.name: float(one.tested.truth.mean()) for one in asked}
    times = np.stack([chance[one.name] / max(usual[one.name], 1e-9) for one in asked])
    better = np.array([bool(one.figures["beats_baseline"]) for one in asked])
    times = np.where(np.isfinite(times) & better[:, None], times, 0.0)
    best, most = times.argmax(axis=0), times.max(axis=0)
    needs = [words[one.name] for one in asked]
    titles = {**words, CLOSES: CLOSES_WORDS}
    order = np.lexsort((customers, -most))
    table = pa.table(
        {
            "customer_id": customers,
            **{name: pa.array(values, mask=np.isnan(values)) for name, values in chance.items()},
            "need": pa.array([needs[place] if more >= TIMES else None for place, more in
                              zip(best, most, strict=True)], pa.string()),
            "times_usual": most,
            "path": pa.array(_walked(customers, now, found, titles), pa.string()),
        }
    )  # fmt: skip
    return table.take(pa.array(order))


def decision_of(asked: Asked) -> Decision:
    """Grades by how many times the usual chance a customer's is; no offer where the baseline answers."""
    chance = np.asarray(asked.probability, dtype=np.float64)
    times = chance / max(float(asked.tested.truth.mean()), 1e-9)
    limits = np.array([limit for _, limit in GRADES[:-1]])
    place = (times[:, None] < limits).sum(axis=1)
    if not asked.figures["beats_baseline"]:
        place = np.maximum(place, 2)
    grade = [GRADES[one][0] for one in place]
    return Decision(
        value=np.round(chance * 100, 4), unit="percent", grade=grade, order=-chance, actions=ACTIONS,
        summary={"customers": len(chance), "expected": float(chance.sum())},
    )  # fmt: skip


def foreseen(table: Any) -> dict[str, int]:
    """How many customers each need is foreseen for."""
    values = [one for one in table.column("need").to_pylist() if one is not None]
    return {need: values.count(need) for need in dict.fromkeys(values)}


def _spread(asked: Asked, customers: Any) -> Any:
    """The answers in the order of `customers`; NaN where not asked."""
    own = asked.rows.column("customer_id").to_numpy()
    order = np.argsort(own, kind="stable")
    at = np.searchsorted(own[order], customers).clip(max=len(own) - 1)
    hit = own[order][at] == customers
    return np.where(hit, asked.probability[order[at]], np.nan)


def _walked(
    customers: Any, now: Walks | None, found: Sequence[Found], titles: Mapping[str, str]
) -> list[Any]:
    """For each customer the path with the highest sure lift among those that held forward and were walked."""
    said: list[Any] = [None] * len(customers)
    if now is None or len(now.cutoff) == 0:
        return said
    place = now.place(customers, np.full(len(customers), now.cutoff[0]))
    for one in sorted((one for one in found if one.holds), key=lambda one: (-(one.low or 0.0), one.words)):
        has = holding(now.sequences, one.pattern, gap=GAP_DAYS)
        for at in np.flatnonzero((place >= 0) & has[place.clip(min=0)]):
            said[at] = said[at] or f"{one.words} ⇒ {titles[one.outcome].lower()}"
    return said
