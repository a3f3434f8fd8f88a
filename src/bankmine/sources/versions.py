"""Tells new rows from those the bank already has, and from contradictions.

All versions of one row, those in the warehouse and those staged, are laid side by side by the time they
became known. A staged row that says the same as the version before it is unchanged (delivered again); one
that contradicts a version known at the same time, or comes with an earlier time than what the warehouse
already knows, is a conflicting duplicate; the others are new rows or corrections.

The versions of a large table are compared part by part. What a comparison needs of a row is short; cut by the
hash of the event's key into files, no part of it needs more room than memory has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bankmine.bank.columns import Kind
from bankmine.bank.hashing import splitmix64
from bankmine.bank.part_files import PartFiles
from bankmine.engine.duck import literal, quoted
from bankmine.sources.parts import rows_of

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.staging import Staged

CONFLICT = "conflicting duplicate: same key, other content, not known later"
NEWEST = 1 << 62
AT_ONCE = 200_000
UNCHANGED = "content = content_before"
CONTRADICTS = "content IS DISTINCT FROM content_before AND (contradicted OR known_at < last_known)"


def compare(connection: duckdb.DuckDBPyConnection, staged: Staged, stored: str | None) -> None:
    """Makes `unchanged_<table>` and adds conflicting duplicates to `rejected_<table>`.

    `stored` is the warehouse's rows of the table as SQL, or None where it has none.
    """
    name = staged.table.name
    connection.execute(f"CREATE TABLE {quoted('unchanged_' + name)} (_row BIGINT)")
    if stored and staged.undated and staged.table.kind is Kind.VERSIONED:
        connection.execute(_undated_again(staged, stored))
    if staged.files is not None:
        compare_by_part(connection, staged, stored)
        return
    connection.execute(f"CREATE TABLE compared AS {_compared(staged, _all_versions(staged, stored))}")
    _decide(connection, staged)
    connection.execute("DROP TABLE compared")


def compare_by_part(connection: duckdb.DuckDBPyConnection, staged: Staged, stored: str | None) -> None:
    """As `compare`, for rows in files; makes the table `moved` as well where events have owners.

    What the comparison needs of a row is short, and is cut by the hash of the event's key, so that the
    versions of an event are compared in one part. A row whose key no other has needs no comparison.
    """
    assert staged.files is not None
    event, key = ", ".join(quoted(name) for name in staged.table.primary_key), _key(staged)
    short = _short_rows(connection, staged, stored)
    primary = "WHERE is_primary" if staged.expands else ""
    several = f"SELECT {key} FROM here {primary} GROUP BY {key} HAVING count(*) > 1"
    again = f"(SELECT * FROM here {primary}) SEMI JOIN ({several}) USING ({key})"
    gone = f"{UNCHANGED} OR {CONTRADICTS}" if staged.expands else CONTRADICTS  # others say who still owns
    if staged.table.per_owner:
        connection.execute(f"CREATE TABLE moved AS SELECT {event} FROM {quoted(staged.view)} LIMIT 0")
    for part in range(short.count):
        if not short.files[part]:
            continue
        connection.execute(f"CREATE TABLE here AS SELECT * FROM {rows_of(short.files[part])}")
        connection.execute(f"CREATE TABLE compared AS {_compared(staged, f'SELECT * FROM {again}')}")
        _decide(connection, staged)
        if staged.table.per_owner:
            left = f"SELECT _row FROM compared WHERE {gone}"
            connection.execute(
                f"INSERT INTO moved SELECT {event} FROM here ANTI JOIN ({left}) USING (_row) {_moved(event)}"
            )
        connection.execute("DROP TABLE compared")
        connection.execute("DROP TABLE here")
        short.remove(part)
    short.remove()


def _short_rows(connection: duckdb.DuckDBPyConnection, staged: Staged, stored: str | None) -> PartFiles:
    """Of every version what a comparison needs, in parts by the hash of the event's key."""
    import pyarrow as pa

    assert staged.files is not None
    names = [*staged.table.version_key, "known_at", *(["is_primary"] if staged.table.per_owner else [])]
    event = ", ".join(quoted(name) for name in staged.table.primary_key)
    columns, rejected = ", ".join(map(quoted, names)), quoted("rejected_" + staged.table.name)
    said = f"{columns}, {_content(staged)} AS content, hash({event}) AS _part"
    rows = f"SELECT {said}, 1 AS fresh, _row FROM {quoted(staged.view)} ANTI JOIN {rejected} USING (_row)"
    if stored:
        rows += (
            f" UNION ALL SELECT *, 0 AS fresh, -1 AS _row FROM (SELECT {said} FROM {stored}) "
            f"SEMI JOIN (SELECT {event} FROM {quoted(staged.view)}) USING ({event})"
        )
    reader = connection.execute(rows).to_arrow_reader(AT_ONCE)
    schema = pa.schema([field for field in reader.schema if field.name != "_part"])
    short = PartFiles(staged.files.folder.with_name("short"), schema, staged.files.count)
    for batch in reader:
        short.add(pa.table(batch), batch.column("_part").to_numpy())
    short.finish()
    return short


