"""Which prospects resemble golden customers: a form model learnt from customers, tested on later newcomers.

Customers filled in the same form once. What a customer brought in the year after a date sorts the customers
of that date into golden (the most valuable fifth), solid and small; the form model learns the three classes
from the form fields alone. It is tested on customers who came after that date, by what they brought in the
next year: nobody tested was there to be learnt from. The model that answers is learnt from the latest year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.mining.form.asking import Action
from bankmine.mining.form.model import FormModel
from bankmine.tasks.acquisition.worth import Worth
from bankmine.tasks.contract import Bank, Floats, Ints, Truth, exponent_of
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
FIELDS = {
    "age": "How old are you?",
    "occupation": "What is your occupation?",
    "income_band": "In which band is your monthly income?",
    "education": "What is your highest education?",
}
GOLDEN, SOLID, SMALL = "golden", "solid", "small"
CLASSES = (GOLDEN, SOLID, SMALL)
APPROACH = "approach"  # its profit is less the price of a place: see _priced
CAPACITY = 0.2  # share of strangers that can be approached
LEAST_CUSTOMERS, LEAST_TESTED = 300, 60
_FIRST = {GOLDEN: 0.8, SOLID: 0.4}


@dataclass(frozen=True)
class Tested:
    """Newcomers the form model was tested on: whether golden, and the chance it gave; shape (newcomers,).

    `baseline` is the share of golden customers of the newcomer's income band in training.
    """

    golden: Truth
    chance: Floats
    baseline: Floats
    customers: Ints
    sentence: str


@dataclass(frozen=True)
class Likeness:
    """The form model, what a class brings a year (minor units), and the test where one was possible."""

    form: FormModel
    brings: dict[str, float]
    tested: Tested | None
    sentence: str


def learn_likeness(bank: Bank, worth: Worth, *, years: float, cost_minor: float) -> Likeness:
    """Learns from the latest year, after a test on its newcomers. FeasibilityError below 300 customers.

    The year shrinks to half of what is covered where that is less than two years.
    """
    quarters = min(4, (len(worth.edges) - 1) // 2)
    if quarters < 1:
        raise FeasibilityError(
            f"{len(worth.edges) - 1} whole quarters are covered",
            hint="Learning from forms needs two: one to look at forms, one to see what they bring.",
        )
    middle, first = (int(worth.edges[-1 - quarters * back]) for back in (1, 2))
    ahead = int(worth.edges[-1])
    zone = bank.warehouse.zone
    early, late = customer_forms(bank, first), customer_forms(bank, middle)
    tested = _test(bank, worth, (early, first, middle), (late, middle, ahead))
    classes, brings = _classes(worth, _ids(late), middle, ahead, 4 / quarters)
    form = _priced(bank, _fit(bank, late, classes, brings, years, cost_minor), late)
    return Likeness(
        form, brings, tested,
        f"Learnt from {late.num_rows:,} customers of {zone.show(middle)} by what they brought in the "
        f"{quarters * 3} months that followed.",
    )  # fmt: skip


def prospect_forms(bank: Bank, at: int) -> Any:
    """The forms of all prospects as known at a cutoff."""
    return _asked(bank, "prospect_forms", at)


def customer_forms(bank: Bank, at: int) -> Any:
    """What persons who are customers would have written on the form, as known at a cutoff."""
    return _asked(bank, "customer_forms", at)


def _test(
    bank: Bank, worth: Worth, before: tuple[Any, int, int], after: tuple[Any, int, int]
) -> Tested | None:
    """The model of the earlier year on those who came after its date, by what they brought the year after."""
    (early, first, middle), (late, _, ahead) = before, after
    newcomers = np.flatnonzero(~np.isin(_ids(late), _ids(early)))
    golden = np.array(_classes(worth, _ids(late), middle, ahead, 1.0)[0])[newcomers] == GOLDEN
    if len(newcomers) < LEAST_TESTED or golden.sum() < 10 or early.num_rows < LEAST_CUSTOMERS:
        return None
    classes, brings = _classes(worth, _ids(early), first, middle, 1.0)
    form = _fit(bank, early, classes, brings, 1.0, 0.0)
    chance = form.probabilities(late.take(newcomers))[:, form.outcomes.index(GOLDEN)]
    zone = bank.warehouse.zone
    return Tested(
        golden, chance, _by_band(early, classes, late.take(newcomers)), _ids(late)[newcomers],
        f"Learnt from {early.num_rows:,} customers of {zone.show(first)}, tested on the {len(newcomers):,} "
        f"who came between that day and {zone.show(middle)}, by what they brought until {zone.show(ahead)}.",
    )  # fmt: skip


def _by_band(early: Any, classes: list[str], late: Any) -> Floats:
    """The share golden in the income band of each of the later ones; of all for a band never seen."""
    golden = np.array(classes) == GOLDEN
    seen, asked = (np.array(table.column("income_band").to_pylist(), dtype=object) for table in (early, late))
    share = {band: float(golden[seen == band].mean()) for band in set(seen.tolist())}
    return np.array([share.get(band, float(golden.mean())) for band in asked.tolist()])


def _fit(
    bank: Bank, table: Any, classes: list[str], brings: dict[str, float], years: float, cost_minor: float
) -> FormModel:
    if table.num_rows < LEAST_CUSTOMERS:
        raise FeasibilityError(
            f"{table.num_rows} persons are customers", hint=f"Learning from forms needs {LEAST_CUSTOMERS}."
        )
    major = 10 ** exponent_of(bank.warehouse.currency)
    present = set(classes)
    profit = {name: value * years / major for name, value in brings.items() if name in present}
    return FormModel.fit(
        table.select(list(FIELDS)), classes, actions=[Action(APPROACH, profit, cost_minor / major)],
        unit=bank.warehouse.currency, questions=FIELDS, random_state=bank.seed,
        about={"years": years, "classes": "by profit: golden is the most valuable fifth"},
    )  # fmt: skip


def _priced(bank: Bank, form: FormModel, table: Any) -> FormModel:
    """The form with a place on the list at its price: only so many can be approached, and who is takes the
    place of another. The price is what the last one who gets a place is expected to bring."""
    capacity = float(bank.settings.get("capacity", CAPACITY))
    expected = form.expected_profit(form.probabilities(table))[:, 0]
    price = max(float(np.quantile(expected, 1 - capacity)), 0.0)
    (action,) = form.actions
    priced = Action(action.name, action.profit, action.cost + price)
    about = {**form.about, "capacity": capacity, "price_of_a_place": price}
    return replace(form, actions=(priced,), about=about)


def _classes(
    worth: Worth, customers: Ints, since: int, until: int, yearly: float
) -> tuple[list[str], dict[str, float]]:
    """Each customer's class by profit in [since, until), and what each class brings on average a year."""
    profit = worth.of(customers, worth.between(since, until))
    limits = {name: float(np.quantile(profit, share)) for name, share in _FIRST.items()}
    found = np.where(profit >= limits[SOLID], SOLID, SMALL)
    found = np.where((profit >= limits[GOLDEN]) & (profit > 0), GOLDEN, found)
    brings = {
        name: float(profit[found == name].mean() * yearly) if (found == name).any() else 0.0
        for name in CLASSES
    }
    return found.tolist(), brings


def civil_year(zone: Zone, at: int) -> int:
    """The calendar year of an instant (µs) in the bank's zone."""
    local = zone.to_local(np.array([at])).astype("datetime64[us]")
    return int(local.astype("datetime64[Y]").astype(np.int64)[0]) + 1970


def _asked(bank: Bank, name: str, at: int) -> Any:
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=1) as session:
        found = session.arrow(statement(FOLDER, name), {"year": civil_year(bank.warehouse.zone, at)})
        bank.note(name, session.statements)
    return found


def _ids(table: Any) -> Ints:
    return np.asarray(table.column("customer_id").to_numpy(), dtype=np.int64)
