"""The rule of time for many cutoffs at once: a versioned or reference table as each asked row knows it.

A `Session` knows one instant. A matrix asks for many subjects, each at its own cutoff; opening a session for
each would read the table again and again. Here the same rule is one join: the relation *asked* has a row
for each question,

    asked_row BIGINT   asked_key (the table's key)   asked_cutoff TIMESTAMPTZ   asked_known TIMESTAMPTZ

and the result has, for each asked row, the rows a session `as_of=asked_known, until=asked_cutoff` would
show for that key (proved equal in the tests). Events are not read here; they go through windows.

What is no longer in force leaves traces too: `ended=True` gives the versioned rows that had ended by the
cutoff, and `versions_known_at` every version that had begun.
"""

from __future__ import annotations

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Table
from bankmine.engine.duck import quoted
from bankmine.engine.views import KnownAt, masked
from bankmine.errors import UsageError

ASKED_COLUMNS = ("asked_row", "asked_key", "asked_cutoff", "asked_known")


def as_known_at(name: str, *, key: str, time_zone: str, asked: str = "asked", ended: bool = False) -> str:
    """The SELECT of a table's rows for each asked row: the asked columns, then the table's.

    `key` is the table's column that `asked_key` is compared with; `asked` a relation's name or a subquery
    in parentheses; `ended` asks for the rows that were over by the cutoff instead of those in force.
    UsageError for event tables and unknown keys.
    """
    table = bank_table(name)
    if table.kind is Kind.EVENT:
        raise UsageError(f"{name} holds events", hint="Ask the windows for events at many cutoffs.")
    if not table.has(key):
        raise UsageError(f"{name} has no column {key!r}", hint="`bankmine tables` lists the columns.")
    known = KnownAt(known="asked_known", cut="asked_cutoff", time_zone=time_zone)
    columns = ", ".join((*ASKED_COLUMNS, *(masked(table, column, known) for column in table.all_columns)))
    return f"SELECT {columns} FROM ({_current(table, key, asked, ended)})"


def versions_known_at(name: str, *, key: str, time_zone: str, asked: str = "asked") -> str:
    """The same for every version of a versioned table that began by the cutoff, not only the one in force.

    `key` is part of the table's primary key. UsageError for tables that have no versions.
    """
    table = bank_table(name)
    if table.kind is not Kind.VERSIONED or key not in table.primary_key:
        raise UsageError(f"{name} has no versions by {key!r}", hint="Ask for a versioned table by its key.")
    known = KnownAt(known="asked_known", cut="asked_cutoff", time_zone=time_zone)
    columns = ", ".join((*ASKED_COLUMNS, *(masked(table, column, known) for column in table.all_columns)))
    return f"SELECT {columns} FROM ({_last_known(table, key, asked)})"


def _current(table: Table, key: str, asked: str, ended: bool) -> str:
    """The rows in force: the last version known of each row, and for versioned tables the one valid.

    Or the same version where it is over, for the rows that had ended.
    """
    rows = _last_known(table, key, asked)
    if table.kind is Kind.VERSIONED:
        primary = ", ".join(quoted(name) for name in table.primary_key)
        rows = (
            f"SELECT * FROM ({rows}) QUALIFY row_number() OVER "
            f"(PARTITION BY asked_row, {primary} ORDER BY valid_from DESC) = 1"
        )
    in_force = " AND (valid_to IS NULL OR valid_to > asked_cutoff)" if table.kind is Kind.VERSIONED else ""
    ends = " AND valid_to <= asked_cutoff" if ended else in_force
    return f"SELECT * FROM ({rows}) WHERE {quoted(key)} = asked_key{ends}"


def _last_known(table: Table, key: str, asked: str) -> str:
    versions = quoted(f"{table.name}_versions")
    visible = ["v.known_at <= a.asked_known"]
    if table.kind is Kind.VERSIONED:
        visible.append("v.valid_from <= a.asked_cutoff")
    version_key = ", ".join(f"v.{quoted(name)}" for name in table.version_key)
    return (
        f"SELECT {', '.join(f'a.{name}' for name in ASKED_COLUMNS)}, v.* FROM {asked} a "
        f"{_join(table, key, versions)} WHERE {' AND '.join(visible)} "
        f"QUALIFY row_number() OVER (PARTITION BY a.asked_row, {version_key} "
        f"ORDER BY v.known_at DESC, v.load_number DESC) = 1"
    )


def _join(table: Table, key: str, versions: str) -> str:
    """Joins the versions of every row that ever had the key: a later version may have moved it away."""
    if key in table.primary_key:
        return f"JOIN {versions} v ON v.{quoted(key)} = a.asked_key"
    primary = ", ".join(quoted(name) for name in table.primary_key)
    same = " AND ".join(f"v.{quoted(name)} = e.{quoted(name)}" for name in table.primary_key)
    ever = f"(SELECT DISTINCT {quoted(key)} AS ever_key, {primary} FROM {versions})"
    return f"JOIN {ever} e ON e.ever_key = a.asked_key JOIN {versions} v ON {same}"
