"""Booking: one pass over the entries of a community in the order of time, with every balance exact in
cents."""

from __future__ import annotations

from typing import Any

import numba as nb

DROPPED, BOOKED, DECLINED, AUTHORISED = 0, 1, 2, 3
_PLAIN, _SWEEP, _RECEIPT, _INTEREST, _BILL, _CLOSING, _SURPLUS = 0, 1, 2, 3, 4, 5, 6
_YEAR = 365.0 * 86_400.0
_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
_SIGNATURE = (
    "void(i8[::1], i8[::1], i4[::1], i8[::1], b1[::1], i1[::1], i4[::1], i4[::1], i4[::1], u1[::1],"
    " i8[::1], i8[::1], i8[::1], i8[::1], f8[:,::1], u1[::1], i8[::1], i8[:,::1])"
)


@nb.njit(_SIGNATURE, nogil=True, **_OPTIONS)
def booked(  # type: ignore[no-untyped-def]
    order, second, account, cents, out, kind, share, depends, other, flags,
    balance, limit, target, month_end, weight, status, after, closing,
):  # fmt: skip
    """Books the entries (m,) named by `order`, which is the order of time.

    `kind` and `share` (millionths): see `variable`. `depends`: the entry that must have been booked, or −1;
    a receipt takes its amount and goes the other way. `other`: place of the counterparty's account or −1.
    `flags`: 1 may be declined, 2 is refused, 4 is authorised only. By account (a,): `balance` at the start,
    `limit`, `target`; `weight` (a, 3) is scratch: seconds times cents above and below zero since the last
    interest, and the second reckoned up to. `month_end` (months,): first second after each month.
    Writes `cents` and `out` of what had no amount, `status`, `after`: the balance after a booking, and
    `closing` (a, months): balances at the months' ends.
    """
    month, months = 0, month_end.shape[0]
    accounts = balance.shape[0]
    for step in range(order.shape[0]):
        row = order[step]
        now, place = second[row], account[row]
        while month < months and now >= month_end[month]:
            for one in range(accounts):
                closing[one, month] = balance[one]
            month += 1
        held = balance[place]
        what, before = kind[row], depends[row]
        if before >= 0 and status[before] != BOOKED:
            continue
        amount = cents[row]
        if what == _RECEIPT:
            if before < 0:
                continue
            amount, out[row] = cents[before], not out[before]
        elif what == _SWEEP:
            amount = held * share[row] // 1_000_000 // 1_000 * 1_000 if held > 0 else 0
            amount = amount if amount >= 2_000 else 0
        elif what == _SURPLUS:
            above = held - target[place]
            amount = above * share[row] // 1_000_000 // 5_000 * 5_000 if above > 15_000 else 0
        elif what == _BILL:
            owed = -balance[other[row]] if other[row] >= 0 else 0
            amount = min(owed, max(5_000, owed * share[row] // 1_000_000)) if owed > 0 else 0
        elif what == _CLOSING:
            amount, out[row] = abs(held), held > 0
        elif what == _INTEREST:
            elapsed = now - weight[place, 2]
            weight[place, 0 if held > 0 else 1] += abs(held) * elapsed
            weight[place, 2] = now
            side = 1 if out[row] else 0
            amount = int(weight[place, side] / _YEAR * share[row] / 1e6 + 0.5)
            weight[place, side] = 0.0
        if amount <= 0:
            continue
        cents[row] = amount
        if flags[row] & 2 or (flags[row] & 1 and out[row] and held - amount < -limit[place]):
            status[row] = DECLINED
            continue
        if flags[row] & 4:
            status[row] = AUTHORISED
            continue
        elapsed = now - weight[place, 2]
        weight[place, 0 if held > 0 else 1] += abs(held) * elapsed
        weight[place, 2] = now
        held = held - amount if out[row] else held + amount
        balance[place] = held
        after[row] = held
        status[row] = BOOKED
    while month < months:
        for one in range(accounts):
            closing[one, month] = balance[one]
        month += 1
