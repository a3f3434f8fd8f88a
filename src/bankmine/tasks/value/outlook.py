"""Where the bank's prices are going: its customer rates follow the treasury's, with a delay.

A bank passes a move of the market on to its customers in part and months later (interest rate pass-through:
Hannan and Berger 1991, De Bondt 2005). A margin that is wide or narrow because the market has just moved is
therefore known to come back. The delay and the share passed on are learned from the bank's own rates; whether
that would have foreseen them better than rates that stand still is checked first. The treasury's own rates
are nobody's forecast: they stand still, or move as the settings say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import instants, statement
from bankmine.tasks.value.expected import Shift
from bankmine.tasks.value.ledger import MONTHS, VOLUMES, stand_in

FOLDER = Path(__file__).parent
LONGEST = 60  # months of rates looked back at
LONGEST_DELAY = 12
FEWEST = 12  # months to learn a delay from, and as many again to check it on
MOST_PASSED_ON = 1.5
CUSTOMER, TREASURY = 0, 1
# What a balance earns: how much of the customer's and of the treasury's rate.
KINDS = {
    "in credit": (-1.0, 1.0), "in credit without interest": (0.0, 1.0),
    "lent at the product's rate": (1.0, -1.0), "lent": (0.0, -1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Rates:
    """Yearly rates as shares of 1, month by month, shape (products, months, 2): customer's and treasury's.

    Oldest month first. NaN where the bank has no such rate.
    """

    products: tuple[str, ...]
    monthly: Floats

    def mean(self, first: int, last: int | None = None) -> Floats:
        """Means over the months [first, last), shape (products, 2); NaN where none of them is known."""
        part = self.monthly[:, first:last]
        known = np.isfinite(part)
        total, count = np.where(known, part, 0.0).sum(axis=1), known.sum(axis=1)
        mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        return np.asarray(mean, dtype=np.float64)


@dataclass(frozen=True)
class PassThrough:
    """How customer rates follow the treasury's: `delay` in months, `share` of each product (products,).

    `delay` is None where rates that stand still foresaw as well. `error` and `standing` are the root mean
    square errors of the mean rate of the year ahead, by this rule and by rates that stand still, as shares of
    1; NaN where the history was too short to check.
    """

    delay: int | None
    share: Floats
    error: float
    standing: float


@dataclass(frozen=True)
class Outlook:
    """The rates of the year to come and of the years after it, beside those of the last quarter and year.

    Each of shape (products, 2).
    """

    products: tuple[str, ...]
    quarter: Floats
    year: Floats
    ahead: Floats
    later: Floats
    rule: PassThrough


def rates_until(bank: Bank, end: int, months: int, *, known: int) -> Rates:
    """The rates in force at the end of each of `months` civil months before `end`, as known at `known`."""
    import pyarrow as pa

    ends = [bank.warehouse.zone.months_before(end, back) for back in reversed(range(months))]
    grid = pa.table({"month": np.arange(months), "ends": instants(np.array(ends, dtype=np.int64))})
    with Session(bank.warehouse, known, memory=bank.memory, threads=bank.threads) as session:
        stand_in(session, bank, ("rate_history",))
        session.register("grid", grid)
        found = session.arrow(statement(FOLDER, "rates"), {"known": known})
        bank.note("rates month by month", session.statements)
    products = tuple(sorted(set(found.column("product_code").to_pylist())))
    monthly = np.full((len(products), months, 2), np.nan)
    place = np.searchsorted(np.array(products), np.array(found.column("product_code").to_pylist()))
    for side, name in ((CUSTOMER, "customer_rate"), (TREASURY, "transfer_rate")):
        monthly[place, found.column("month").to_numpy(), side] = found.column(name).to_numpy()
    return Rates(products, monthly)


def outlook(rates: Rates, *, change: float = 0.0) -> Outlook:
    """The next two years: the treasury's rates stand still or move by `change` evenly over the first year."""
    rule = pass_through(rates)
    ramp = change * np.minimum(np.arange(1, 2 * MONTHS + 1), MONTHS) / MONTHS
    last = rates.monthly[:, -1]
    to_come = np.repeat(last[:, None, :], 2 * MONTHS, axis=1)
    to_come[:, :, TREASURY] += ramp[None, :]
    if rule.delay is not None:
        to_come[:, :, CUSTOMER] = followed(rates.monthly, to_come[:, :, TREASURY], rule.delay, rule.share)
    return Outlook(
        rates.products, rates.mean(-3), rates.mean(-MONTHS), to_come[:, :MONTHS].mean(axis=1),
        to_come[:, MONTHS:].mean(axis=1), rule,
    )  # fmt: skip


def came(known: Outlook, seen: Rates) -> Outlook:
    """The same with the rates that came in place of those expected; `seen` are the months of that year."""
    place = {name: at for at, name in enumerate(seen.products)}
    mean, real = seen.mean(0), known.ahead.copy()
    for at, name in enumerate(known.products):
        if name in place:
            real[at] = np.where(np.isfinite(mean[place[name]]), mean[place[name]], real[at])
    return Outlook(known.products, known.quarter, known.year, real, real, known.rule)


def pass_through(rates: Rates) -> PassThrough:
    """The delay all products share and the share each passes on, if they foresee better than standing still.

    The delay has the least squared error over all products with both rates known throughout. It is checked
    from every month of the second half of the history on: learned before, held against the mean rate of the
    up to twelve months that followed, with the treasury's rate standing still.
    """
    customer, treasury = rates.monthly[:, :, CUSTOMER], rates.monthly[:, :, TREASURY]
    begin = _first_whole(customer, treasury)
    usable = np.isfinite(customer[:, begin:]).all(axis=1) & np.isfinite(treasury[:, begin:]).all(axis=1)
    months, share = customer.shape[1] - begin, np.zeros(len(customer))
    if not usable.any() or months < 2 * FEWEST:
        return PassThrough(None, share, float("nan"), float("nan"))
    own, market = customer[usable, begin:], treasury[usable, begin:]
    by_rule, by_standing = _checked(own, market)
    delay, passed = _fitted(own, market)
    share[usable] = passed
    error, standing = (float(np.sqrt(np.mean(np.square(one)))) for one in (by_rule, by_standing))
    return PassThrough(delay if error < standing else None, share, error, standing)


