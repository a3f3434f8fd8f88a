"""The reference page of the bank tables, made from their declarations."""

from __future__ import annotations

from collections.abc import Mapping

from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import SYSTEM_COLUMNS, Column, Kind, Table

_KINDS = {
    Kind.EVENT: "Event tables hold what happened; each row has `event_time`, `known_at` and `seq`. A "
    "correction is a row with the same primary key and a later `known_at`; a cancelled event is one with "
    "`cancelled`.",
    Kind.VERSIONED: "Versioned tables hold what was so for a while: `valid_from` up to but not including "
    "`valid_to`. A cutoff reads the version valid and known then; dates not yet past read as empty.",
    Kind.REFERENCE: "Reference tables are small; the last row known counts.",
}
_HEAD = """# Bank tables

The {count} tables a bank is made of. A bank has only some of them: a task says which it needs. Keys are
pseudonyms (keyed 64-bit tokens), encrypted columns are readable only with the person's own key, money is
integer minor units, instants are UTC with microseconds, dates are civil days of the bank's time zone.

`bankmine tables` lists them with the rows a bank holds.
"""


def reference_page(tables: Mapping[str, Table] = TABLES) -> str:
    """The page in Markdown: a section a kind, a heading and a line a column for each table."""
    parts = [_HEAD.format(count=len(tables)), "## Columns that every table of a kind has\n"]
    for kind, sentence in _KINDS.items():
        parts += [f"{sentence}\n", *_columns(SYSTEM_COLUMNS[kind], frozenset()), ""]
    for kind in _KINDS:
        mine = [table for table in tables.values() if table.kind is kind]
        parts.append(f"## {kind.capitalize()} tables\n")
        for table in mine:
            parts += [f"### {table.name}\n", f"{table.sentence} {_about(table)}\n"]
            parts += [*_columns(table.columns, frozenset(table.primary_key)), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _about(table: Table) -> str:
    """The primary key, and whether it is written once for each owner."""
    text = f"Primary key: {', '.join(f'`{name}`' for name in table.primary_key)}."
    if table.per_owner:
        text += " Delivered once for an account and written once for each of its owners."
    return text


def _columns(columns: tuple[Column, ...], key: frozenset[str]) -> list[str]:
    lines = ["| column | type | what it is |", "|---|---|---|"]
    for column in columns:
        shown = f"**{column.name}**" if column.name in key else column.name
        lines.append(f"| {shown} | {column.type} | {_words(column)} |")
    return lines


def _words(column: Column) -> str:
    """The sentence and what else the declaration says, in words."""
    parts = [column.sentence]
    parts += [f"Unit: {column.unit}."] if column.unit else []
    parts += [f"One of {', '.join(column.allowed)}."] if column.allowed else []
    parts += [_bounds(column)] if column.minimum is not None or column.maximum is not None else []
    parts += [f"Refers to `{column.references}`."] if column.references else []
    parts += [f"Empty until `{column.known_by}`."] if column.known_by else []
    parts += [f"Made by the load of `{'` and `'.join(column.pair_of)}`."] if column.pair_of else []
    parts += ["Required."] if column.required else []
    personal = f"Personal ({str(column.personal).replace('_', ' ')})" if column.personal else ""
    if column.encrypted:
        personal = f"{personal or 'Stored'}, encrypted"
    parts += [f"{personal}."] if personal else []
    return " ".join(parts).replace("|", "/")


def _bounds(column: Column) -> str:
    low, high = (f"{bound:g}" if bound is not None else "" for bound in (column.minimum, column.maximum))
    if low and high:
        return f"From {low} to {high}."
    return f"At least {low}." if low else f"At most {high}."
