"""What the purchase models are fitted on: how often, how recently, and for how long each customer was seen.

`frequency` x counts repeat purchases (the first one makes the customer), `recency` is the time of the last
purchase since the first, `age` the time since the first until the end of the observation (Fader, Hardie and
Lee 2005). Purchases of one day are one purchase: merged by week instead, CDNOW gives quite other parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, Matrix, table_values

COLUMNS = ("frequency", "recency", "age")


@dataclass(frozen=True)
class Purchases:
    """Rows of purchase histories that are alike, with how many customers have each (`weight`).

    `counts` are the distinct frequencies and `code` each row's place among them: gamma functions are
    computed once for each.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    weight: Floats
    counts: Floats
    code: Ints

    @classmethod
    def of(cls, values: Floats, weight: Any = None, *, merge: bool = True) -> Purchases:
        """From a matrix (rows, 3); equal rows are merged unless told otherwise."""
        heavy = np.ones(len(values)) if weight is None else np.asarray(weight, dtype=np.float64)
        if merge and len(values):
            values, place = _distinct(values)
            heavy = np.bincount(place, weights=heavy, minlength=len(values)).astype(np.float64)
        x = np.ascontiguousarray(values[:, 0])
        counts, code = np.unique(x, return_inverse=True)
        return cls(
            x, np.ascontiguousarray(values[:, 1]), np.ascontiguousarray(values[:, 2]), heavy, counts,
            code.reshape(-1).astype(np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> float:
        """The number of customers, equal ones counted as often as they are."""
        return float(self.weight.sum())

    @property
    def mean_age(self) -> float:
        """The mean age of the customers."""
        return float(self.weight @ self.age / self.weight.sum())

    def in_units_of(self, unit: float) -> Purchases:
        """The same histories with times divided by `unit`."""
        return replace(self, recency=self.recency / unit, age=self.age / unit)

    def some(self, most: int, random_state: int) -> Purchases:
        """About `most` of the rows, drawn without replacement; all of them where there are no more."""
        if len(self) <= most:
            return self
        chosen = np.sort(np.random.default_rng(random_state).choice(len(self), most, replace=False))
        values = np.column_stack([self.frequency, self.recency, self.age])[chosen]
        return Purchases.of(values, self.weight[chosen], merge=False)


def history_values(X: Matrix, *, whole_times: bool = False) -> Floats:
    """The matrix (rows, 3) of `X`, checked: no row that cannot be a purchase history.

    An Arrow table is read by the names in COLUMNS. `whole_times` demands whole numbers of opportunities.
    """
    raw = table_values(X, COLUMNS) if isinstance(X, pa.Table) else np.asarray(X, dtype=np.float64)
    if raw.ndim != 2 or raw.shape[1] != len(COLUMNS):
        raise UsageError(
            f"Purchase histories were given in the shape {raw.shape}",
            hint=f"Give the columns {', '.join(COLUMNS)}.",
        )
    values = np.ascontiguousarray(raw, dtype=np.float64)
    x, recency, age = values.T
    bad = ~np.isfinite(values).all(axis=1) | (x < 0) | (recency < 0) | (recency > age) | (age <= 0)
    bad |= ((x == 0) & (recency > 0)) | (x != np.floor(x))
    if whole_times:
        bad |= (recency != np.floor(recency)) | (age != np.floor(age)) | (x > recency)
    if bad.any():
        what = "whole numbers, at most one purchase an opportunity; " if whole_times else ""
        raise UsageError(
            f"{int(bad.sum())} of {len(values)} purchase histories cannot be meant",
            hint=f"Give {what}frequency a count, 0 ≤ recency ≤ age, age above 0; recency 0 without repeats.",
        )
    return values


@dataclass(frozen=True)
class Summary:
    """Purchases summed up for each customer, ordered by customer.

    `values` are the columns of COLUMNS, (customers, 3); `mean_amount` is the mean of the repeat purchases
    (0 without any), `first_amount` that of the first.
    """

    customers: Any
    values: Floats
    mean_amount: Floats
    first_amount: Floats


def summarise(customer: Any, day: Any, *, until: int, amount: Any = None, unit_days: float = 7.0) -> Summary:
    """Sums up purchases `(customer, day, amount)` of days before `until` (exclusive; days are whole numbers).

    Purchases of one customer and day are one, with their sum. The age runs to the last day observed,
    `until − 1`, and is measured in units of `unit_days`; customers whose only day is that one have an age
    of 0 and are left out, for they were not observed. UsageError for columns of different lengths, days that
    are not whole, amounts that are not finite or below 0, and a unit that is not above 0.
    """
    if not 0 < unit_days < np.inf:
        raise UsageError(f"the unit is {unit_days} days", hint="Give a number of days above 0.")
    who, when = np.asarray(customer), _whole_days(day)
    spent = np.zeros(len(who)) if amount is None else np.asarray(amount, dtype=np.float64)
    if not who.shape == when.shape == spent.shape:
        raise UsageError(
            f"{who.shape} customers, {when.shape} days and {spent.shape} amounts were given",
            hint="Give one of each for every purchase.",
        )
    if not np.isfinite(spent).all():
        raise UsageError(
            f"{int((~np.isfinite(spent)).sum())} of {len(spent)} amounts are missing or infinite",
            hint="Leave such purchases out.",
        )
    if (spent < 0).any():
        raise UsageError(
            f"{int((spent < 0).sum())} of {len(spent)} amounts are negative",
            hint="Take what was given back off the purchase, or leave it out.",
        )
    keep = when < until
    order = np.lexsort((when[keep], who[keep]))
    who, when, spent = who[keep][order], when[keep][order], spent[keep][order]
    new_day = np.ones(len(who), dtype=np.bool_)
    new_day[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    starts = np.flatnonzero(new_day)
    spent = np.add.reduceat(spent, starts) if len(starts) else spent[:0]
    return _each_customer(who[starts], when[starts], spent, until, unit_days)


def _whole_days(day: Any) -> Ints:
    given = np.asarray(day)
    if given.dtype.kind == "f":
        bad = int((~np.isfinite(given) | (given != np.floor(given))).sum())
        if bad:
            raise UsageError(
                f"{bad} of {len(given)} days are missing or not whole", hint="Give whole numbers of days."
            )
    elif given.dtype.kind not in "iu":
        raise UsageError(f"days were given as {given.dtype}", hint="Give whole numbers of days.")
    return np.asarray(given, dtype=np.int64)


def _each_customer(who: Any, when: Ints, spent: Floats, until: int, unit_days: float) -> Summary:
    first = np.ones(len(who), dtype=np.bool_)
    first[1:] = who[1:] != who[:-1]
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(who)) - 1 if len(begin) else begin
    repeats = (end - begin).astype(np.float64)
    total = np.add.reduceat(spent, begin) if len(begin) else spent[:0]
    opening = spent[begin]
    mean = np.divide(total - opening, repeats, out=np.zeros(len(begin)), where=repeats > 0)
    recency = (when[end] - when[begin]) / unit_days
    age = (until - 1 - when[begin]) / unit_days
    seen = age > 0
    values = np.column_stack([repeats, recency, age])
    return Summary(who[begin][seen], values[seen], mean[seen], opening[seen])


def _distinct(values: Floats) -> tuple[Floats, Ints]:
    """The distinct rows in ascending order, and each row's place among them."""
    order = np.lexsort(values.T[::-1])
    ordered = values[order]
    new = np.ones(len(values), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    return np.ascontiguousarray(ordered[new]), place