def followed(monthly: Floats, to_come: Floats, delay: int, share: Floats) -> Floats:
    """Customer rates of the months to come: today's, moved by `share` of the treasury's moves `delay` ago.

    `monthly` (products, months, 2) so far, `to_come` (products, months) the treasury's rates to come.
    """
    market = np.concatenate([monthly[:, :, TREASURY], to_come], axis=1)
    today = monthly.shape[1] - 1
    at = np.arange(today + 1, market.shape[1]) - delay
    moved = market[:, at] - market[:, [today - delay]]
    return np.asarray(monthly[:, -1:, CUSTOMER] + share[:, None] * np.nan_to_num(moved), dtype=np.float64)


def standing_balances(bank: Bank, cutoff: int) -> Any:
    """What lies on each customer's accounts and loans at a cutoff, by product and kind of earning."""
    with Session(bank.warehouse, cutoff, until=cutoff, memory=bank.memory, threads=bank.threads) as session:
        stand_in(session, bank, ("account", "balance", "product", "loan", "loan_event", "holding"))
        found = session.arrow(statement(FOLDER, "standing_balances"))
        bank.note("balances at the cutoff by product", session.statements)
    return found


def shifted(balances: Any, customers: Ints, given: Outlook) -> Shift:
    """From rows of `standing_balances` to each customer's shift, weighted by what lies on each product.

    A product the outlook does not know (it has no rates, or none of their moves is known) moves like the mean
    of those it knows; of one with a single rate (a card without a treasury's, say) the other side stands
    still.
    """
    if not len(given.products) or not balances.num_rows:
        return Shift.none(len(customers))
    who = np.asarray(balances.column("customer_id").to_numpy(), dtype=np.int64)
    place = np.searchsorted(customers, who).clip(max=max(len(customers) - 1, 0))
    mine = np.flatnonzero(customers[place] == who)
    size = balances.column("size").to_numpy()[mine]
    side = [VOLUMES.index(one) for one in balances.column("component").take(mine).to_pylist()]
    cell = place[mine] * len(VOLUMES) + np.array(side, dtype=np.int64)
    weight = np.array([KINDS[one] for one in balances.column("kind").take(mine).to_pylist()]).reshape(-1, 2)
    names = {name: at for at, name in enumerate(given.products)}
    product = np.array([names.get(one, -1) for one in balances.column("product_code").take(mine).to_pylist()])
    shape = (len(customers), len(VOLUMES))
    total = np.bincount(cell, weights=size, minlength=shape[0] * shape[1])

    def shift(to: Floats, since: Floats) -> Floats:
        moved = to - since
        known = np.isfinite(moved)
        mean = np.where(known, moved, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        moved = np.where(known.any(axis=1, keepdims=True), np.where(known, moved, 0.0), mean)
        each = (weight * np.vstack([moved, mean])[product]).sum(axis=1) * size
        summed = np.bincount(cell, weights=each, minlength=len(total))
        return np.divide(summed, total, out=np.zeros(len(total)), where=total > 0).reshape(shape)

    return Shift(
        shift(given.ahead, given.quarter), shift(given.ahead, given.year), shift(given.later, given.ahead)
    )


def _first_whole(customer: Floats, treasury: Floats) -> int:
    """The first month in which any product has both rates."""
    known = (np.isfinite(customer) & np.isfinite(treasury)).any(axis=0)
    return int(np.argmax(known)) if known.any() else customer.shape[1]


def _fitted(own: Floats, market: Floats) -> tuple[int, Floats]:
    """The delay of least squared error, and each product's share of the market's moves passed on.

    All delays are judged on the same months; of equal ones the shortest is taken.
    """
    months = own.shape[1]
    longest = min(LONGEST_DELAY, months // 3)
    best: tuple[float, int, Floats] | None = None
    for delay in range(longest + 1):
        here, there = own[:, longest:], market[:, longest - delay : months - delay]
        off, by = here - here.mean(axis=1, keepdims=True), there - there.mean(axis=1, keepdims=True)
        below = (by * by).sum(axis=1)
        share = np.divide((off * by).sum(axis=1), below, out=np.zeros(len(own)), where=below > 0)
        share = share.clip(0.0, MOST_PASSED_ON)
        error = round(float(np.square(off - share[:, None] * by).sum()), 15)
        if best is None or error < best[0]:
            best = (error, delay, share)
    assert best is not None
    return best[1], best[2]


def _checked(own: Floats, market: Floats) -> tuple[Floats, Floats]:
    """Errors of the mean rate after each month of the second half: by the rule, and standing still."""
    months, by_rule, by_standing = own.shape[1], [], []
    for until in range(max(FEWEST, months // 2), months):
        delay, share = _fitted(own[:, :until], market[:, :until])
        ahead = min(MONTHS, months - until)
        held = np.repeat(market[:, until - 1 : until], ahead, axis=1)
        seen = np.stack([own[:, :until], market[:, :until]], axis=2)
        real = own[:, until : until + ahead].mean(axis=1)
        by_rule.append(followed(seen, held, delay, share).mean(axis=1) - real)
        by_standing.append(own[:, until - 1] - real)
    return np.concatenate(by_rule), np.concatenate(by_standing)
