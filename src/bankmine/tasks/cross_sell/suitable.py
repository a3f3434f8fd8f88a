"""The form that names the most suitable product of a family (insurance) as soon as a stranger fills it in.

Learnt from openings: which product was taken, and the form as its customer would have filled it in at the
end of that day, by what the bank knew then. So it says which one suits people like this, given that they take
one; not whether they will. Before it is used it is tested forward: learnt from what was taken up to a year
before, asked of who took one since. Where it is not proved better there than the usual product, it names
that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.cross_sell.holdings import Holdings
from bankmine.tasks.next_product import NextProduct, next_product_catalogue
from bankmine.tasks.population import coverage
from bankmine.tasks.sql import instants
from bankmine.tasks.study import Work

DAY = 86_400_000_000
FAMILY, TEST_DAYS, LEAST_TESTED, RESAMPLES = "insurance", 365, 30, 400
QUESTIONS = {
    "age": "How old are you?", "occupation": "What do you do for a living?",
    "income_band": "What is your monthly income?", "education": "What is your highest education?",
    "large_payment": "Have you paid a large sum, for a home for example, in the last nine months?",
    "children": "Do you spend money on children?",
}  # fmt: skip
PLAIN = {"age": "age", "occupation": "customer_occupation", "income_band": "customer_income_band",
         "education": "customer_education"}  # fmt: skip
LARGE, LATELY = "counter_out_days_since_last_all", 270  # paid over the counter: what no card or app would pay
CHILDREN = "children_payment_days_since_first_all"
KIND = "customer_kind"


@dataclass(frozen=True)
class Takers:
    """Openings in order of the day: customer, day, product and form of each; of equal length."""

    customers: Ints
    day: Ints
    product: list[str]
    fields: Any

    def within(self, first_day: int, end_day: int) -> Takers:
        """Those of the days [first_day, end_day)."""
        kept = np.flatnonzero((self.day >= first_day) & (self.day < end_day))
        return Takers(
            self.customers[kept], self.day[kept], [self.product[row] for row in kept], self.fields.take(kept)
        )


@dataclass(frozen=True)
class Suitable:
    """The fitted form, how it was learnt in words, and its test (empty where too few took one since)."""

    form: Any
    sentence: str
    tested: dict[str, Any]


def suitable(work: Work, held: Holdings, family: str) -> Suitable | str:
    """The form for a family; the reason in words where it cannot be learnt."""
    bank = work.bank
    names = _names(bank)
    try:
        known = takers(work, held, family)
        form = _fit(bank, known)
    except FeasibilityError as error:
        return f"{error.what}. {error.hint}"
    which = ", ".join(names.get(one, one) for one in form.outcomes)
    test = tested(bank, known, held.day(bank.cutoff), names)
    sentence = (
        f"Learnt from {len(known.product):,} openings of {which}: which one suits people like this, not "
        f"whether they take one. {_proved(test)}"
    )
    called = {one: names.get(one, one) for one in form.outcomes}
    if not is_proved(test):
        form = form.falling_back(_usual(known))
    return Suitable(spoken(form, sentence, called), sentence, test)


def spoken(form: Any, sentence: str, names: Mapping[str, str]) -> Any:
    """The form with what whoever asks it is told: how far to trust it, and the products by name."""
    return replace(form, about={**form.about, "told": sentence, "names": dict(names)})


def takers(work: Work, held: Holdings, family: str) -> Takers:
    """Persons who opened one since the records begin, and their form as known at the end of that day."""
    if family not in held.families:
        raise FeasibilityError(
            f"the family {family} is not among those asked about", hint="Set form_family to one that is."
        )
    bank = work.bank
    begin = held.day(coverage(bank.warehouse, NextProduct(family).needs)[0])
    opened = held.openings.within(begin, held.day(bank.cutoff))
    opened = opened.only(opened.family == held.families.index(family))
    order = np.lexsort([opened.customer, opened.day])
    customers, day = opened.customer[order], opened.day[order]
    made = _known_on(work, customers, bank.warehouse.zone.to_utc((day + 1) * DAY))
    persons = np.array([one in (None, "person") for one in made.column(KIND).to_pylist()], dtype=np.bool_)
    kept = np.flatnonzero(persons)
    return Takers(
        customers[kept], day[kept], [opened.product[order[row]] for row in kept], _answers(made.take(kept))
    )


def _known_on(work: Work, customers: Ints, cutoffs: Ints) -> Any:
    """The features behind the form's answers, of each customer at its own cutoff (µs)."""
    import pyarrow as pa

    bank = work.bank
    catalogue = next_product_catalogue(bank.warehouse, bank.cutoff)
    can = set(catalogue.available(bank.warehouse, as_of=bank.cutoff).names)
    names = tuple(one for one in (*PLAIN.values(), LARGE, CHILDREN, KIND) if one in can)
    rows = pa.table(
        {
            "subject_kind": pa.array(["customer"] * len(customers), pa.string()), "subject_id": customers,
            "customer_id": customers, "cutoff": instants(cutoffs),
        }
    )  # fmt: skip
    return work.matrix(rows, names, catalogue=catalogue)


