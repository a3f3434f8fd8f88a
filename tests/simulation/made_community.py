"""A stand-in for the model of the bank: transactions in the raw layout, made without any cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import DAY, Frame

CATEGORIES = ("groceries", "salary", "travel", "rent")


@dataclass(frozen=True)
class Made:
    extracts: dict[str, pa.Table]
    truth: dict[str, pa.Table]


def transactions(frame: Frame, community: int, each: int = 40) -> pa.Table:
    """About `each` transactions a customer, in booking order."""
    draw = frame.random(community, "made transactions")
    count = frame.size(community) * each
    second = np.sort(draw.integers(0, frame.days * DAY, count))
    amount = draw.integers(100, 100_000, count)
    foreign = draw.random(count) < 0.05
    return pa.table(
        {
            "txn_no": columns.amount((community + 1) * 2**28 + np.arange(count)),
            "account": columns.key(2_000_000_000 + community * 8000 + draw.integers(0, 50, count) * 8),
            "card": columns.key(np.where(draw.random(count) < 0.5, 5_000_000_000, 0)),
            "booked_at": columns.when(second),
            "recorded_at": columns.when(np.minimum(second + 30, frame.days * DAY - 1)),
            "dc": columns.code(draw.integers(0, 2, count), ("D", "C")),
            "amount": columns.amount(amount),
            "ccy": columns.code(foreign, ("SGD", "USD")),
            "base": columns.amount(np.where(foreign, 2 * amount, amount)),
            "channel": columns.code(draw.integers(0, 4, count), ("POS", "ECOM", "ATM", "TRF")),
            "status": columns.code(draw.random(count) < 0.02, ("B", "D")),
            "category": columns.code(draw.integers(-1, 4, count), CATEGORIES),
            "balance_after": columns.amount(draw.integers(0, 10**7, count)),
        }
    )


def make(frame: Frame, community: int) -> Made:
    rows = transactions(frame, community)
    number = np.arange(frame.size(community))
    customers = pa.table(
        {
            "customer": columns.amount(number),
            "gender": columns.code(number % 2, ("f", "m")),
            **dict.fromkeys(("marital", "education"), columns.code(number % 2, ("a", "b"))),
        }
    )
    truth = {"customers": pa.table({"customer": columns.amount(number)})}
    return Made({"transactions": rows, "customers": customers, "nothing": customers.slice(0, 0)}, truth)


def shared(frame: Frame) -> dict[str, pa.Table]:
    return {"branches": pa.table({"branch": columns.code(np.arange(3), ("a", "b", "c"))})}
