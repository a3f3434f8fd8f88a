"""The ledger: books a community's entries in the order of time, so that balances never contradict bookings.

Entries are put in the order of time (of one second: what goes out before what comes in), purchases are scaled
month by month to what each account can bear, and one compiled pass declines what an account cannot pay and
computes every balance (`ledger_kernel`). Interest, card bills, closings, reversals are added here
(`ledger_bank`); amounts known only then are asked for as `variable` says.

Of a transfer between two accounts of the community both sides stand in the entries, with each other's account
as counterparty, the same second and, where it is known, the same amount: if the paying side is declined, the
other does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation.accounts import CURRENT, Accounts
from bankmine.simulation.entries import Entries, joined
from bankmine.simulation.frame import DAY, Floats, Frame, Ints, Truth
from bankmine.simulation.ledger_bank import bank_entries, closing_seconds, undone
from bankmine.simulation.people import People
from bankmine.simulation.reference import FX_UNIT, fx_rates
from bankmine.simulation.variable import CLOSING, PLAIN, kind_of, share_of

FIRST_NUMBER = 2**28  # transaction numbers of a community begin at (community + 1) times this
BOOKED, DECLINED, AUTHORISED = 1, 2, 3
_SETTLED = 2 * DAY  # card payments are authorised first and booked after this
_LOWEST, _HIGHEST = 0.5, 1.5  # of scaling purchases


@dataclass(frozen=True)
class Ledger:
    """`money`: all entries, those given first. `rows` (t,): place in `money` of each transaction, in the
    order
    of booking. By place in `money`: `status` (0 does not exist, BOOKED, DECLINED, AUTHORISED), `after`: the
    balance after a booking in cents. `amount`: minor units of the entry's own currency, where `money.cents`
    is the base amount. `undoes`: place of what a reversal reverses, −1 for others. `number`: raw transaction
    number by place in `money`, 0 where it does not exist. `month_ends` (accounts, months): balances, cents.
    """

    money: Entries
    rows: Ints
    status: NDArray[np.uint8]
    after: Ints
    amount: Ints
    undoes: NDArray[np.int32]
    number: Ints
    month_ends: Ints

    def numbers_of(self, tags: Ints) -> Ints:
        """Raw transaction number of each tag, 0 where that entry does not exist."""
        tagged = np.flatnonzero(self.money.tag >= 0)
        tagged = tagged[np.argsort(self.money.tag[tagged], kind="stable")]
        if tagged.size == 0:
            return np.zeros(len(tags), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.money.tag[tagged], tags), tagged.size - 1)
        found = self.money.tag[tagged[place]] == tags
        return np.where(found, self.number[tagged[place]], 0)

    def tables(self, frame: Frame, who: People, acc: Accounts) -> dict[str, pa.Table]:
        """Extracts `transactions`, `balances` and `counterparties`."""
        from bankmine.simulation.ledger_tables import ledger_tables

        return ledger_tables(self, frame, who, acc)


def book(frame: Frame, who: People, acc: Accounts, money: Entries) -> Ledger:
    """Books one community's entries."""
    from bankmine.simulation import ledger_kernel as kernel

    back, original, reversal = undone(frame, who, money)
    every = joined([money, bank_entries(frame, who, acc), back])
    first_back = every.count - back.count
    depends = np.full(every.count, -1, dtype=np.int32)
    depends[first_back:] = original
    undoes = np.full(every.count, -1, dtype=np.int32)
    undoes[first_back:] = np.where(reversal, original, -1)
    kind = np.zeros(every.count, dtype=np.int8)
    share = np.zeros(every.count, dtype=np.int32)
    asking = np.flatnonzero(every.cents < 0)
    kind[asking], share[asking] = kind_of(every.cents[asking]), share_of(every.cents[asking])
    other = _other_sides(every, acc, who)
    _pair(every, other, depends, first_back)
    cents = _scaled(frame, acc, every, kind, other)
    amount = _exchanged(frame, every, cents)
    order = _in_time(every, _possible(frame, acc, every, kind))
    status, after = np.zeros(every.count, dtype=np.uint8), np.zeros(every.count, dtype=np.int64)
    month_ends = np.zeros((acc.count, frame.months), dtype=np.int64)
    pending = (every.card >= 0) & (every.second >= frame.days * DAY - _SETTLED) & (every.merchant >= 0)
    flags = every.flexible * np.uint8(1) + every.refused * np.uint8(2) + pending * np.uint8(4)
    kernel.booked(
        order, every.second, every.account, cents, every.out, kind, share, depends, other, flags,
        acc.initial.copy(), acc.limit, acc.target, frame.month_start[1:] * DAY, np.zeros((acc.count, 3)),
        status,
        after, month_ends,
    )  # fmt: skip
    amount = np.where(every.currency > 0, amount, cents)
    rows = order[status[order] > 0]
    number = np.zeros(every.count, dtype=np.int64)
    number[rows] = (who.community + 1) * FIRST_NUMBER + np.arange(rows.size)
    every.cents[:] = cents
    return Ledger(every, rows, status, after, amount, undoes, number, month_ends)


def _other_sides(every: Entries, acc: Accounts, who: People) -> NDArray[np.int32]:
    """Place of the counterparty's account in this community, −1 for others."""
    found = np.full(every.count, -1, dtype=np.int32)
    inside = np.flatnonzero((every.counterparty > 0) & (every.bank == 0))
    found[inside] = acc.place_of(every.counterparty[inside], who)
    return found


