"""Who is like a customer, by profile and by the order of what they paid for; the peers one is held against.

Both look at a sample of the customer's peers in the snapshot of the cutoff, always the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.peers import Peers
from bankmine.customers.snapshot import keep_snapshot
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError

if TYPE_CHECKING:
    from bankmine.folder import BankFolder

SEQUENCE_PEERS, SEQUENCE_DAYS = 2_000, 90
STEPS = """
SELECT customer_id, list(category ORDER BY event_time, seq) AS steps
FROM customer_transaction
WHERE event_time >= make_timestamptz($since) AND status <> 'declined' AND category IS NOT NULL
  AND customer_id IN (SELECT customer_id FROM asked)
GROUP BY customer_id
ORDER BY customer_id
""".strip()


@dataclass(frozen=True)
class Alike:
    """A similar customer: how far (0 alike, 1 as far as can be), and in what they differ most."""

    customer_id: int
    distance: float
    by: str
    differs: tuple[str, ...] = ()


def peers_of(bank: BankFolder, among: Peers, cutoff: int, most: int, catalogue: Any) -> list[int]:
    """The customer first, then a sample of its peers in the snapshot, always the same one."""
    taken = keep_snapshot(bank.warehouse, bank.snapshots_folder, cutoff=cutoff, catalogue=catalogue)
    table = taken.read([], catalogue=catalogue)
    every = table.column("customer_id").to_numpy()
    others = every[among.among(every) & (every != among.customer)]
    if len(others) > most:
        others = np.sort(np.random.default_rng(0).choice(others, most, replace=False))
    return [among.customer, *(int(one) for one in others)]


def alike_customers(
    bank: BankFolder, among: Peers, cutoff: int, catalogue: Any
) -> tuple[tuple[Alike, ...], tuple[str, ...]]:
    """The customers most like this one by profile and by the order of what they paid for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from bankmine.mining.description.similar import SimilarProfiles

    customer, peers = among.customer, peers_of(bank, among, cutoff, SEQUENCE_PEERS, catalogue)
    taken = keep_snapshot(bank.warehouse, bank.snapshots_folder, cutoff=cutoff, catalogue=catalogue)
    table = taken.read(catalogue=catalogue)
    table = table.filter(pc.is_in(table.column("customer_id"), pa.array(peers, pa.int64())))
    who = table.column("customer_id").to_numpy()
    row = int(np.flatnonzero(who == customer)[0])
    names = [name for name in taken.names if _is_number(table.column(name).type)]
    values = np.column_stack([table.column(name).cast(pa.float64()).to_numpy() for name in names])
    try:
        miner = SimilarProfiles().fit(values, names)
    except FeasibilityError:
        return (), ()
    near = miner.nearest(row, top=5)
    found = [
        Alike(
            int(who[other]), float(distance), "profile",
            tuple(f"{name} {'higher' if gap > 0 else 'lower'}" for name, gap in miner.differing(row, other)),
        )
        for other, distance in zip(near.rows, near.distances, strict=True)
    ]  # fmt: skip
    by_steps, statements = _alike_steps(bank, customer, cutoff, peers)
    return (*found, *by_steps), statements


def _alike_steps(
    bank: BankFolder, customer: int, cutoff: int, peers: Sequence[int]
) -> tuple[list[Alike], tuple[str, ...]]:
    import pyarrow as pa

    from bankmine.mining.description.similar import SimilarSequences

    warehouse = bank.warehouse
    if not warehouse.has("transaction"):
        return [], ()
    since = warehouse.zone.days_before(cutoff, SEQUENCE_DAYS)
    with Session(warehouse, cutoff, until=cutoff, memory=bank.config.memory) as session:
        session.register("asked", pa.table({"customer_id": pa.array(peers, pa.int64())}))
        found = session.arrow(STEPS, {"since": since})
        statements = tuple(session.statements)
    who = found.column("customer_id").to_pylist()
    if customer not in who or len(who) < 10:
        return [], statements
    miner = SimilarSequences().fit(found.column("steps").to_pylist())
    near = miner.nearest(who.index(customer), top=3)
    alike = [
        Alike(who[other], float(distance), f"what was paid for in {SEQUENCE_DAYS} days, in which order")
        for other, distance in zip(near.rows, near.distances, strict=True)
    ]
    return alike, statements


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