def _decide(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Puts the rows of `compared` that are not new among the unchanged or the rejected ones."""
    name = staged.table.name
    connection.execute(
        f"INSERT INTO {quoted('unchanged_' + name)} SELECT _row FROM compared WHERE {UNCHANGED}"
    )
    connection.execute(
        f"INSERT INTO {quoted('rejected_' + name)} SELECT _row, {literal(CONFLICT)} FROM compared "
        f"WHERE {CONTRADICTS}"
    )


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


def _all_versions(staged: Staged, stored: str | None) -> str:
    """Every version that a staged row is compared with, and the staged ones."""
    key, content = _key(staged), _content(staged)
    rows = f"SELECT {key}, known_at, {content} AS content, 1 AS fresh, _row FROM {_fresh(staged)}"
    if stored:
        primary = "WHERE is_primary" if staged.expands else ""
        rows += (
            f" UNION ALL SELECT {key}, known_at, {content} AS content, 0 AS fresh, -1 AS _row "
            f"FROM (SELECT * FROM {stored} {primary}) SEMI JOIN {quoted(staged.view)} USING ({key})"
        )
    return rows


def _compared(staged: Staged, rows: str) -> str:
    """Each staged one of the rows beside the version before it."""
    key = _key(staged)
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
    """Adds a cancelled row for each owner whom a later version of an event no longer names.

    Without it, an event moved to another customer would count for both. Looked at are the versions in the
    warehouse and in the delivery together, by the time they became known. Where the mapping names the
    customer, a version is the rows of one `known_at`, and only one with a primary owner withdraws others.
    """
    if not staged.table.per_owner or staged.table.kind is not Kind.EVENT:
        return
    key = ", ".join(quoted(name) for name in staged.table.primary_key)
    if staged.files is None:
        connection.execute(
            f"CREATE TABLE moved AS SELECT {key} FROM ({_said(staged, stored, key)}) {_moved(key)}"
        )
    if connection.execute("SELECT 1 FROM moved LIMIT 1").fetchone():
        rows = f"SELECT * FROM {quoted(staged.view)} SEMI JOIN moved USING ({key})"
        connection.execute(f"CREATE TABLE moved_rows AS {rows}")
        among = replace(staged, view="moved_rows")
        connection.execute(_came_back(among, stored, key))
        _add_withdrawn(connection, staged, _withdrawn(among, stored, key))
        connection.execute("DROP TABLE moved_rows")
    connection.execute("DROP TABLE moved")


def _moved(key: str) -> str:
    """Leaves the events that had several owners and several times of knowledge."""
    return f"GROUP BY {key} HAVING min(customer_id) <> max(customer_id) AND min(known_at) <> max(known_at)"


def _said(staged: Staged, stored: str | None, key: str, *, moved: bool = False) -> str:
    """The versions of the delivery's events that stand, with `fresh` where they are to be written.

    Unchanged rows are among them where the mapping names the customer: they say who is still an owner.
    """
    name, columns = staged.table.name, ", ".join(quoted(column) for column in staged.columns)
    among = f" SEMI JOIN moved USING ({key})" if moved else ""
    old = f"{quoted(staged.view)}.*, _row IN (SELECT _row FROM {quoted('unchanged_' + name)}) AS _old"
    rows = (
        f"SELECT {columns}, NOT _old AS fresh, _row, CASE WHEN _old THEN -1 ELSE {NEWEST} END AS load_number "
        f"FROM (SELECT {old} FROM {quoted(staged.view)}) "
        f"ANTI JOIN {quoted('rejected_' + name)} USING (_row){among}"
    )
    rows += " WHERE NOT _old" if staged.expands else ""
    if stored:
        rows += (
            f" UNION ALL SELECT {columns}, false AS fresh, -1 AS _row, load_number "
            f"FROM {stored} SEMI JOIN {'moved' if moved else quoted(staged.view)} USING ({key})"
        )
    return rows


def _turns(staged: Staged, key: str) -> str:
    """When a version of an event says anew who its owners are."""
    live = "" if staged.expands else "WHERE is_primary AND NOT cancelled"
    return f"SELECT {key}, known_at AS turn, bool_or(fresh) AS new FROM said {live} GROUP BY {key}, known_at"


def _came_back(staged: Staged, stored: str | None, key: str) -> str:
    """Unchanged no more: a row equal to its customer's last one, where the event was another's in between."""
    own = f"PARTITION BY {key}, customer_id ORDER BY known_at, load_number, _row"
    return (
        f"DELETE FROM {quoted('unchanged_' + staged.table.name)} WHERE _row IN ("
        f"WITH said AS ({_said(staged, stored, key, moved=True)}), turns AS ({_turns(staged, key)}), "
        f"own AS (SELECT *, lag(known_at) OVER ({own}) AS known_before, "
        f"max(CASE WHEN _row < 0 THEN known_at END) OVER (PARTITION BY {key}, customer_id) AS last_known "
        f"FROM said) SELECT _row FROM own JOIN turns USING ({key}) WHERE _row >= 0 AND NOT fresh "
        "AND turn > known_before AND turn < known_at AND (last_known IS NULL OR last_known < known_at))"
    )


def _withdrawn(staged: Staged, stored: str | None, key: str) -> str:
    """The rows of owners who are not named by the next version; `known_at` is when it became known."""
    kept = ", ".join(
        quoted(n) for n in staged.columns if n not in ("known_at", "cancelled", "is_primary")
    )  # not primary, so that it is never taken for the version that withdrew it
    owner = f"PARTITION BY {key}, customer_id"
    return (
        f"WITH said AS ({_said(staged, stored, key, moved=True)}), turns AS ({_turns(staged, key)}), "
        f"last AS (SELECT * FROM said QUALIFY row_number() OVER (PARTITION BY {key}, customer_id, known_at "
        "ORDER BY load_number DESC, _row) = 1), "
        f"own AS (SELECT *, lead(known_at) OVER ({owner} ORDER BY known_at) AS known_next FROM last) "
        f"SELECT {kept}, turn AS known_at, true AS cancelled, false AS is_primary "
        f"FROM own JOIN turns USING ({key}) "
        "WHERE NOT cancelled AND turn > known_at AND (fresh OR new) "
        f"QUALIFY row_number() OVER ({owner}, own.known_at ORDER BY turn) = 1 "
        "AND (known_next IS NULL OR known_next > turn)"
    )


def _add_withdrawn(connection: duckdb.DuckDBPyConnection, staged: Staged, withdrawn: str) -> None:
    """Puts the withdrawn rows among the staged ones."""
    import numpy as np
    import pyarrow as pa

    gone = connection.execute(withdrawn).to_arrow_table()
    if not gone.num_rows:
        return
    hashes = splitmix64(np.array(gone.column("customer_id").to_numpy(), np.int64))
    gone = gone.append_column("_hash", pa.array(hashes))
    gone = gone.append_column("_row", pa.array(np.arange(staged.read, staged.read + gone.num_rows)))
    if staged.files is not None:
        staged.files.add(gone, hashes)
        staged.files.finish()
        staged.show(connection)
        return
    connection.register("_gone", gone)
    connection.execute(f"INSERT INTO {quoted(staged.view)} BY NAME SELECT * FROM _gone")
    connection.unregister("_gone")
