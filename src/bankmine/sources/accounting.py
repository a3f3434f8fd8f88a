"""What a load says about a table beside its rows: the period it speaks for, and what was derived."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from bankmine.bank.civil import Zone
from bankmine.bank.columns import Kind
from bankmine.bank.manifest import Coverage
from bankmine.errors import ConfigurationError
from bankmine.sources.contract import references
from bankmine.sources.faults import fault, told
from bankmine.sources.mapping import Mapping

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.staging import Staged


def coverage(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, name: str, zone: Zone
) -> Coverage | None:
    """The period the mapping states for a table, half-open; each end is a day or a SELECT that gives one."""
    if name not in mapping.coverage:
        return None
    ends = []
    for stated in mapping.coverage[name]:
        day = stated
        if stated.lstrip().upper().startswith("SELECT"):
            with told(lambda error: _no_day(mapping, name, error)):
                day = str(connection.execute(f"SELECT CAST(({stated}) AS DATE)").fetchall()[0][0])
        ends.append(zone.parse(day))
    return (ends[0], ends[1]) if ends[0] < ends[1] else None


def _no_day(mapping: Mapping, name: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"the coverage of {name} in {mapping.folder} fails: {fault(error)}",
        hint="Let its SELECT give one day.",
    )


def notes(staged: Staged, mapping: Mapping, known_keys: set[str], extract_date: date) -> tuple[str, ...]:
    """What was derived or could not be checked, in sentences."""
    table, said = staged.table, []
    if staged.undated:
        said.append(
            f"{staged.undated:,} rows say no date; "
            f"they are known from {extract_date}, when the extract was drawn."
        )
    said += [
        f"{column.name} was not checked: the bank has no table {column.references}."
        for column in references(table)
        if column.name in staged.columns and column.references not in known_keys
    ]
    if table.kind is Kind.EVENT and table.name not in mapping.coverage:
        said.append("The mapping states no coverage; windows over this table are missing.")
    return tuple(said)
