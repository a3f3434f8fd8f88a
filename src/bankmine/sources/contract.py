"""Judges staged rows by the declaration of their bank table.

Each rule is a condition in SQL with a reason a person understands; a row takes the first that holds. The
rows that break the contract are listed in `rejected_<table>` with the reason, and stay out of the load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.catalogue import TABLES
from bankmine.bank.civil import FIRST
from bankmine.bank.columns import OWNER_COLUMNS, Column, Kind, Table, Type
from bankmine.engine.duck import literal, quoted
from bankmine.sources.currencies import CODES
from bankmine.sources.shaping import NO_OWNER

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.staging import Staged

Rule = tuple[str, str]  # condition, reason as an SQL expression


def judge(
    connection: duckdb.DuckDBPyConnection, staged: Staged, *, extract_end_us: int, known_keys: set[str]
) -> None:
    """Fills `rejected_<table>` with (row number, reason).

    `extract_end_us` is the end of the day the extract was drawn on; `known_keys` names the tables whose
    keys are in `keys_<table>`, so that foreign keys to them can be judged.
    """
    rules = [
        *_reading_rules(),
        *_calendar_rules(staged.table),
        *_presence_rules(staged),
        *_value_rules(staged),
        *_money_rules(staged),
        *_time_rules(staged.table, extract_end_us),
        *_reference_rules(staged, known_keys),
    ]
    cases = " ".join(f"WHEN {condition} THEN {reason}" for condition, reason in rules)
    connection.execute(
        f"CREATE TABLE {quoted('rejected_' + staged.table.name)} AS "
        f"SELECT _row, min(reason) AS reason FROM (SELECT _row, CASE {cases} END AS reason "
        f"FROM {quoted(staged.view)}) WHERE reason IS NOT NULL GROUP BY _row"
    )


def keep_keys(connection: duckdb.DuckDBPyConnection, table: Table, sources: list[str]) -> None:
    """Makes `keys_<table>`: every value of the first key column in the sources."""
    first = quoted(table.primary_key[0])
    union = " UNION ".join(f"SELECT {first} AS key FROM {source}" for source in sources)
    connection.execute(f"CREATE TABLE {quoted('keys_' + table.name)} AS {union}")


def references(table: Table) -> list[Column]:
    """The columns of a table that must be found in another one."""
    return [column for column in table.columns if column.references and column.references != table.name]


def referenced() -> set[str]:
    """The tables whose keys others point at."""
    return {str(column.references) for table in TABLES.values() for column in references(table)}


def load_order(names: list[str]) -> list[str]:
    """The tables so that each comes after those it references, and after the owners of accounts."""
    done: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done or name in above or name not in names:
            return
        needed = [str(column.references) for column in references(TABLES[name])]
        if TABLES[name].per_owner:
            needed.append("account_party")
        for other in needed:
            visit(other, (*above, name))
        done.append(name)

    for name in names:
        visit(name, ())
    return done


def _reading_rules() -> list[Rule]:
    return [(f"_bad <> {literal(NO_OWNER)}", "_bad || ' cannot be read'")]


def _calendar_rules(table: Table) -> list[Rule]:
    """No window can be laid over a time before the calendar; what is after 2199 cannot be read at all."""
    if table.kind is not Kind.EVENT:
        return []
    return [(f"event_time < make_timestamptz({FIRST})", literal("event_time is before 1900"))]


def _presence_rules(staged: Staged) -> list[Rule]:
    rules = []
    owner = (f"_bad = {literal(NO_OWNER)}", literal("the account has no owner at that time"))
    for column in sorted(staged.table.all_columns, key=lambda one: one.name in OWNER_COLUMNS):
        if not column.required or column.name == "load_number":
            continue
        if column.name in OWNER_COLUMNS and owner not in rules:
            rules.append(owner)  # after the account and the time, without which nobody can be found
        name = quoted(column.name)
        if column.name not in staged.columns:
            rules.append(("true", literal(f"{column.name} is missing")))
        elif column.name != "base_minor":
            rules.append((f"{name} IS NULL", literal(f"{column.name} is missing")))
    return rules


def _value_rules(staged: Staged) -> list[Rule]:
    rules = []
    for column in staged.table.columns:
        if column.name not in staged.columns:
            continue
        name = quoted(column.name)
        if column.allowed:
            listed = ", ".join(literal(value) for value in column.allowed)
            reason = f"{column.name} is none of {', '.join(column.allowed)}"
            rules.append((f"{name} NOT IN ({listed})", literal(reason)))
        if column.minimum is not None:
            rules.append(
                (f"{name} < {column.minimum}", literal(f"{column.name} is below {column.minimum:g}"))
            )
        if column.maximum is not None:
            rules.append(
                (f"{name} > {column.maximum}", literal(f"{column.name} is above {column.maximum:g}"))
            )
        if column.name == "currency" and column.type is Type.CODE:
            listed = ", ".join(literal(code) for code in sorted(CODES))
            rules.append((f"{name} NOT IN ({listed})", literal("currency is not an ISO 4217 code")))
    return rules


def _money_rules(staged: Staged) -> list[Rule]:
    if "base_minor" not in staged.columns:
        return []
    return [("base_minor IS NULL", "'no exchange rate from ' || currency")]


def _time_rules(table: Table, extract_end_us: int) -> list[Rule]:
    end = f"make_timestamptz({extract_end_us})"
    late = (f"known_at > {end}", literal("known only after the extract was drawn"))
    if table.kind is Kind.EVENT:
        return [
            ("known_at < event_time", literal("known_at is before event_time")),
            (f"event_time >= {end}", literal("event_time is after the extract was drawn")),
            late,
        ]
    if table.kind is Kind.VERSIONED:
        return [("valid_to < valid_from", literal("valid_to is before valid_from")), late]
    return [late]


def _reference_rules(staged: Staged, known_keys: set[str]) -> list[Rule]:
    rules = []
    for column in references(staged.table):
        if column.name in staged.columns and column.references in known_keys:
            name, keys = quoted(column.name), quoted(f"keys_{column.references}")
            found = f"{name} IS NOT NULL AND {name} NOT IN (SELECT key FROM {keys})"
            rules.append((found, literal(f"{column.name} is not in {column.references}")))
    return rules
