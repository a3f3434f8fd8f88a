"""Expected loss of a past cutoff against what came: of loans that ran, were in default, or stood beside such.

Tested on the last cutoff whose year is over: scale and levels made without these customers' outcomes, losses
and conversion as measured then, against what the defaults of that year have lost by now. Where work-outs are
open, what they will lose is stated by today's measured shares and shown apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.evaluation.intervals import mean_interval
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.labels import LabelRule, days_after
from bankmine.tasks.rating.expected import Chances, by_customer, parts
from bankmine.tasks.rating.exposure import Loans
from bankmine.tasks.rating.levels import Levels, said_and_came
from bankmine.tasks.rating.losses import OPEN, Defaults, Loss, conversion, losses
from bankmine.tasks.rating.settings import Settings
from bankmine.tasks.rating.standing import Standing

IN_DEFAULT, BESIDE = "in default", "other loans of customers in default or written off"


@dataclass(frozen=True)
class Came:
    """What became of loans (ascending ids) in a period: whether they were in default, what was owed when that
    began, what they have lost by now, what they are still stated to lose."""

    bad: Truth
    owed: Floats
    lost: Floats
    still: Floats

    def take(self, which: Truth) -> Came:
        """The loans of a mask."""
        return Came(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def came(now: Defaults, loans: Ints, since: int, until: int, loss_now: tuple[Loss, ...]) -> Came:
    """Of defaults that began before `until` and were not over at `since`; both µs."""
    rows = (now.began < until) & (now.ended > since) & np.isin(now.loan, loans)
    share = np.array([one.share for one in loss_now])
    place = np.searchsorted(loans, now.loan[rows])
    open_ = np.where(now.state[rows] == OPEN, share[now.bucket[rows]] * now.owed[rows], 0.0)
    sums: list[Floats] = [
        np.asarray(np.bincount(place, weights=each, minlength=len(loans)), dtype=np.float64)
        for each in (now.owed[rows], now.lost[rows], open_)
    ]
    return Came(np.bincount(place, minlength=len(loans)) > 0, *sums)


def back_test(
    bank: Bank, at: int, rule: LabelRule, said: Chances, levels: Levels, then: Standing, now: Defaults,
    loss_now: tuple[Loss, ...], settings: Settings,
) -> dict[str, Any]:  # fmt: skip
    """Expected loss at a past cutoff against what the year lost, of the customers of `said`; and of loans
    that were in default, or whose customers were.

    The chances of grades and levels are by scales and levels that did not see these customers' outcomes.
    """
    loans = then.loans
    base, grade, found = said.of(loans)
    chance = levels.of(loans.customer, loans.loan, loans.drawn, base)
    share, converted = losses(then.defaults, bank, settings), conversion(then.defaults, bank, settings)
    until = int(days_after(np.array([at]), rule.horizon_days, bank.warehouse.zone)[0])
    seen = came(now, loans.loan, at, until, loss_now)
    out = np.isin(loans.customer, then.out)
    kept = found & ~out
    made, crossed = (parts(loans, each, share, converted) for each in (chance, grade))
    certain = parts(loans, np.ones(len(chance)), share, converted)
    own = parts(loans, said.alone(loans.loan), share, converted)
    whole = _line(bank, loans, made.expected, made.exposure, seen, kept)
    beside = out & ~loans.in_default
    lines = [
        {"line": name, **_line(bank, loans, own.expected, own.exposure, seen, mask),
         "certain_minor": float(certain.expected[mask].sum())}
        for name, mask in ((IN_DEFAULT, loans.in_default), (BESIDE, beside)) if mask.any()
    ]  # fmt: skip
    return {
        "cutoff": bank.warehouse.zone.show(at), **whole, "customers": len(said.customer),
        "crossed_minor": float(crossed.expected[kept].sum()),
        "expected_defaults": float(chance[kept].sum()), "lines": lines,
        "unmoved_defaults": float(base[kept].sum()),
        "said_and_came": said_and_came(
            levels, loans.loan[kept], loans.customer[kept], loans.drawn[kept], chance[kept],
            made.exposure[kept], seen.take(kept), bank.seed,
        ),
        "measured": [one.bucket for one in share if one.measured],
        "conversion_measured": converted.measured,
    }  # fmt: skip


def _line(
    bank: Bank, loans: Loans, expected: Floats, exposure: Floats, seen: Came, mask: Truth
) -> dict[str, Any]:
    """A line of the test: what was said of the loans of a mask, and what came with its 95 % interval,
    customers resampled."""
    ids = np.unique(loans.customer[mask])
    both = by_customer(loans.customer[mask], (seen.lost + seen.still)[mask], ids)
    low, high = 0.0, 0.0
    if len(ids):
        mean = mean_interval(both, name="lost", random_state=bank.seed)
        low, high = mean.low * len(ids), mean.high * len(ids)
    return {
        "customers": len(ids), "loans": int(mask.sum()), "exposure_minor": float(exposure[mask].sum()),
        "expected_minor": float(expected[mask].sum()), "lost_minor": float(seen.lost[mask].sum()),
        "open_minor": float(seen.still[mask].sum()), "lost_low": low, "lost_high": high,
        "defaulted_loans": int(seen.bad[mask].sum()),
        "defaulted_exposure_minor": float(seen.owed[mask].sum()),
    }  # fmt: skip
