"""What each customer will earn in the next twelve months, given that it stays: balances × margins.

The balances of the last quarter, at the customer's own margins moved by the outlook for rates (`outlook.py`);
each side (in credit, lent) then brought to the level that the same reckoning missed a year ago: balances that
grow, products held for the first time, money moving to products that earn less. That growth is damped
(Gardner and McKenzie 1985), and the few customers farthest off do not teach it: one of them may weigh as
much as a hundred others. Expected losses come to what they came to before. Fees as in the last quarter, costs
as in the year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.value.ledger import COMPONENTS, VOLUMES, Ledger

LATE = 0.05  # a yearly expected loss above this share of what is lent: some of it is past due
FEWEST = 30
FARTHEST = 0.005  # share of customers, the farthest off, that teach no level
DAMPED = 0.85  # of last year's growth beyond standing still, what is expected of the next
GROUPS = 5
_AT = {name: at for at, name in enumerate(COMPONENTS)}


@dataclass(frozen=True)
class Shift:
    """What the outlook for rates changes in each customer's margin, (customers, sides), shares of 1.

    `quarter` and `year`: of the year to come against the last quarter and year; `later`: of the years after
    it against the year to come.
    """

    quarter: Floats
    year: Floats
    later: Floats

    @classmethod
    def none(cls, customers: int) -> Shift:
        """Rates that stay as they are."""
        nothing = np.zeros((customers, len(VOLUMES)))
        return cls(nothing, nothing, nothing)


@dataclass(frozen=True)
class Growth:
    """What the past year taught: `levels` (sides,) of what balances earn, `late` and `good` for losses.

    `lost` is what the whole book came to lose over what was lent: expected losses are brought to that sum,
    for the few late loans say better how losses are divided than how large they are.

    `kept` is the share of a borrower's loans that is still lent a year on, new ones included. `pairs` is how
    many customers it was learned from, `left_out` how many of them were too far off to teach the levels;
    `taught` is false where there was no year to learn from and everything is taken to stay as it is.
    """

    levels: Floats
    kept: float
    late: float
    good: float
    lost: float
    pairs: int
    left_out: int = 0
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


UNTAUGHT = Growth(np.ones(2), 1.0, 1.0, 0.0, 0.0, 0, taught=False)


def learn(
    before: Ledger, after: Ledger, stayed: Truth, came: Shift | None = None,
    book: tuple[Ledger, Ledger] | None = None,
) -> Growth:  # fmt: skip
    """Growth from one year to the next, over the same customers in the same order.

    `came` says what the rates of the year did to margins, so that growth is told apart from rates. `book` are
    the ledgers of everybody, those who left early included, for losses do not leave. Fewer than 30 who stayed
    teach nothing: everything is then taken to stay as it is.
    """
    if int(stayed.sum()) < FEWEST:
        return UNTAUGHT
    stays = 1.0 - (1.0 - float(stayed.mean())) / 2.0
    priced = priced_balances(before, came) * stays
    real = after.parts[:, : len(VOLUMES)].astype(np.float64)
    levels, far = zip(*(_level(priced[:, at], real[:, at]) for at in range(len(VOLUMES))), strict=True)
    whole = book or (before, after)
    late_share, good = _losses(*whole)
    return Growth(
        np.array(levels), _kept(before.volumes[stayed, 0, 1], after.volumes[stayed, :, 1].mean(axis=1)),
        late_share, good, _lost(*whole) / stays, int(stayed.sum()), max(far),
    )  # fmt: skip


def priced_balances(ledger: Ledger, shift: Shift | None = None) -> Floats:
    """The balances of the last quarter at the margins to come, (customers, sides), minor units a year."""
    moved = shift or Shift.none(len(ledger.customers))
    priced = [ledger.volumes[:, 0, side] * _margin(ledger, side, moved) for side in range(len(VOLUMES))]
    return np.stack(priced, axis=1)


def expected_year(ledger: Ledger, growth: Growth, shift: Shift | None = None) -> Floats:
    """Expected amounts of the next twelve months by component, given that the customer stays; minor units."""
    result = np.zeros((len(ledger.customers), len(COMPONENTS)))
    result[:, : len(VOLUMES)] = priced_balances(ledger, shift) * growth.levels
    result[:, _AT["credit loss"]] = -_losses_to_come(ledger, growth)
    result[:, _AT["fees"]] = 4.0 * ledger.amounts[:, 0, _AT["fees"]]
    result[:, _AT["channels"]] = ledger.parts[:, _AT["channels"]]
    campaigns = ledger.parts[:, _AT["campaigns"]]
    result[:, _AT["campaigns"]] = campaigns.mean() if len(campaigns) else 0.0
    return result


def expected_later(expected: Floats, ledger: Ledger, growth: Growth, shift: Shift) -> Floats:
    """A year of the time after the first: the same, at the rates the outlook ends with."""
    later = expected.copy()
    later[:, : len(VOLUMES)] += ledger.volumes[:, 0, :] * shift.later * growth.levels
    return later


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


def _level(priced: Floats, real: Floats) -> tuple[float, int]:
    """What came over what was reckoned, damped, without those farthest off; and how many those are."""
    off = np.abs(real - priced)
    near = off <= np.quantile(off, 1.0 - FARTHEST)
    total = float(priced[near].sum())
    level = float(real[near].sum()) / total if total > 0 else 1.0
    return 1.0 + DAMPED * (min(max(level, 0.5), 2.0) - 1.0), int((~near).sum())


def _kept(now: Floats, following: Floats) -> float:
    """The following over what was lent, least squares weighing by the inverse root of the size; at most 1."""
    some = now > 0
    if int(some.sum()) < FEWEST:
        return 1.0
    now, following = now[some], following[some]
    weight = 1.0 / np.maximum(now, float(now.mean()))
    return min(1.0, float((weight * now * following).sum() / (weight * now * now).sum()))


def _lost(before: Ledger, after: Ledger) -> float:
    """What the book came to lose in the year over what was lent at its begin."""
    lent = float(before.volumes[:, 0, 1].sum())
    return float(-after.parts[:, _AT["credit loss"]].sum()) / lent if lent > 0 else 0.0


def _losses_to_come(ledger: Ledger, growth: Growth) -> Floats:
    """Expected losses of the year to come, positive, divided by state and summing to the book's."""
    loss, lent = _loss(ledger), ledger.volumes[:, 0, 1]
    if not growth.taught:
        return loss
    divided = np.where(late(ledger), loss * growth.late, lent * growth.good)
    total = float(divided.sum())
    scale = growth.lost * float(lent.sum()) / total if total > 0 else 1.0
    return np.asarray(divided * scale, dtype=np.float64)


