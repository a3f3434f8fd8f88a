"""A warehouse of made-up card payments for the replay row: cards and merchants, no two at one instant.

The shape is the fraud handbook's: 350 payments a card within half a year. `python -m
benchmarks.made_up_payments DIR ROWS` writes one; the same seed gives the same rows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

FROM, UNTIL = "2024-01-01", "2024-07-01"
PAYMENTS_A_CARD, PAYMENTS_A_MERCHANT = 350, 2_000
LATE_SHARE, CORRECTED_SHARE = 0.005, 0.001
DAY_US = 86_400_000_000


def rows_of(count: int, seed: int, zone: Any, *, punctual: bool) -> Any:
    """An Arrow table in the schema of `transaction`, without load_number; `count` events, some corrected.

    Where all are `punctual` nothing is late or corrected.
    """
    import pyarrow as pa

    from bankmine.bank.catalogue import table
    from bankmine.bank.hashing import splitmix64

    draw = np.random.default_rng(seed)
    start, end = zone.parse(FROM), zone.parse(UNTIL)
    when = np.sort(draw.choice((end - start) // 1_000, count, replace=False)) * 1_000 + start
    cards = splitmix64(np.arange(max(1, count // PAYMENTS_A_CARD))).view(np.int64) >> 1
    merchants = splitmix64(np.arange(10**9, 10**9 + max(1, count // PAYMENTS_A_MERCHANT))).view(np.int64)
    card = cards[draw.integers(0, len(cards), count)]
    late = draw.random(count) < (0 if punctual else LATE_SHARE)
    known = when + np.where(late, draw.integers(DAY_US, 10 * DAY_US, count), 0)
    amount = np.maximum(1, draw.lognormal(8, 1.2, count).astype(np.int64))
    corrected = np.flatnonzero(draw.random(count) < (0 if punctual else CORRECTED_SHARE))
    place = np.concatenate([np.arange(count), corrected])
    known = np.concatenate([known, known[corrected] + 5 * DAY_US])
    amount = np.concatenate([amount, amount[corrected] + 100])
    instant = pa.timestamp("us", tz="UTC")

    channels = pa.array(["pos", "online", "atm", "app"])
    channel = channels.take(pa.array(draw.integers(0, 4, count)[place]))

    def constant(word: str) -> Any:
        return pa.repeat(word, len(place))

    given = {
        "transaction_id": pa.array(place.astype(np.int64)),
        "account_id": pa.array(card[place]), "customer_id": pa.array(card[place] + 1),
        "card_id": pa.array(card[place]),
        "merchant_id": pa.array((merchants >> 1)[draw.integers(0, len(merchants), count)][place]),
        "is_primary": pa.array(np.ones(len(place), bool)),
        "amount_minor": pa.array(amount), "base_minor": pa.array(amount),
        "currency": constant("EUR"), "direction": constant("out"), "status": constant("booked"),
        "channel": channel,
        "event_time": pa.array(when[place]).cast(instant), "known_at": pa.array(known).cast(instant),
        "seq": pa.array(place.astype(np.int64)), "cancelled": pa.array(np.zeros(len(place), bool)),
    }  # fmt: skip
    schema = table("transaction").schema()
    return pa.table(
        {f.name: given.get(f.name, pa.nulls(len(place), f.type)) for f in schema if f.name != "load_number"}
    )


def write(folder: Path, rows: int, seed: int = 11, *, punctual: bool = False) -> None:
    """Writes a warehouse in one load, with its projections; an existing one is kept."""
    from bankmine.bank.manifest import Load, TableLoad
    from bankmine.bank.warehouse import Warehouse
    from bankmine.bank.writer import writing

    if (folder / "manifest.json").exists() and Warehouse.open(folder).manifest.loads:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "manifest.json").exists():
        Warehouse.create(folder, time_zone="Europe/Prague", currency="EUR", key_identity="made-up")
    with writing(folder) as writer:
        zone = writer.warehouse.zone
        made = rows_of(rows, seed, zone, punctual=punctual)
        writer.append("transaction", made)
        coverage = (zone.parse("2023-11-01"), zone.parse(UNTIL))
        done = TableLoad(rows=made.num_rows, read=made.num_rows, coverage=coverage)
        writer.commit(
            Load(
                number=1, load_id=f"payments-{rows}-{seed}", mapping="made-up",
                content_hash=f"payments-{rows}-{seed}", extract_date=None,
                loaded_at="2025-01-01T00:00:00+00:00", tables={"transaction": done},
            )
        )  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
