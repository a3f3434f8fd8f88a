"""The one small form in which real and simulated bookings are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Bookings:
    """Bookings of one set, ordered by account and time.

    By booking: `account` (place, 0 to accounts − 1), `second` (civil seconds since 1970), `cents` > 0, `kind`
    (index of `kinds`), `shop` (merchant or terminal, −1 none). `begins`, `ends` (accounts,): the days since
    1970 between which an account is in view, end-exclusive. `balances`: one a month end and account, cents,
    empty where the set has none. `dated`: the set knows days only. `cards`: which bookings are purchases.
    """

    name: str
    account: Ints
    second: Ints
    cents: Ints
    kind: Ints
    kinds: tuple[str, ...]
    shop: Ints
    begins: Ints
    ends: Ints
    balances: Floats
    cards: Truth
    dated: bool = False

    @property
    def accounts(self) -> int:
        """How many accounts are in view."""
        return int(self.begins.size)

    @property
    def day(self) -> Ints:
        """Day of each booking since 1970."""
        return self.second // DAY

    def only(self, keep: Truth, *, name: str | None = None) -> Bookings:
        """Those bookings alone; accounts that keep none are no longer in view."""
        left = np.unique(self.account[keep])
        place = np.full(self.accounts, -1, dtype=np.int64)
        place[left] = np.arange(left.size)
        return replace(
            self, name=name or self.name, account=place[self.account[keep]], second=self.second[keep],
            cents=self.cents[keep], kind=self.kind[keep], shop=self.shop[keep], cards=self.cards[keep],
            begins=self.begins[left], ends=self.ends[left],
        )  # fmt: skip

    def spread(self) -> Bookings:
        """The same with each booking at a random moment of its day, as if only the day were known."""
        draw = np.random.default_rng(7)
        second = self.day * DAY + draw.integers(0, DAY, self.second.size)
        order = np.lexsort((second, self.account))
        return replace(
            self, account=self.account[order], second=second[order], cents=self.cents[order],
            kind=self.kind[order], shop=self.shop[order], cards=self.cards[order], dated=True,
        )  # fmt: skip


def bookings(
    name: str,
    *,
    account: NDArray[np.generic],
    second: Ints,
    cents: Ints,
    kind: NDArray[np.generic],
    shop: Ints | None = None,
    balance: Floats | None = None,
    balances: Floats | None = None,
    begins: dict[object, int] | int,
    ends: dict[object, int] | int,
    cards: Truth | None = None,
    dated: bool = False,
) -> Bookings:
    """Puts raw columns in order: accounts become places, kinds become indices.

    `begins` and `ends` are days since 1970, one for all or by raw account. `balance` is that after each
    booking, from which the month-end balances are taken unless `balances` gives them.
    """
    raw, place = np.unique(account, return_inverse=True)
    kinds, index = np.unique(kind.astype(str), return_inverse=True)
    order = np.lexsort((second, place))
    first = np.array([begins[one] if isinstance(begins, dict) else begins for one in raw], dtype=np.int64)
    last = np.array([ends[one] if isinstance(ends, dict) else ends for one in raw], dtype=np.int64)
    none = np.full(place.size, -1, dtype=np.int64)
    if balances is None:
        balances = np.empty(0) if balance is None else _month_ends(place, second, balance)
    return Bookings(
        name=name, account=place[order].astype(np.int64), second=second[order], cents=cents[order],
        kind=index[order].astype(np.int64), kinds=tuple(map(str, kinds)),
        shop=(none if shop is None else shop)[order], begins=first, ends=last, balances=balances,
        cards=(none >= 0 if cards is None else cards)[order], dated=dated,
    )  # fmt: skip


def months(day: Ints) -> Ints:
    """Calendar month of days since 1970, counted from January 1970."""
    return np.asarray(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_starts(month: Ints) -> Ints:
    """First day, since 1970, of months counted from January 1970."""
    return np.asarray(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _month_ends(place: Ints, second: Ints, balance: Floats) -> Floats:
    """The last balance of each account in every month in which it was booked; earlier rows first at a tie."""
    order = np.lexsort((np.arange(place.size), second, place))
    owner, month = place[order], months(second[order] // DAY)
    last = np.append((owner[1:] != owner[:-1]) | (month[1:] != month[:-1]), True)
    return np.asarray(balance[order][last], dtype=np.float64)
