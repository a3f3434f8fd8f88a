"""A mapping's SELECT, checked against the declaration of its bank table before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Table
from bankmine.engine.duck import literal
from bankmine.errors import ConfigurationError, SourceError
from bankmine.sources.casting import cast_statement
from bankmine.sources.faults import fault, told
from bankmine.sources.mapping import Mapping

if TYPE_CHECKING:
    import duckdb


def given_columns(connection: duckdb.DuckDBPyConnection, mapping: Mapping, name: str) -> dict[str, str]:
    """The columns a table's SELECT gives, with their DuckDB types.

    SourceError where the SELECT fails; ConfigurationError where its columns do not fit the bank table.
    """
    with told(lambda error: failed(mapping, name, error)):
        described = connection.execute(f"DESCRIBE SELECT * FROM ({body(mapping, name)})").fetchall()
    given = {str(row[0]): str(row[1]) for row in described}
    table = bank_table(name)
    here = f"{mapping.folder / name}.sql"
    for column in given:
        _check_given(table, column, here)
    lacking = [name for name in _needed(table) if name not in given]
    if lacking:
        raise ConfigurationError(
            f"{here} does not give {lacking[0]}, which the bank table {name} requires",
            hint="Add it to the SELECT.",
        )
    if table.per_owner and "customer_id" not in given and "account_id" not in given:
        raise ConfigurationError(
            f"{here} gives neither customer_id nor account_id, so the rows of {name} have no owner",
            hint="Add one of them to the SELECT.",
        )
    return given


def _check_given(table: Table, column: str, here: str) -> None:
    """Refuses a column the bank table does not have, or that the load makes."""
    if not table.has(column) or column == "load_number":
        raise ConfigurationError(
            f"{here} gives a column {column!r}, which the bank table {table.name} does not have",
            hint=f"`bankmine tables {table.name}` lists its columns.",
        )
    if parts := table.column(column).pair_of:
        raise ConfigurationError(
            f"{here} gives {column}, which the load makes of {' and '.join(parts)}",
            hint="Leave it out of the SELECT.",
        )


def _needed(table: Table) -> list[str]:
    filled = {"base_minor"} | ({"customer_id", "is_primary"} if table.per_owner else set())
    needed = [column.name for column in table.columns if column.required and column.name not in filled]
    return [*needed, "event_time"] if table.kind is Kind.EVENT else needed


def converts_money(table: Table, given: dict[str, str]) -> bool:
    """Whether the load must work out `base_minor`."""
    return table.has("base_minor") and "base_minor" not in given


def statement(mapping: Mapping, name: str, given: dict[str, str], currency: str) -> str:
    """The SELECT with every column in its declared type, and `base_minor` in the bank's currency."""
    table, sql = bank_table(name), body(mapping, name)
    if converts_money(table, given):
        own = f"trim(CAST(currency AS VARCHAR)) = {literal(currency)}"
        sql = f"SELECT *, CASE WHEN {own} THEN amount_minor END AS base_minor FROM ({sql}) AS given"
        given = given | {"base_minor": given["amount_minor"]}
    return cast_statement(sql, table, given)


def body(mapping: Mapping, name: str) -> str:
    """The text of a SELECT, without the semicolon that may end it."""
    return mapping.sql[name].strip().rstrip(";") + "\n"


def failed(mapping: Mapping, name: str, error: Exception) -> SourceError:
    """The error of a SELECT that fails, in the engine's words only where they cannot quote a value."""
    if fault(error) in ("BinderException", "CatalogException", "ParserException"):
        said, hint = str(error).splitlines()[0], "Mend the SELECT; its views are named after the extracts."
    else:
        said = str(fault(error))
        hint = "Use as_day, as_minor, as_number or TRY_CAST where a field may be unreadable."
    return SourceError(f"{mapping.folder / name}.sql fails: {said}", hint=hint)
