"""PostgreSQL through ADBC, read-only and with a time limit.

What ADBC cannot carry faithfully is refused by column name rather than guessed: `numeric` arrives as
opaque text, an enum as bytes, an infinite date as a garbage number. The hint says which cast to write.
Messages of the server quote the query and may quote values, so only their class is passed on.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from bankmine.engine.duck import quoted
from bankmine.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.extracts import Found

_SECONDS = 600
_YEAR_US = 365_2425 * 864 * 100_000  # 365.2425 days
_CASTS = {
    "numeric": "check that the cents are whole and write (amount * 100)::bigint",
    "binary": "write column::text",
    "interval": "write extract(epoch from column)::bigint",
}


def attach(connection: duckdb.DuckDBPyConnection, found: Found) -> dict[str, str]:
    """Copies the query's rows into a table; returns a hash of its content."""
    options = found.alternative.options
    variable = found.alternative.address_variable
    address = os.environ.get(variable)
    if not address:
        raise ConfigurationError(
            f"the extract {found.name} comes from PostgreSQL, and {variable} is not set",
            hint=f"Set {variable} to postgresql://user@host/database; keep the password in ~/.pgpass.",
        )
    seconds = options.get("timeout_seconds", _SECONDS)
    _copy(connection, found.name, address, options["query"], seconds)
    _refuse_infinite(connection, found.name)
    rows = quoted(found.name)
    count, mixed = connection.execute(
        f"SELECT count(*), coalesce(bit_xor(md5_number(CAST({rows} AS VARCHAR))), 0) FROM {rows}"
    ).fetchall()[0]
    return {
        f"query {found.name}": hashlib.sha256(f"{options['query']}\n{count}\n{mixed}".encode()).hexdigest()
    }


def _copy(connection: duckdb.DuckDBPyConnection, name: str, address: str, query: str, seconds: int) -> None:
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    try:
        with dbapi.connect(address, autocommit=True) as source, source.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
            cursor.execute(f"SET statement_timeout = {int(seconds) * 1000}")
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            _refuse_opaque(name, reader.schema)
            connection.register("_batch", reader.schema.empty_table())
            connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM _batch")
            for batch in reader:  # here, not inside DuckDB, so that the server's own error comes through
                connection.register("_batch", batch)
                connection.execute(f"INSERT INTO {quoted(name)} SELECT * FROM _batch")
            connection.unregister("_batch")
    except (Error, OSError) as error:  # OSError: the server stopped while rows were on the way
        raise _explained(name, error, seconds) from None


def _explained(name: str, error: Any, seconds: int) -> SourceError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "57014" or "statement timeout" in str(error):
        return SourceError(
            f"the query of the extract {name} took longer than {seconds} seconds",
            hint="Raise timeout_seconds in mapping.toml, or narrow the query.",
        )
    if state == "25006" or "read-only transaction" in str(error):
        return SourceError(f"the query of the extract {name} tries to write", hint="Write a SELECT.")
    if state[:2] in ("42", "22", "0A") or "PGRES_FATAL_ERROR" in str(error):
        return SourceError(
            f"PostgreSQL refuses the query of the extract {name}{f' (SQLSTATE {state})' if state else ''}",
            hint="Try the query in psql; a name or a cast in it may be wrong.",
        )
    return SourceError(
        f"PostgreSQL cannot be read for the extract {name}{f' (SQLSTATE {state})' if state else ''}",
        hint="Check that the server runs and that the address and the password are right.",
    )


def _refuse_opaque(name: str, schema: Any) -> None:
    import pyarrow as pa

    for field in schema:
        kind, storage = str(field.type), getattr(field.type, "storage_type", field.type)
        named = (field.metadata or {}).get(b"ADBC:postgresql:typname", b"").decode()
        extension = (field.metadata or {}).get(b"ARROW:extension:name", b"")
        strange = (
            storage is not field.type or extension or pa.types.is_binary(storage) or named in ("numeric",)
        )
        strange = strange or pa.types.is_interval(storage) or pa.types.is_duration(storage)
        if strange or pa.types.is_nested(storage):
            shown = named or ("bytes" if pa.types.is_binary(storage) else kind)
            cast = _CASTS.get(named) or _CASTS["interval" if "interval" in kind else "binary"]
            raise SourceError(
                f"the extract {name} has a column {field.name} of type {shown}, which cannot be read exactly",
                hint=f"In the query, {cast}.",
            )


def _refuse_infinite(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    columns = connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
    for column, kind, *_ in columns:
        if not str(kind).startswith(("DATE", "TIMESTAMP")):
            continue
        found = connection.execute(
            f"SELECT count(*) FROM {quoted(name)} WHERE NOT isfinite({quoted(column)}) "
            f"OR year({quoted(column)}) NOT BETWEEN 1000 AND 9999"
        ).fetchall()[0][0]
        if found:
            raise SourceError(
                f"the extract {name} has {found:,} infinite values in {column}",
                hint=f"In the query, write CASE WHEN isfinite({column}) THEN {column} END.",
            )
