"""Tells new rows from those the bank already has, and from contradictions.

All versions of one row, those in the warehouse and those staged, are laid side by side by the time they
became known. A staged row that says the same as the version before it is unchanged (delivered again); one
that contradicts a version known at the same time, or comes with an earlier time than what the warehouse
already knows, is a conflicting duplicate; the others are new rows or corrections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.columns import Kind
from bankmine.bank.hashing import splitmix64
from bankmine.engine.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.staging import Staged

CONFLICT = "conflicting duplicate: same key, other content, not known later"


def compare(connection: duckdb.DuckDBPyConnection, staged: Staged, stored: str | None) -> None:
    """Makes `unchanged_<table>` and adds conflicting duplicates to `rejected_<table>`.

    `stored` is the warehouse's rows of the table as SQL, or None where it has none.
    """
    name = staged.table.name
    connection.execute(f"CREATE TABLE {quoted('unchanged_' + name)} (_row BIGINT)")
    if stored and staged.undated and staged.table.kind is Kind.VERSIONED:
        connection.execute(_undated_again(staged, stored))
    connection.execute(f"CREATE TABLE compared AS {_compared(staged, stored)}")
    connection.execute(
        f"INSERT INTO {quoted('unchanged_' + name)} SELECT _row FROM compared WHERE content = content_before"
    )
    connection.execute(
        f"INSERT INTO {quoted('rejected_' + name)} SELECT _row, {literal(CONFLICT)} FROM compared "
        "WHERE content IS DISTINCT FROM content_before AND (contradicted OR known_at < last_known)"
    )
    connection.execute("DROP TABLE compared")


def _key(staged: Staged) -> str:
    """The columns that make two rows versions of one, the owner apart where the load fills it in."""
    names = [n for n in staged.table.version_key if not (staged.expands and n == "customer_id")]
    return ", ".join(quoted(n) for n in names)


def _content(staged: Staged, *without: str) -> str:
    """A hash of what a row says; when it became known and its rank within the instant are no content."""
    left_out = {"known_at", "seq", *without} | ({"customer_id", "is_primary"} if staged.expands else set())
    return f"hash({', '.join(quoted(name) for name in staged.columns if name not in left_out)})"


def _fresh(staged: Staged) -> str:
    name = staged.table.name
    primary = "WHERE is_primary" if staged.expands else ""
    return (
        f"(SELECT * FROM {quoted(staged.view)} {primary}) "
        f"ANTI JOIN {quoted('rejected_' + name)} USING (_row) "
        f"ANTI JOIN {quoted('unchanged_' + name)} USING (_row)"
    )


def _compared(staged: Staged, stored: str | None) -> str:
    key, content = _key(staged), _content(staged)
    rows = f"SELECT {key}, known_at, {content} AS content, 1 AS fresh, _row FROM {_fresh(staged)}"
    if stored:
        primary = "WHERE is_primary" if staged.expands else ""
        rows += (
            f" UNION ALL SELECT {key}, known_at, {content} AS content, 0 AS fresh, -1 AS _row "
            f"FROM (SELECT * FROM {stored} {primary}) SEMI JOIN {quoted(staged.view)} USING ({key})"
        )
    same_time = f"OVER (PARTITION BY {key}, known_at)"
    return (
        f"SELECT _row, known_at, content, "
        f"lag(content) OVER (PARTITION BY {key} ORDER BY known_at, fresh, content, _row) AS content_before, "
        f"min(content) {same_time} <> max(content) {same_time} AS contradicted, "
        f"max(CASE WHEN fresh = 0 THEN known_at END) OVER (PARTITION BY {key}) AS last_known, fresh "
        f"FROM ({rows}) QUALIFY fresh = 1"
    )


def _undated_again(staged: Staged, stored: str) -> str:
    """Rows without a date that say what the last version in the warehouse says."""
    name, content = staged.table.name, _content(staged, "valid_from")
    key = ", ".join(
        quoted(n) for n in staged.table.primary_key if not (staged.expands and n == "customer_id")
    )
    primary = "WHERE is_primary" if staged.expands else ""
    latest = (
        f"SELECT {key}, {content} AS content FROM {stored} {primary} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} "
        f"ORDER BY valid_from DESC, known_at DESC, load_number DESC) = 1"
    )
    again = f"SELECT _row, {key}, {content} AS content FROM {_fresh(staged)} WHERE _undated"
    return (
        f"INSERT INTO {quoted('unchanged_' + name)} "
        f"SELECT _row FROM ({again}) JOIN ({latest}) USING ({key}, content)"
    )


def withdraw_from_former_owners(
    connection: duckdb.DuckDBPyConnection, staged: Staged, stored: str | None
) -> None:
    """Adds a cancelled row for each owner in the warehouse whom a corrected event no longer has.

    Without it, an event moved to a day before someone became co-owner would stay with that person.
    """
    import numpy as np
    import pyarrow as pa

    if not (stored and staged.expands and staged.table.kind is Kind.EVENT):
        return
    key = ", ".join(quoted(name) for name in staged.table.primary_key)
    kept = ", ".join(quoted(name) for name in staged.columns if name not in ("known_at", "cancelled"))
    fresh = (
        f"{quoted(staged.view)} ANTI JOIN {quoted('rejected_' + staged.table.name)} USING (_row) "
        f"ANTI JOIN {quoted('unchanged_' + staged.table.name)} USING (_row)"
    )
    gone = connection.execute(
        f"WITH held AS (SELECT {kept}, cancelled FROM {stored} SEMI JOIN {quoted(staged.view)} USING ({key}) "
        f"QUALIFY row_number() OVER (PARTITION BY {key}, customer_id "
        f"ORDER BY known_at DESC, load_number DESC) = 1), "
        f"now AS (SELECT DISTINCT {key}, known_at FROM {fresh}) "
        f"SELECT {kept}, known_at, true AS cancelled FROM held JOIN now USING ({key}) "
        f"ANTI JOIN (SELECT {key}, known_at, customer_id FROM {fresh}) USING ({key}, known_at, customer_id) "
        f"WHERE NOT held.cancelled"
    ).to_arrow_table()
    if not gone.num_rows:
        return
    customers = np.array(gone.column("customer_id").to_numpy(), np.int64)
    gone = gone.append_column("_hash", pa.array(splitmix64(customers)))
    gone = gone.append_column("_row", pa.array(np.arange(staged.read, staged.read + gone.num_rows)))
    connection.register("_gone", gone)
    connection.execute(f"INSERT INTO {quoted(staged.view)} BY NAME SELECT * FROM _gone")
    connection.unregister("_gone")
