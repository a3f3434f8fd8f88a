"""Value where there are only purchases: how often a customer will buy again, and for how much.

BG/NBD, MBG/NBD and Pareto/NBD are fitted to the same histories; the likeliest one that the data determine
answers. Gamma-Gamma says how much a purchase is worth. Both are fitted once more on the first part of the
history and checked against what really came in the last part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError, UsageError
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.population import customer_rows
from bankmine.tasks.sql import statement
from bankmine.tasks.value.lifetime import LEVEL
from bankmine.tasks.value.settings import Settings

if TYPE_CHECKING:
    from bankmine.mining.value.gamma_gamma import GammaGamma
    from bankmine.mining.value.model import PurchaseModel
    from bankmine.mining.value.purchases import Summary

FOLDER = Path(__file__).parent
YEAR_DAYS = 365
DRAWS = 200
FEWEST_DAYS = 120


@dataclass(frozen=True)
class Bought:
    """All purchases up to the cutoff, one row a customer and day; amounts in minor units."""

    customer: Ints
    day: Ints
    amount: Floats
    first_day: int
    until: int

    def before(self, until: int) -> Bought:
        """Only the purchases of days before `until`."""
        keep = self.day < until
        return Bought(self.customer[keep], self.day[keep], self.amount[keep], self.first_day, until)

    def spent(self, customers: Ints, since: int, until: int) -> Floats:
        """What each customer spent in [since, until)."""
        inside = (self.day >= since) & (self.day < until) & np.isin(self.customer, customers)
        place = np.searchsorted(customers, self.customer[inside])
        return np.bincount(place, weights=self.amount[inside], minlength=len(customers)).astype(np.float64)

    def times(self, customers: Ints, since: int, until: int) -> Floats:
        """On how many days each customer bought in [since, until)."""
        inside = (self.day >= since) & (self.day < until) & np.isin(self.customer, customers)
        place = np.searchsorted(customers, self.customer[inside])
        return np.bincount(place, minlength=len(customers)).astype(np.float64)


@dataclass(frozen=True)
class Fits:
    """The models on one history: all tried, the one that answers, and the amounts."""

    summary: Summary
    models: dict[str, PurchaseModel]
    chosen: str
    amounts: GammaGamma | None
    mean_amount: float
    amounts_note: str

    @property
    def model(self) -> PurchaseModel:
        """The model that answers."""
        return self.models[self.chosen]

    @property
    def spending(self) -> Floats:
        """Repeat purchases and their mean amount, as Gamma-Gamma takes them."""
        return np.column_stack([self.summary.values[:, 0], self.summary.mean_amount])

    def expected_amounts(self) -> Floats:
        """The expected amount of a purchase of each customer: Gamma-Gamma's, or where that may not be used
        the customer's own mean (everybody's for those without a repeat)."""
        if self.amounts is None:
            return np.where(self.summary.mean_amount > 0, self.summary.mean_amount, self.mean_amount)
        found = self.amounts.expected_amount(self.spending)
        return np.where(np.isfinite(found), found, self.mean_amount)


@dataclass(frozen=True)
class Foreseen:
    """What is foreseen of each customer: over a span, and over the horizon, in minor units.

    `top` is the share of drawn futures in which the customer is among the top.
    """

    purchases: Floats
    year: Floats
    year_low: Floats
    year_high: Floats
    lifetime: Floats
    low: Floats
    high: Floats
    alive: Floats
    top: Floats


def read(bank: Bank, settings: Settings, start: int) -> Bought:
    """The purchases known at the cutoff. FeasibilityError below four months of history."""
    zone = bank.warehouse.zone
    first, until = (int(one) for one in zone.day_of(np.array([start, bank.cutoff])))
    if until - first < FEWEST_DAYS:
        raise FeasibilityError(
            f"value found {until - first} days of purchases before the cutoff",
            hint=f"It needs at least {FEWEST_DAYS} days, half of them to check the forecast.",
        )
    from bankmine.tasks.value.ledger import stand_in

    with Session(
        bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
    ) as session:
        stand_in(session, bank, ("customer",))
        found = session.arrow(
            statement(FOLDER, "purchases"),
            {"zone": bank.warehouse.manifest.time_zone, "kind": settings.customer_kind},
        )
        bank.note("purchases", session.statements)
    customer, day, amount = (found.column(name).to_numpy() for name in ("customer_id", "day", "amount_minor"))
    return Bought(
        np.asarray(customer, np.int64),
        np.asarray(day, np.int64),
        np.asarray(amount, np.float64),
        first,
        until,
    )


def fit(bought: Bought, settings: Settings, *, seed: int) -> Fits:
    """Fits all models on the purchases before `bought.until`; the likeliest without a warning answers."""
    from bankmine.mining.value.beta_geometric import BgNbd, MbgNbd
    from bankmine.mining.value.pareto_nbd import ParetoNbd
    from bankmine.mining.value.purchases import summarise

    summary = summarise(
        bought.customer, bought.day, until=bought.until, amount=bought.amount,
        unit_days=float(settings.unit_days),
    )  # fmt: skip
    models: dict[str, PurchaseModel] = {
        name: miner(random_state=seed).fit(summary.values)
        for name, miner in (("BG/NBD", BgNbd), ("MBG/NBD", MbgNbd), ("Pareto/NBD", ParetoNbd))
    }
    order = sorted(
        models, key=lambda name: (bool(models[name].fitted_.warnings), -models[name].fitted_.log_likelihood)
    )
    amounts, note = _amounts(summary, seed)
    mean = float(bought.amount.mean()) if len(bought.amount) else 0.0
    return Fits(summary, models, order[0], amounts, mean, note)


def foresee(
    fits: Fits, settings: Settings, *, span_days: float, months: int, top_share: float, seed: int
) -> Foreseen:
    """Spend over the next `span_days` and, discounted, over `months`; limits from simulated futures."""
    unit = float(settings.unit_days)
    values, model = fits.summary.values, fits.model
    amount = fits.expected_amounts() * settings.margin_share
    purchases = model.expected_purchases(values, span_days / unit)
    lifetime, plain = _lifetime(model, values, settings, months)
    year_draws = _draws(fits, settings, span_days / unit, seed)
    life_draws = year_draws
    if months * 30.4375 != span_days:
        life_draws = _draws(fits, settings, months * 30.4375 / unit, seed)
    shrink = np.divide(lifetime, plain, out=np.ones(len(plain)), where=plain > 0)
    life_draws = life_draws * shrink[None, :]
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    year_low, year_high = np.quantile(year_draws, tails, axis=0)
    low, high = np.quantile(life_draws, tails, axis=0)
    return Foreseen(
        purchases, purchases * amount, year_low, year_high, lifetime * amount, low, high,
        model.probability_alive(values), _top(life_draws, top_share),
    )  # fmt: skip


def rows_of(customers: Ints, cutoff: int, value: Floats) -> Any:
    """Rows of the customers, with what they spent so far as the money at stake."""
    import pyarrow as pa

    return customer_rows(
        pa.table({"customer_id": customers, "value_minor": np.rint(value).astype(np.int64)}), cutoff
    )


def _amounts(summary: Summary, seed: int) -> tuple[GammaGamma | None, str]:
    """Gamma-Gamma on the repeat buyers; none, and why, where it does not fit or its assumption fails."""
    from bankmine.mining.value.gamma_gamma import GammaGamma

    own = "Each customer's own mean amount is used."
    bought = summary.values[:, 0] > 0
    spending = np.column_stack([summary.values[bought, 0], summary.mean_amount[bought]])
    try:
        model = GammaGamma(random_state=seed).fit(spending)
    except (FeasibilityError, UsageError) as error:
        return None, f"{own} {error.what}."
    if model.fitted_.warnings:
        return None, f"{own} Gamma-Gamma does not fit: {'; '.join(model.fitted_.warnings)}."
    if not model.independence_.holds:
        return None, f"{own} {model.independence_}"
    return model, str(model.independence_)


def _lifetime(model: PurchaseModel, values: Floats, settings: Settings, months: int) -> tuple[Floats, Floats]:
    """Expected purchases over the months, discounted and not."""
    before = np.zeros(len(values))
    discounted = np.zeros(len(values))
    for month in range(1, months + 1):
        upto = model.expected_purchases(values, month * 30.4375 / settings.unit_days)
        discounted += (upto - before) * (1.0 + settings.discount_rate) ** (-(month - 0.5) / 12.0)
        before = upto
    return discounted, before


def _draws(fits: Fits, settings: Settings, ahead: float, seed: int) -> Floats:
    """Simulated spend of the time ahead, (draws, customers)."""
    draws = DRAWS if len(fits.summary.values) <= 50_000 else DRAWS // 4
    many = fits.model.simulate_ahead(fits.summary.values, ahead, draws=draws, random_state=seed)
    if fits.amounts is None:
        return np.asarray(many * fits.expected_amounts() * settings.margin_share, dtype=np.float64)
    spent = fits.amounts.simulate_totals(fits.spending, many, random_state=seed + 1)
    return spent * settings.margin_share


def _top(drawn: Floats, share: float) -> Floats:
    count = max(1, round(drawn.shape[1] * share))
    inside = np.zeros(drawn.shape[1])
    for one in drawn:
        inside[np.argsort(-one, kind="stable")[:count]] += 1.0
    return inside / len(drawn)