def _losses(before: Ledger, after: Ledger) -> tuple[float, float]:
    """What late loans come to cost over their expected loss, and the others over what is lent.

    Each quarter of the year before is looked at with the four that follow it: four looks at the few who are
    late in place of one.
    """
    at, quarters = _AT["credit loss"], before.volumes.shape[1]
    loss = -np.concatenate([after.amounts[:, :, at], before.amounts[:, :, at]], axis=1).astype(np.float64)
    part, whole = np.zeros(2), np.zeros(2)
    for quarter in range(quarters):
        lent, now = before.volumes[:, quarter, 1], 4.0 * loss[:, quarters + quarter]
        following, is_late = loss[:, quarter : quarters + quarter].sum(axis=1), now > LATE * lent
        part += following[is_late].sum(), following[~is_late].sum()
        whole += now[is_late].sum(), lent[~is_late].sum()
    return (float(part[0] / whole[0]) if whole[0] > 0 else 1.0), (
        float(part[1] / whole[1]) if whole[1] > 0 else 0.0
    )


def _margin(ledger: Ledger, side: int, shift: Shift) -> Floats:
    """Yearly margin on the balance: half that of the year, half that of the last quarter, each moved on."""
    volumes, amounts = ledger.volumes[:, :, side], ledger.amounts[:, :, side].astype(np.float64)
    mean, now = volumes.mean(axis=1), volumes[:, 0]
    everybody = float(amounts.sum() / mean.sum()) if mean.sum() > 0 else 0.0
    year = np.divide(amounts.sum(axis=1), mean, out=np.full(len(mean), everybody), where=mean >= 1.0)
    quarter = np.divide(4.0 * amounts[:, 0], now, out=year.copy(), where=now >= 1.0)
    return np.asarray((year + shift.year[:, side] + quarter + shift.quarter[:, side]) / 2.0, dtype=np.float64)


def _loss(ledger: Ledger) -> Floats:
    """The yearly expected loss at the rate of the last quarter, as a positive amount."""
    return np.asarray(-4.0 * ledger.amounts[:, 0, _AT["credit loss"]], dtype=np.float64)