def _answers(made: Any) -> Any:
    """The form's fields; a question the bank's tables cannot answer is left out of the form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = set(made.column_names)
    fields = {name: made.column(feature) for name, feature in PLAIN.items() if feature in known}
    if "age" in fields:
        fields["age"] = fields["age"].cast(pa.float64())
    if LARGE in known:
        fields["large_payment"] = _yes_no(pc.less(made.column(LARGE), LATELY))
    if CHILDREN in known:
        fields["children"] = _yes_no(pc.is_valid(made.column(CHILDREN)))
    return pa.table(fields)


def _yes_no(true: Any) -> Any:
    import pyarrow.compute as pc

    return pc.if_else(pc.fill_null(true, False), "yes", "no")


def tested(bank: Bank, known: Takers, end: int, names: Mapping[str, str]) -> dict[str, Any]:
    """Hit rate of the form learnt a year ago among those who took one since, beside the usual product's."""
    zone = bank.warehouse.zone
    then = zone.days_before(bank.cutoff, TEST_DAYS)
    first = int(zone.to_local(np.array([then]))[0] // DAY)
    before, later = known.within(-(10**6), first), known.within(first, end)
    try:
        form = _fit(bank, before)
    except FeasibilityError:
        return {}
    if len(later.customers) < LEAST_TESTED:
        return {}
    said = form.outcomes
    best = [said[place] for place in np.argmax(form.probabilities(later.fields), axis=1)]
    usual = _usual(before)
    truth = np.array(later.product, dtype=object)
    hit, base = (np.array(best, dtype=object) == truth), truth == usual
    low, high, more_low, more_high = _interval(hit.astype(float), base.astype(float), bank.seed)
    return {
        "rows": len(truth), "learnt": len(before.product), "hit_rate": float(hit.mean()), "low": low,
        "high": high, "baseline": float(base.mean()), "usual": names.get(usual, usual),
        "more_low": more_low, "more_high": more_high, "since": zone.show(then)[:10],
    }  # fmt: skip


def is_proved(test: Mapping[str, Any]) -> bool:
    """Whether the form named the product taken more often than the usual one, by the whole interval."""
    return bool(test) and test["more_low"] > 0


def _usual(known: Takers) -> str:
    """The product taken most often, the first by name of equals."""
    return max(sorted(set(known.product)), key=known.product.count)


def _proved(test: Mapping[str, Any]) -> str:
    """Whether the form does better than always naming the usual product, in words."""
    if not test:
        return "Too few took one in the last year to test it: the usual product is named instead."
    if is_proved(test):
        return "In the test it named the product taken more often than the usual one was."
    return (
        f"It is not proved better than always naming {test['usual']}: the usual product is named instead, "
        "and the chances are a hint."
    )


def _fit(bank: Bank, known: Takers) -> Any:
    from bankmine.mining.form.model import FormModel

    if len(set(known.product)) < 2:
        raise FeasibilityError(
            f"customers took {len(set(known.product))} products of the family",
            hint="A form that chooses needs two.",
        )
    asked = {name: QUESTIONS[name] for name in known.fields.column_names}
    return FormModel.fit(
        known.fields, known.product, questions=asked, groups=known.customers, random_state=bank.seed
    )


def _names(bank: Bank) -> dict[str, str]:
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow("SELECT product_code, coalesce(name, product_code) AS name FROM product")
    return dict(zip(found.column(0).to_pylist(), found.column(1).to_pylist(), strict=True))


def _interval(own: Floats, base: Floats, seed: int) -> tuple[float, float, float, float]:
    draw = np.random.default_rng(seed)
    weight = draw.poisson(1.0, (RESAMPLES, len(own))).astype(np.float64)
    total = np.maximum(weight.sum(axis=1), 1.0)
    ours, theirs = weight @ own / total, weight @ base / total
    low, high = np.quantile(ours, (0.025, 0.975))
    more_low, more_high = np.quantile(ours - theirs, (0.025, 0.975))
    return float(low), float(high), float(more_low), float(more_high)
