"""One customer at a cutoff: who it is, what it holds, how it stands among its peers, money by month.

Plain data for a page, exactly as the bank knew it at the cutoff: later corrections, closings and events
do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.peers import Peers, peers_of
from bankmine.customers.relations import RELATIONS, order_of
from bankmine.customers.snapshot import Snapshot, keep_snapshot
from bankmine.engine.duck import literal
from bankmine.engine.session import Session
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

MONTHS = 12
_SYSTEM = ("valid_to", "known_at", "load_number", "customer_id", "is_primary")
_LISTS = {
    "accounts": "account_asked", "cards": "card_asked", "products": "holding_asked", "loans": "loan_asked",
    "standing_orders": "standing_order_asked", "flags": "customer_flag_asked", "consents": "consent_asked",
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """One feature of the customer beside its peers.

    `percentile` is the share of peers with a lower value, equal ones counted half; None where the value is
    missing or a code. `peers` is how many have a value.
    """

    name: str
    sentence: str
    unit: str
    value: Any
    percentile: float | None
    peers: int


@dataclass(frozen=True)
class Month:
    """One civil month: money in and out in minor units and transactions; None outside the coverage."""

    month: date
    in_minor: int | None
    out_minor: int | None
    transactions: int | None


@dataclass(frozen=True)
class Profile:
    """All of it; `holdings` maps a kind (accounts, cards …) to rows, kinds the bank lacks left out.

    `cutoff` is µs since 1970 UTC, `cutoff_shown` the same in the bank's zone; `peers` are those the features
    are compared with.
    """

    customer_id: int
    cutoff: int
    cutoff_shown: str
    who: dict[str, Any]
    holdings: dict[str, list[dict[str, Any]]]
    features: tuple[Standing, ...]
    timeline: tuple[Month, ...]
    statements: tuple[str, ...]
    peers: Peers

    def lines(self) -> list[str]:
        """The profile as text: who, holdings, features with percentiles, months."""
        from bankmine.customers.listing import profile_lines

        return profile_lines(self)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def profile(
    warehouse: Warehouse,
    customer_id: int,
    cutoff: int,
    *,
    names: Sequence[str] | None = None,
    within: NDArray[np.int64] | None = None,
    folder: Path | None = None,
    catalogue: Catalogue = CATALOGUE,
    memory: str = "1GB",
    threads: int = 2,
) -> Profile:
    """The profile of one customer at a cutoff (µs since 1970 UTC), as known then.

    `names` chooses the features (default: all the bank allows; none need no snapshot); peers (`peers.py`) are
    customers of the same kind (of those `within`, where given) in the snapshot at the cutoff, which is made
    in `folder` where it is not there yet. UsageError for a customer the bank did not know at the cutoff.
    """
    taken = None
    if names is None or names:
        taken = keep_snapshot(
            warehouse, folder, cutoff=cutoff, catalogue=catalogue, memory=memory, threads=threads
        )
    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        peers = peers_of(session, customer_id, within)
        lists = _in_force(session, customer_id, cutoff)
        timeline = _timeline(session, customer_id, cutoff)
        statements = tuple(session.statements)
    features = () if taken is None else _standings(taken, peers, names, catalogue)
    who = lists.pop("who", [])
    return Profile(
        customer_id=customer_id, cutoff=cutoff, cutoff_shown=warehouse.zone.show(cutoff),
        who=who[0] if who else {}, holdings=lists, features=features, timeline=timeline,
        statements=statements, peers=peers,
    )  # fmt: skip


def _standings(
    taken: Snapshot, peers: Peers, names: Sequence[str] | None, catalogue: Catalogue
) -> tuple[Standing, ...]:
    chosen = taken.names if names is None else tuple(names)
    absent = [name for name in chosen if name not in taken.names]
    if absent:
        raise UsageError(
            f"the snapshot has no feature {absent[0]!r}",
            hint=f"The bank lacks it: {taken.missing.get(absent[0], 'it is not in the catalogue')}.",
        )
    table = taken.read(chosen)
    table = table.filter(peers.among(table.column("customer_id").to_numpy()))
    places = np.flatnonzero(table.column("customer_id").to_numpy() == peers.customer)
    if len(places) == 0:
        raise UsageError(
            "the bank did not know that customer at the cutoff", hint="Check the pseudonym, or look later."
        )
    return tuple(_standing(table.column(name), int(places[0]), name, catalogue) for name in chosen)


def _standing(column: Any, place: int, name: str, catalogue: Catalogue) -> Standing:
    feature = catalogue[name]
    value = column[place].as_py()
    peers = len(column) - column.null_count
    percentile = None
    if value is not None and not feature.is_text:
        others = column.drop_null().to_numpy()
        percentile = float(((others < value).sum() + 0.5 * (others == value).sum()) / len(others))
    return Standing(name, feature.sentence, feature.unit, value, percentile, peers)


def _in_force(session: Session, customer_id: int, cutoff: int) -> dict[str, list[dict[str, Any]]]:
    """The customer's own row and what it holds; kinds whose tables the bank lacks are left out."""
    import pyarrow as pa

    instant = pa.array([cutoff]).cast(pa.timestamp("us", tz="UTC"))
    asked = {"asked_row": [0], "asked_key": [customer_id], "asked_cutoff": instant, "asked_known": instant}
    session.register("asked", pa.table(asked))
    wanted = {"who": "customer_asked", **_LISTS}
    held = {
        kind: name for kind, name in wanted.items() if all(map(session.warehouse.has, RELATIONS[name].tables))
    }
    for name in order_of(list(held.values())):
        session.view(name, RELATIONS[name].sql(session.warehouse.manifest.time_zone))
    return {kind: _rows(session, name) for kind, name in held.items()}


