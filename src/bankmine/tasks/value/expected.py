"""What each customer will earn in the next twelve months, given that it stays: balances × margins.

Balances grow as they did for customers alike a year before: `next = f · now + g · (now − nine months ago)`,
fitted on customers who stayed, each side (in credit, lent) apart. Margins are the customer's own of the year
and of the last quarter, half each. Expected losses move as they did: what late loans cost next, and what
loans in good standing came to cost. Fees as in the last quarter, costs as in the year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.value.ledger import COMPONENTS, VOLUMES, Ledger

LATE = 0.05  # a yearly expected loss above this share of what is lent: some of it is past due
FEWEST = 30
GROUPS = 5
_AT = {name: at for at, name in enumerate(COMPONENTS)}


@dataclass(frozen=True)
class Growth:
    """What the past year taught: `balances` (side, [f, g]), `late` and `good` for losses.

    `pairs` is how many customers it was learned from; `taught` is false where there was no year to learn
    from and everything is taken to stay as it is.
    """

    balances: Floats
    late: float
    good: float
    pairs: int
    taught: bool = True


@dataclass(frozen=True)
class Spread:
    """How far forecasts of a year were off: errors over size, sorted, in groups of customers of like size.

    `limits` are the sizes that divide the groups; `late` customers (loans past due, or a loss
    within the year) are a group of their own, the last.
    """

    limits: Floats
    errors: tuple[Floats, ...]
    floor: float

    def group(self, size: Floats, late: Truth) -> Ints:
        """Each customer's group."""
        place = np.searchsorted(self.limits, size, side="right")
        return np.where(late & (len(self.errors) > len(self.limits) + 1), len(self.errors) - 1, place)

    def quantile(self, size: Floats, late: Truth, share: float) -> Floats:
        """The error, in money, that a share of customers alike stayed below."""
        by_group = np.array([np.quantile(one, share) for one in self.errors])
        return np.asarray(by_group[self.group(size, late)] * (size + self.floor), dtype=np.float64)

    def draw(self, size: Floats, late: Truth, generator: np.random.Generator) -> Floats:
        """One error in money for each customer, drawn from those of customers alike."""
        group, drawn = self.group(size, late), np.zeros(len(size))
        for at, errors in enumerate(self.errors):
            mine = np.flatnonzero(group == at)
            drawn[mine] = errors[generator.integers(0, len(errors), len(mine))]
        return drawn * (size + self.floor)


UNTAUGHT = Growth(np.array([[1.0, 0.0], [1.0, 0.0]]), 1.0, 0.0, 0, taught=False)


def learn(before: Ledger, after: Ledger, stayed: Truth) -> Growth:
    """Growth from one year to the next, over the same customers in the same order.

    Fewer than 30 who stayed teach nothing: everything is then taken to stay as it is.
    """
    if int(stayed.sum()) < FEWEST:
        return UNTAUGHT
    sides = [
        _growth(before.volumes[stayed, :, side], after.volumes[stayed, :, side].mean(axis=1))
        for side in range(len(VOLUMES))
    ]
    loss, lent = _loss(before), before.volumes[:, 0, 1]
    next_loss = -after.parts[:, _AT["credit loss"]].astype(np.float64)
    is_late = late(before)
    return Growth(
        np.array(sides),
        _ratio(next_loss[is_late & stayed], loss[is_late & stayed], usual=1.0),
        _ratio(next_loss[~is_late & stayed], lent[~is_late & stayed], usual=0.0),
        int(stayed.sum()),
    )


def expected_year(ledger: Ledger, growth: Growth) -> Floats:
    """Expected amounts of the next twelve months by component, given that the customer stays; minor units."""
    result = np.zeros((len(ledger.customers), len(COMPONENTS)))
    for side, name in enumerate(VOLUMES):
        now, first = ledger.volumes[:, 0, side], ledger.volumes[:, 3, side]
        factor, momentum = growth.balances[side]
        volume = np.maximum(factor * now + momentum * (now - first), 0.0)
        result[:, _AT[name]] = volume * _margin(ledger, side, _AT[name])
    loss = _loss(ledger)
    good = loss if not growth.taught else ledger.volumes[:, 0, 1] * growth.good
    result[:, _AT["credit loss"]] = -np.where(late(ledger), loss * growth.late, good)
    result[:, _AT["fees"]] = 4.0 * ledger.amounts[:, 0, _AT["fees"]]
    result[:, _AT["channels"]] = ledger.parts[:, _AT["channels"]]
    campaigns = ledger.parts[:, _AT["campaigns"]]
    result[:, _AT["campaigns"]] = campaigns.mean() if len(campaigns) else 0.0
    return result


