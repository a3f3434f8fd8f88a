"""From a mapping's SELECT to rows in the form of the bank table, a batch at a time.

Raw keys become tokens, civil times become instants, secrets are encrypted, and an account's event is
written once for each owner. What the declarations forbid is not judged here but in `contract`. Few rows are
staged in a table of DuckDB, many in files (`parts`); both are read under one name and give the same bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Table
from bankmine.engine.duck import quoted
from bankmine.sources.faults import told
from bankmine.sources.mapping import Mapping
from bankmine.sources.parts import RANK, RowsOnDisk, rows_of
from bankmine.sources.selecting import failed, given_columns, statement
from bankmine.sources.shaping import Place, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

    from bankmine.bank.part_files import PartFiles
    from bankmine.sources.money import Rates
    from bankmine.sources.owners import Owners

BATCH = 200_000
RANKED_AT_ONCE = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A staged table: its name in the connection, its columns, rows the SELECT gave, undated rows.

    `files` holds the rows of a large event table in parts; then `view` is a view of them.
    """

    table: Table
    view: str
    columns: tuple[str, ...]
    read: int
    undated: int
    expands: bool
    files: PartFiles | None = None

    def pieces(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """The rows as SQL, whole or part by part; and what to call when a piece is no more needed."""
        if self.files is None:
            yield quoted(self.view), lambda: None
            return
        for part, paths in enumerate(self.files.files):
            if paths:
                yield rows_of(paths), partial(self.files.remove, part)

    def show(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Makes the view of the files anew."""
        if self.files is not None:
            rows = f"SELECT * FROM {rows_of(self.files.paths)}"
            connection.execute(f"CREATE OR REPLACE VIEW {quoted(self.view)} AS {rows}")

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Removes the rows."""
        connection.execute(f"DROP {'TABLE' if self.files is None else 'VIEW'} {quoted(self.view)}")
        if self.files is not None:
            self.files.remove()


def stage(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    name: str,
    place: Place,
    *,
    owners: Owners | None = None,
    rates: Rates | None = None,
    tick: Callable[[int], None] = lambda rows: None,
    parts: tuple[Path, int] | None = None,
) -> Staged:
    """Runs a table's SELECT into `staged_<name>` of the connection.

    `parts` is a folder and a number of parts: the rows of an event table are then kept there.
    """
    given = given_columns(connection, mapping, name)
    shape = Shape(bank_table(name), tuple(given), place, owners=owners, rates=rates)
    raw, view = f"raw_{name}", f"staged_{name}"
    disk = RowsOnDisk(parts[0], shape, parts[1]) if parts else None
    if disk is None:
        _create(connection, raw, shape.schema)
    cursor = connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    try:
        with told(lambda error: failed(mapping, name, error)):
            reader = cursor.execute(statement(mapping, name, given, place.currency)).to_arrow_reader(BATCH)
            for batch in reader:
                if disk is None:
                    _insert(connection, raw, shape.rows(batch))
                else:
                    disk.add(shape.rows(batch))
                tick(shape.read)
    finally:
        cursor.close()
    if disk is None:
        _finish(connection, shape, raw, view)
    staged = Staged(
        table=shape.table,
        view=view,
        columns=shape.columns,
        read=shape.read,
        undated=shape.undated,
        expands=shape.expands,
        files=disk.finish(connection) if disk else None,
    )
    staged.show(connection)
    return staged


def _create(connection: duckdb.DuckDBPyConnection, name: str, schema: Any) -> None:
    connection.register("_empty", schema.empty_table())
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM _empty")
    connection.unregister("_empty")


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: Any) -> None:
    connection.register("_batch", rows)
    connection.execute(f"INSERT INTO {quoted(name)} SELECT * FROM _batch")
    connection.unregister("_batch")


def _finish(connection: duckdb.DuckDBPyConnection, shape: Shape, raw: str, view: str) -> None:
    """The rows under their last name, with a `seq` where the mapping gives none.

    That is the rank of the primary key within the instant: shorter keys first, then by text, so that 9 comes
    before 10; never the order of the file. Ranks are sorted alone and laid beside the rows a part at a time,
    so that wide rows are neither sorted nor hashed: a load of many rows would need their room on the disk
    once more.
    """
    if shape.table.kind is not Kind.EVENT or shape.gives_seq:
        connection.execute(f"ALTER TABLE {quoted(raw)} RENAME TO {quoted(view)}")
        return
    ranked = quoted(f"ranked_{view}")
    connection.execute(f"CREATE TABLE {ranked} AS SELECT DISTINCT _row, {RANK} AS seq FROM {quoted(raw)}")
    columns = f"SELECT r.* EXCLUDE (_pk), s.seq FROM {quoted(raw)} r JOIN {ranked} s USING (_row)"
    connection.execute(f"CREATE TABLE {quoted(view)} AS {columns} LIMIT 0")
    for start in range(0, shape.read, RANKED_AT_ONCE):
        here = f"BETWEEN {start} AND {start + RANKED_AT_ONCE - 1}"
        connection.execute(f"INSERT INTO {quoted(view)} {columns} WHERE r._row {here} AND s._row {here}")
    for made in (ranked, quoted(raw)):
        connection.execute(f"DROP TABLE {made}")