def _pair(every: Entries, other: NDArray[np.int32], depends: NDArray[np.int32], until: int) -> None:
    """Lets each receiving side depend on the paying one: same second, each the other's counterparty."""
    paired = np.flatnonzero(other[:until] >= 0)
    out = every.out[paired]
    giver = np.where(out, every.account[paired], other[paired]).astype(np.int64)
    taker = np.where(out, other[paired], every.account[paired]).astype(np.int64)
    key = every.second[paired] * 2**26 + giver * 2**13 + taker
    paying, taking = np.flatnonzero(out), np.flatnonzero(~out)
    paying = paying[np.argsort(key[paying], kind="stable")]
    taking = taking[np.argsort(key[taking], kind="stable")]
    if paying.size == 0:
        return
    ordinal = np.arange(taking.size) - np.searchsorted(key[taking], key[taking])
    place = np.searchsorted(key[paying], key[taking]) + ordinal
    safe = np.minimum(place, paying.size - 1)
    same = (place < paying.size) & (key[paying[safe]] == key[taking])
    depends[paired[taking[same]]] = paired[paying[safe[same]]]


def _possible(frame: Frame, acc: Accounts, every: Entries, kind: NDArray[np.int8]) -> Truth:
    """Within the period and the life of the account."""
    closes = closing_seconds(acc)[every.account]
    inside = (every.second >= acc.opened[every.account] * DAY) & (every.second < frame.days * DAY)
    ends = (kind == CLOSING) & (every.second == closes)
    return np.asarray(inside & (every.second >= 0) & ((every.second < closes) | ends))


def _in_time(every: Entries, possible: Truth) -> Ints:
    """Places in the order of time; of one second, out before in."""
    rows = np.flatnonzero(possible)
    key = ((every.second[rows] * 2 + ~every.out[rows]) << 24) + rows
    key.sort()
    return key & (2**24 - 1)


def _scaled(
    frame: Frame, acc: Accounts, every: Entries, kind: NDArray[np.int8], other: NDArray[np.int32]
) -> Ints:
    """Base amounts, purchases scaled to what the account can bear in that month; prices keep their
    endings."""
    months = frame.months
    cents = every.cents.copy()
    current = np.zeros(acc.count, dtype=np.bool_)
    current[acc.family == CURRENT] = True
    month = frame.month_of[np.clip(every.second // DAY, 0, frame.days - 1)]
    cell = every.account * months + month
    free = (every.merchant >= 0) & every.flexible & (every.tag < 0) & current[every.account]
    known = np.where(kind == PLAIN, cents, 0)
    size = acc.count * months
    flow = np.bincount(cell, np.where(free, 0, np.where(every.out, -known, known)), size).reshape(-1, months)
    spent = np.bincount(cell, np.where(free, known, 0), size).reshape(-1, months)
    factor = _factors(frame, acc, flow, spent)
    rows = np.flatnonzero(free & (kind == PLAIN))
    wanted = cents[rows] * factor.ravel()[cell[rows]]
    whole = np.rint(wanted / 100).astype(np.int64) * 100
    ending = cents[rows] % 100
    cents[rows] = np.where(
        wanted >= 1_000, np.maximum(whole - 100 + ending, 50), np.rint(wanted).astype(np.int64)
    )
    np.maximum(cents, 10, out=cents, where=free & (kind == PLAIN))
    return cents


def _factors(frame: Frame, acc: Accounts, flow: NDArray[Any], spent: NDArray[Any]) -> Floats:
    """Month by month: more than usual where the balance is above target, less where it is below."""
    held = acc.initial.astype(np.float64)
    target, limit = acc.target.astype(np.float64), acc.limit.astype(np.float64)
    changed = np.where(frame.changed(frame.month_start[:-1]), frame.scenario.regime.spending, 1.0)
    found = np.ones(spent.shape)
    for month in range(frame.months):
        wish = np.maximum(spent[:, month], 1.0)
        before = held + flow[:, month]
        comfort = 1.0 + 0.15 * (before - wish - target) / np.maximum(target, wish)
        able = (before + 0.6 * limit) / wish
        factor = np.clip(np.minimum(comfort, able), _LOWEST, _HIGHEST) * changed[month]
        found[:, month] = factor
        held = before - factor * spent[:, month]
        held -= 0.35 * np.maximum(held - target, 0.0)
    return found


def _exchanged(frame: Frame, every: Entries, cents: Ints) -> Ints:
    """Amounts in foreign currency; rewrites their base amounts with the day's rate, half to even."""
    amount = cents.copy()
    rows = np.flatnonzero((every.currency > 0) & (cents > 0))
    day = np.clip(every.second[rows] // DAY, 0, frame.days - 1)
    rate = fx_rates(frame)[every.currency[rows], day]
    foreign = np.maximum(np.rint(cents[rows] * (FX_UNIT / rate)).astype(np.int64), 1)
    product = foreign * rate
    base, rest = product // FX_UNIT, product % FX_UNIT
    up = (2 * rest > FX_UNIT) | ((2 * rest == FX_UNIT) & (base % 2 == 1))
    amount[rows], cents[rows] = foreign, np.maximum(base + up, 1)
    return amount
