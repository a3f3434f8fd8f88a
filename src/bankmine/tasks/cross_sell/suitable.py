"""The form that names the most suitable product of a family (insurance) as soon as a stranger fills it in.

Learnt from customers who took one: their answers to the form's questions, and which product they took last.
So it says which one suits people like this, given that they take one; not whether they will. Before it is
used it is tested forward: learnt from what was taken up to a year before, asked of who took one since.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.cross_sell.holdings import Holdings, Openings
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
FAMILY, TEST_DAYS, LEAST_TESTED, RESAMPLES = "insurance", 365, 30, 400
QUESTIONS = {
    "age": "How old are you?", "occupation": "What do you do for a living?",
    "income_band": "What is your monthly income?", "education": "What is your highest education?",
}  # fmt: skip


@dataclass(frozen=True)
class Takers:
    """Customers with the product they took last and their form; lists of equal length."""

    customers: Ints
    product: list[str]
    fields: Any


@dataclass(frozen=True)
class Suitable:
    """The fitted form, how it was learnt in words, and its test (empty where too few took one since)."""

    form: Any
    sentence: str
    tested: dict[str, Any]


def suitable(bank: Bank, held: Holdings, family: str) -> Suitable | str:
    """The form for a family; the reason in words where it cannot be learnt."""
    end = held.day(bank.cutoff)
    names = _names(bank)
    try:
        form, learnt = _fit(bank, takers(bank, held, family, bank.cutoff, end))
    except FeasibilityError as error:
        return f"{error.what}. {error.hint}"
    which = ", ".join(names.get(one, one) for one in form.outcomes)
    return Suitable(
        form,
        f"Learnt from {learnt:,} customers who took one of {which}: which one suits people like this, not "
        "whether they take one.",
        tested(bank, held, family, end),
    )


def takers(
    bank: Bank, held: Holdings, family: str, at: int, end_day: int, first_day: int = -(10**6)
) -> Takers:
    """Who opened one in [first_day, end_day), the last one they opened, and their form as known at `at`."""
    if family not in held.families:
        raise FeasibilityError(
            f"the bank sells nothing of the family {family}", hint="Set form_family to one it sells."
        )
    opened = held.openings.within(first_day, end_day)
    opened = opened.only(opened.family == held.families.index(family))
    fields = _forms(bank, at)
    ids = np.asarray(fields.column("customer_id").to_numpy(), dtype=np.int64)
    last = _last(opened)
    rows = [row for row, one in enumerate(ids.tolist()) if one in last]
    return Takers(
        ids[rows], [last[int(ids[row])] for row in rows], fields.take(rows).drop_columns(["customer_id"])
    )


def tested(bank: Bank, held: Holdings, family: str, end: int) -> dict[str, Any]:
    """Hit rate of the form learnt a year ago among those who took one since, beside the usual product's."""
    zone = bank.warehouse.zone
    then = zone.days_before(bank.cutoff, TEST_DAYS)
    first = held.day(then)
    later = takers(bank, held, family, bank.cutoff, end, first)
    try:
        before = takers(bank, held, family, then, first)
        form, learnt = _fit(bank, before)
    except FeasibilityError:
        return {}
    if len(later.customers) < LEAST_TESTED:
        return {}
    said = form.outcomes
    best = [said[place] for place in np.argmax(form.probabilities(later.fields), axis=1)]
    usual = max(sorted(set(before.product)), key=before.product.count)
    truth = np.array(later.product, dtype=object)
    hit, base = (np.array(best, dtype=object) == truth), truth == usual
    low, high, more_low, more_high = _interval(hit.astype(float), base.astype(float), bank.seed)
    return {
        "rows": len(truth), "learnt": learnt, "hit_rate": float(hit.mean()), "low": low, "high": high,
        "baseline": float(base.mean()), "usual": usual, "more_low": more_low, "more_high": more_high,
        "since": zone.show(then)[:10],
    }  # fmt: skip


def _fit(bank: Bank, known: Takers) -> tuple[Any, int]:
    from bankmine.mining.form.model import FormModel

    if len(set(known.product)) < 2:
        raise FeasibilityError(
            f"customers took {len(set(known.product))} products of the family",
            hint="A form that chooses needs two.",
        )
    form = FormModel.fit(known.fields, known.product, questions=QUESTIONS, random_state=bank.seed)
    return form, len(known.product)


def _forms(bank: Bank, at: int) -> Any:
    year = int(bank.warehouse.zone.show(at)[:4])
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(statement(FOLDER, "forms"), {"year": year})
        bank.note("forms", session.statements)
    return found


def _names(bank: Bank) -> dict[str, str]:
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow("SELECT product_code, coalesce(name, product_code) AS name FROM product")
    return dict(zip(found.column(0).to_pylist(), found.column(1).to_pylist(), strict=True))


def _last(opened: Openings) -> dict[int, str]:
    """The product each customer opened last."""
    return dict(zip(opened.customer.tolist(), opened.product, strict=True))


def _interval(own: Floats, base: Floats, seed: int) -> tuple[float, float, float, float]:
    draw = np.random.default_rng(seed)
    weight = draw.poisson(1.0, (RESAMPLES, len(own))).astype(np.float64)
    total = np.maximum(weight.sum(axis=1), 1.0)
    ours, theirs = weight @ own / total, weight @ base / total
    low, high = np.quantile(ours, (0.025, 0.975))
    more_low, more_high = np.quantile(ours - theirs, (0.025, 0.975))
    return float(low), float(high), float(more_low), float(more_high)