def margin_moves(known: Sequence[Ledger]) -> Floats:
    """How the bank's margins moved from a quarter to the mean of the next four, shape (quarters, sides).

    `known` are the ledgers of years one after another, newest first; empty with fewer than five quarters.
    """
    rows = []
    for ledger in reversed(known):
        for quarter in reversed(range(ledger.volumes.shape[1])):
            lent = ledger.volumes[:, quarter].sum(axis=0)
            made = [ledger.amounts[:, quarter, _AT[name]].sum() for name in VOLUMES]
            rows.append(np.divide(4.0 * np.array(made), lent, out=np.zeros(len(VOLUMES)), where=lent > 0))
    margins = np.array(rows)
    moved = [margins[at + 1 : at + 5].mean(axis=0) - margins[at] for at in range(len(margins) - 4)]
    return np.array(moved).reshape(-1, len(VOLUMES))


def bank_margins(ledger: Ledger) -> tuple[Floats, Floats]:
    """The margins of all customers together, each side: of the year, and half year half last quarter."""
    mean, now = ledger.volumes.mean(axis=1).sum(axis=0), ledger.volumes[:, 0].sum(axis=0)
    made = np.array([ledger.amounts[:, :, _AT[name]].sum() for name in VOLUMES], dtype=np.float64)
    last = np.array([4.0 * ledger.amounts[:, 0, _AT[name]].sum() for name in VOLUMES])
    year = np.divide(made, mean, out=np.zeros(len(VOLUMES)), where=mean > 0)
    quarter = np.divide(last, now, out=year.copy(), where=now > 0)
    return year, (year + quarter) / 2.0


def late(ledger: Ledger) -> Truth:
    """Customers some of whose loans are past due, by the loss expected of them."""
    return np.asarray(_loss(ledger) > LATE * ledger.volumes[:, 0, 1], dtype=np.bool_)


def lost(ledger: Ledger) -> Truth:
    """Customers whose loans cost more than 5 % of what was lent over the whole year.

    A loan written off earlier in the year leaves a clean last quarter behind; the year still shows it.
    """
    loss = -ledger.amounts[:, :, _AT["credit loss"]].sum(axis=1)
    return np.asarray(loss > LATE * ledger.volumes[:, :, 1].mean(axis=1), dtype=np.bool_)


def troubled(ledger: Ledger) -> Truth:
    """Late now or lost money within the twelve months: their forecasts err otherwise than everybody's."""
    return late(ledger) | lost(ledger)


def size_of(expected: Floats) -> Floats:
    """The money that moves behind an expected profit: the sum of its components' sizes."""
    return np.asarray(np.abs(expected).sum(axis=1), dtype=np.float64)


def spread(expected: Floats, forecast: Floats, actual: Floats, is_late: Truth) -> Spread | None:
    """How far forecasts of a finished year were off; None below 100 customers."""
    if len(actual) < 100:
        return None
    size = size_of(expected)
    floor = max(float(np.median(size)) * 0.1, 1.0)
    error = (actual - forecast) / (size + floor)
    limits = np.unique(np.quantile(size[~is_late], np.arange(1, GROUPS) / GROUPS))
    group = np.searchsorted(limits, size, side="right")
    errors = [np.sort(error[~is_late & (group == at)]) for at in range(len(limits) + 1)]
    everybody = np.sort(error)
    errors = [one if len(one) >= FEWEST else everybody for one in errors]
    if int(is_late.sum()) >= FEWEST:
        errors.append(np.sort(error[is_late]))
    return Spread(limits, tuple(errors), floor)


def _growth(volumes: Floats, following: Floats) -> Floats:
    """f and g by least squares, each customer weighing by the inverse root of its size."""
    now, first = volumes[:, 0], volumes[:, 3]
    some = (now + first) > 0
    if int(some.sum()) < FEWEST:
        return np.array([1.0, 0.0])
    now, first, following = now[some], first[some], following[some]
    weight = 1.0 / np.sqrt(np.maximum(now + first, float((now + first).mean())))
    design = np.column_stack([now, now - first]) * weight[:, None]
    found = np.linalg.lstsq(design, following * weight, rcond=None)[0]
    return np.asarray(found, dtype=np.float64)


def _margin(ledger: Ledger, side: int, component: int) -> Floats:
    """Yearly margin on the balance: half that of the year, half that of the last quarter."""
    volumes, amounts = ledger.volumes[:, :, side], ledger.amounts[:, :, component].astype(np.float64)
    mean, now = volumes.mean(axis=1), volumes[:, 0]
    everybody = float(amounts.sum() / mean.sum()) if mean.sum() > 0 else 0.0
    year = np.divide(amounts.sum(axis=1), mean, out=np.full(len(mean), everybody), where=mean >= 1.0)
    quarter = np.divide(4.0 * amounts[:, 0], now, out=year.copy(), where=now >= 1.0)
    return np.asarray((year + quarter) / 2.0, dtype=np.float64)


def _loss(ledger: Ledger) -> Floats:
    """The yearly expected loss at the rate of the last quarter, as a positive amount."""
    return np.asarray(-4.0 * ledger.amounts[:, 0, _AT["credit loss"]], dtype=np.float64)


def _ratio(part: Floats, whole: Floats, *, usual: float) -> float:
    """Sum over sum: right on average, whatever single customers did."""
    total = float(whole.sum())
    return float(part.sum()) / total if total > 0 else usual
