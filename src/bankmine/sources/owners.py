"""Who owned an account when: an event of an account is written once for each owner (DESIGN section 4).

Ownership is a set of spans (account, customer, from, to). For the event of account a at time t the owners
are the customers with a span of a that holds t; the one with the lowest token is primary; an account with
more than eight owners keeps only its primary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

MOST_OWNERS = 8
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Owners:
    """Spans of ownership, sorted by account; times are µs since 1970 UTC, half-open."""

    account: NDArray[np.int64]
    customer: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        account: NDArray[np.int64],
        customer: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> Owners:
        """The spans in any order."""
        order = np.lexsort((customer, account))
        return cls(account[order], customer[order], start[order], end[order])

    def expand(
        self, account: NDArray[np.int64], time: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
        """For each event its owners: (row, customer, is_primary, is_owned), in the order of the events.

        An event without an owner keeps one row with customer 0 and is_owned false.
        """
        first = np.searchsorted(self.account, account, side="left")
        count = np.searchsorted(self.account, account, side="right") - first
        row = np.repeat(np.arange(account.size), count)
        span = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        holds = (self.start[span] <= time[row]) & (time[row] < self.end[span])
        row, customer = row[holds], self.customer[span[holds]]
        order = np.lexsort((customer, row))
        row, customer = row[order], customer[order]
        new_row = np.diff(row, prepend=-1) != 0
        distinct = new_row | (np.diff(customer, prepend=0) != 0)  # owner and co-owner at once count once
        row, customer, primary = row[distinct], customer[distinct], new_row[distinct]
        owners = np.bincount(row, minlength=account.size)
        kept = primary | (owners[row] <= MOST_OWNERS)
        row, customer, primary = row[kept], customer[kept], primary[kept]
        orphans = np.flatnonzero(owners == 0)
        every = np.concatenate([row, orphans])
        order = np.argsort(every, kind="stable")
        nobody = np.zeros(orphans.size, np.int64)
        none = np.zeros(orphans.size, np.bool_)
        return (
            every[order],
            np.concatenate([customer, nobody])[order],
            np.concatenate([primary, none])[order],
            np.concatenate([np.ones(row.size, np.bool_), none])[order],
        )


def owners_of(connection: duckdb.DuckDBPyConnection, sources: list[str]) -> Owners:
    """The spans of ownership in the rows of account_party that the sources (SQL) give, last versions only.

    Where a party has several versions, each ends where the next begins.
    """
    if not sources:
        nothing = np.zeros(0, np.int64)
        return Owners(nothing, nothing, nothing, nothing)
    columns = "account_id, customer_id, role, valid_from, valid_to, known_at"
    rows = " UNION ALL ".join(f"SELECT {columns} FROM {source}" for source in sources)
    party = "PARTITION BY account_id, customer_id, role"
    found = connection.execute(f"""
        SELECT account_id, customer_id, epoch_us(valid_from) AS start,
               coalesce(epoch_us(least(valid_to, lead(valid_from) OVER ({party} ORDER BY valid_from))),
                        {FOREVER}) AS stop
        FROM (SELECT * FROM ({rows}) WHERE role IN ('owner', 'co-owner')
              QUALIFY row_number() OVER ({party}, valid_from ORDER BY known_at DESC) = 1)
    """).fetchnumpy()
    return Owners.of(
        *(
            np.ascontiguousarray(found[name], np.int64)
            for name in ("account_id", "customer_id", "start", "stop")
        )
    )
