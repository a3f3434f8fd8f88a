"""Who gets how much: limits by a linear programme under budgets for loss and capital.

    maximise  Σ margin · x   subject to   Σ loss · x ≤ loss budget,  Σ capital · x ≤ capital budget,  least ≤
    x ≤ most

x is the limit of each applicant, in tranches where margin falls or risk rises with the amount. Solved by
HiGHS (Huangfu and Hall 2018). A shadow price is what one more unit of a budget would earn: zero where it is
not used up.

A band's lower end is no bound of the programme, for nobody must be given a limit: whoever would get less than
it gets none, and the programme is solved again. That is a rule of thumb (the exact choice is an integer
programme), stated beside the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.decisions.credit_policy.money import Floats
from bankmine.errors import FeasibilityError, UsageError

MOST_ROUNDS = 20


@dataclass(frozen=True)
class Budget:
    """A budget with what of it is used and its shadow price (profit for one more unit)."""

    name: str
    amount: float
    used: float
    shadow_price: float

    def line(self, unit: float = 1.0) -> str:
        """The budget in a line, amounts divided by `unit`."""
        said = (
            f"one more unit would earn {self.shadow_price:.4f}" if self.shadow_price > 0
            else "not used up: more of it would earn nothing"
        )  # fmt: skip
        return f"{self.name} budget {self.amount / unit:,.0f}: {self.used / unit:,.0f} used; {said}"


@dataclass(frozen=True)
class Limits:
    """`limit` in minor units, shape (applicants,); `profit` of a year and budgets in the same units.

    `below` counts those left without a limit because it would lie under their band, `unknown` those left out
    for want of a chance or an amount.
    """

    limit: Floats
    profit: float
    budgets: tuple[Budget, ...]
    below: int = 0
    unknown: int = 0

    def lines(self, unit: float = 1.0) -> Iterator[str]:
        """The plan in lines for people, amounts divided by `unit`."""
        given = self.limit[self.limit > 0]
        middle = np.median(given) if len(given) else 0.0
        yield (
            f"{len(given):,} of {len(self.limit):,} applicants get a limit, "
            f"{self.limit.sum() / unit:,.0f} in all, median {middle / unit:,.0f}; expected profit "
            f"{self.profit / unit:,.0f} a year, before the fixed cost of each credit."
        )
        if self.below:
            yield f"{self.below:,} get none, as theirs would lie below the least of the policy's band."
        if self.unknown:
            yield f"{self.unknown:,} are left out: their chance or the amount they ask for is not known."
        yield from (one.line(unit) for one in self.budgets)


def assign_limits(
    margin: Any,
    loss: Any,
    capital: Any,
    most: Any,
    *,
    loss_budget: float,
    capital_budget: float,
    least: Any = 0.0,
) -> Limits:
    """Limits that earn most within both budgets.

    `margin`, `loss` and `capital` are shares a year of a limit's unit, shape (applicants,) or (applicants,
    tranches); `most` and `least` the bounds of each tranche, of the same shape, in minor units. Tranches
    must not become better with the amount (margin falling, loss and capital rising or the same), or they
    would be filled out of order. UsageError for values that are missing or do not fit, FeasibilityError
    where the least limits alone exceed a budget.
    """
    wide = _shaped(margin, loss, capital, most, least)
    margin, loss, capital, most, least = wide
    rows = np.vstack([loss.ravel(), capital.ravel()])
    budgets = np.array([loss_budget, capital_budget], dtype=np.float64)
    if not np.all(np.isfinite(budgets)) or (budgets < 0).any():
        raise UsageError(
            f"the budgets are {loss_budget} and {capital_budget}", hint="Give amounts from 0 on."
        )
    for name, row, budget in zip(("loss", "capital"), rows, budgets, strict=True):
        needed = float(row @ least.ravel())
        if needed > budget * (1 + 1e-12):
            raise FeasibilityError(
                f"the least limits alone use {needed:,.0f} of the {name} budget of {budget:,.0f}",
                hint="Lower the least limits, or raise the budget.",
            )
    return _solved(margin, rows, budgets, least, most)


def assign_in_bands(
    margin: Floats, loss: Floats, capital: Floats, most: Floats, smallest: Floats, *,
    loss_budget: float, capital_budget: float,
) -> Limits:  # fmt: skip
    """`assign_limits` where a limit is either none or at least `smallest`, shape (applicants,).

    At most `MOST_ROUNDS` times those who would get less are given none and the rest is assigned again;
    whoever is then still below is given none too. Both budgets always hold; shadow prices are those of the
    last programme.
    """
    open_to = most * (most.sum(axis=1) >= smallest)[:, None]
    for _ in range(MOST_ROUNDS):
        plan = assign_limits(
            margin, loss, capital, open_to, loss_budget=loss_budget, capital_budget=capital_budget
        )
        short = (plan.limit > 0) & (plan.limit < smallest * (1 - 1e-9))
        if not short.any():
            break
        open_to = np.where(short[:, None], 0.0, open_to)
    else:
        fixed = np.minimum(np.maximum(plan.limit[:, None] - _before(open_to), 0.0), open_to)
        plan = assign_limits(
            margin, loss, capital, np.where(short[:, None], 0.0, fixed),
            loss_budget=loss_budget, capital_budget=capital_budget,
        )  # fmt: skip
    closed = (open_to.sum(axis=1) <= 0) & (most.sum(axis=1) > 0)
    return replace(plan, below=int((closed | short).sum()))


def _before(tranches: Floats) -> Floats:
    """What the tranches before each hold."""
    return np.asarray(np.cumsum(tranches, axis=1) - tranches)


def _solved(margin: Floats, rows: Floats, budgets: Floats, least: Floats, most: Floats) -> Limits:
    """The programme in units of the largest limit, so that its numbers are near one."""
    from scipy.optimize import linprog

    unit = max(float(most.max(initial=0.0)), 1.0)
    found = linprog(
        -margin.ravel(), A_ub=rows, b_ub=budgets / unit,
        bounds=np.column_stack([least.ravel(), most.ravel()]) / unit, method="highs-ds",
    )  # fmt: skip
    if not found.success:
        raise FeasibilityError(
            f"the limits cannot be assigned: {found.message}", hint="Check bounds and budgets."
        )
    amount = np.clip(found.x * unit, least.ravel(), most.ravel())
    shadow = np.maximum(-found.ineqlin.marginals, 0.0) + 0.0
    said = tuple(
        Budget(name, float(budget), float(row @ amount), float(price))
        for name, row, budget, price in zip(("loss", "capital"), rows, budgets, shadow, strict=True)
    )
    return Limits(amount.reshape(margin.shape).sum(axis=1), float(margin.ravel() @ amount), said)


def _shaped(*values: Any) -> tuple[Floats, ...]:
    """All as (applicants, tranches), checked."""
    arrays = [np.asarray(one, dtype=np.float64) for one in values]
    shape = max((one.shape for one in arrays), key=len)
    wide = [np.broadcast_to(one, shape).reshape(shape[0] if shape else 1, -1) for one in arrays]
    margin, loss, capital, most, least = wide
    if not all(np.isfinite(one).all() for one in wide):
        raise UsageError("a margin, loss, capital or bound is missing", hint="Leave such applicants out.")
    if (loss < 0).any() or (capital < 0).any() or (least < 0).any() or (least > most).any():
        raise UsageError(
            "a loss, capital or bound is negative, or a least limit above its most", hint="Mend the bounds."
        )
    steps = (
        (np.diff(margin, axis=1) > 0).any()
        or (np.diff(loss, axis=1) < 0).any()
        or (np.diff(capital, axis=1) < 0).any()
    )
    if steps:
        raise UsageError(
            "a later tranche is better than an earlier one",
            hint="Order tranches so that margin falls and risk rises.",
        )
    return tuple(wide)