def _rows(session: Session, relation: str) -> list[dict[str, Any]]:
    declared = bank_table(relation.removesuffix("_asked"))
    assert declared.kind is Kind.VERSIONED
    shown = [c.name for c in declared.all_columns if c.name not in _SYSTEM and not c.encrypted]
    keys = ", ".join(declared.primary_key)
    rows: list[dict[str, Any]] = session.arrow(
        f"SELECT {', '.join(shown)} FROM {relation} ORDER BY valid_from, {keys}"
    ).to_pylist()
    return rows


def _timeline(session: Session, customer_id: int, cutoff: int) -> tuple[Month, ...]:
    """The civil months that overlap the last twelve before the cutoff, oldest first."""
    warehouse = session.warehouse
    if not warehouse.has("transaction"):
        return ()
    zone = literal(warehouse.manifest.time_zone)
    found = session.arrow(
        f"""
SELECT CAST(date_trunc('month', timezone({zone}, event_time)) AS DATE) AS month,
  coalesce(sum(base_minor) FILTER (direction = 'in'), 0)::BIGINT AS in_minor,
  coalesce(sum(base_minor) FILTER (direction = 'out'), 0)::BIGINT AS out_minor,
  count(*) AS transactions
FROM customer_transaction
WHERE customer_id = $customer AND status <> 'declined' AND event_time >= make_timestamptz($start)
GROUP BY month""",
        {"customer": customer_id, "start": warehouse.zone.months_before(cutoff, MONTHS)},
    ).to_pylist()
    by_month = {row["month"]: row for row in found}
    covered = warehouse.coverage("transaction") or (0, 0)
    return tuple(
        _month(by_month.get(month), month, warehouse, covered) for month in _months(warehouse, cutoff)
    )


def _months(warehouse: Warehouse, cutoff: int) -> list[date]:
    """First days of the months before the cutoff's last instant, oldest first."""
    last = int(warehouse.zone.day_of(np.array([cutoff - 1], np.int64))[0])
    newest = np.datetime64(last, "D").astype("datetime64[M]")
    return [(newest - back).astype("datetime64[D]").astype(date) for back in range(MONTHS - 1, -1, -1)]


def _month(row: dict[str, Any] | None, month: date, warehouse: Warehouse, covered: tuple[int, int]) -> Month:
    """The month's figures; zero where nothing happened, None where the data do not reach its beginning."""
    if not covered[0] <= warehouse.zone.midnight(month) < covered[1]:
        return Month(month, None, None, None)
    if row is None:
        return Month(month, 0, 0, 0)
    return Month(month, row["in_minor"], row["out_minor"], row["transactions"])
