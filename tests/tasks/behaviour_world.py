"""A made-up bank whose customers have pay days, ways of spending, journeys, and a path before a journey."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from made_up_bank import ZONE, full, payments, write

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.bank.warehouse import Warehouse

START, END = date(2020, 1, 1), date(2021, 9, 1)
PAY_DAYS = (5, 15, 25)


def make_world(
    folder: Path, *, customers: int = 480, seed: int = 0, tells: bool = True, moves: str = ""
) -> Warehouse:
    """Twenty months. Customers are paid on the 5th, 15th or 25th; odd ones spend at once, others late.

    Some travel seldom, some often. Who travels looks at rates and then at cards in the three weeks before.
    With `tells` false the looks are those of anyone at any time. With `moves` everybody buys ten times as
    often in that country in the last four months.
    """
    zone, draw = Zone(ZONE), np.random.default_rng(seed)
    start, end = zone.midnight(START), zone.midnight(END)
    rows: list[tuple[int, int, int, str, str, str, str]] = []
    steps: list[tuple[int, int, str]] = []
    months = [zone.midnight(date(2020 + n // 12, n % 12 + 1, 1)) for n in range(20)]
    for customer in range(1, customers + 1):
        pay, soon = PAY_DAYS[customer % 3], customer % 2 == 1
        for first in months:
            paid = first + (pay - 1) * DAY + 8 * HOUR
            rows.append((customer, paid, 200_000, "in", "salary", "transfer", "CZ"))
            for _ in range(8):
                days = draw.uniform(0, 8) if soon else draw.uniform(15, 28)
                rows.append((customer, paid + int(days * DAY), 9_000, "out", "groceries", "card", "CZ"))
        if moves:
            rows += [
                (
                    customer,
                    zone.midnight(date(2021, 5, 3)) + day * DAY,
                    900,
                    "out",
                    "groceries",
                    "card",
                    moves,
                )
                for day in range(120)
                for _ in range(2)
            ]
        rate = {0: 0.0, 1: 1.2, 2: 4.0}[customer % 7 % 3]
        for _ in range(draw.poisson(rate)):
            at = start + int(draw.uniform(30, 600)) * DAY
            rows += [(customer, at + day * DAY, 5_000, "out", "restaurant", "card", "AT") for day in range(3)]
            look = at - int(draw.uniform(2, 20)) * DAY if tells else start + int(draw.uniform(0, 600)) * DAY
            looker = customer if tells else int(draw.integers(1, customers + 1))
            steps += [(looker, look, "rates"), (looker, look + HOUR, "cards")]
        for _ in range(draw.poisson(12)):
            at = start + int(draw.uniform(0, 600)) * DAY
            steps += [(customer, at, str(draw.choice(["balance", "transfer", "rates", "cards"])))]
    rows = [row for row in rows if start <= row[1] < end]
    steps = [step for step in steps if start <= step[1] < end]
    columns = list(zip(*rows, strict=True))
    transactions = payments(
        np.array(columns[0]), np.array(columns[1]), np.array(columns[2]), direction=list(columns[3]),
        category=list(columns[4]), channel=list(columns[5]), country=list(columns[6]),
    )  # fmt: skip
    count = len(steps)
    digital = full(
        "digital_event",
        {
            "digital_event_id": np.arange(1, count + 1), "customer_id": [one[0] for one in steps],
            "channel": ["app"] * count, "event": ["view"] * count, "page": [one[2] for one in steps],
            "session_id": np.arange(1, count + 1), "event_time": [one[1] for one in steps],
            "known_at": [one[1] for one in steps], "seq": np.arange(1, count + 1),
            "cancelled": [False] * count,
        },
        count,
    )  # fmt: skip
    ids = np.arange(1, customers + 1)
    people = full(
        "customer",
        {"customer_id": ids, "kind": ["person"] * customers, "valid_from": np.full(customers, start),
         "known_at": np.full(customers, start)},
        customers,
    )  # fmt: skip
    return write(
        folder, {"transaction": transactions, "digital_event": digital, "customer": people}, start=start,
        end=end, name=f"behaviour {seed} {tells}",
    )  # fmt: skip
