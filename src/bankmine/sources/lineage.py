"""From a bank column back to the extract columns it is made of, read off the mapping's own SQL.

The SELECTs are parsed, never run: SQLGlot qualifies every name with the extracts' headers and follows it
through joins, unions and common table expressions. What the load fills in by itself (owners, base currency,
order, times of knowledge) is told from the same rules that `shaping` and `casting` obey.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.errors import BankmineError
from bankmine.sources.mapping import Mapping, load_mapping

if TYPE_CHECKING:
    from sqlglot import exp

NOT_FILLED = "the mapping does not fill it; it is always empty"


@dataclass(frozen=True, kw_only=True)
class Traced:
    """Where one bank column comes from.

    `extracts` are the columns read, as "extract.column"; `expressions` the mapping's own SQL for the
    column, one for each branch of a UNION; `note` says what the load adds, or why nothing can be traced;
    `through` are bank columns of which the load makes this one.
    """

    table: str
    column: str
    extracts: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    note: str = ""
    through: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The column as "table.column"."""
        return f"{self.table}.{self.column}"


class MappingLineage:
    """The lineage of a mapping's bank columns; each SELECT is parsed once, when first asked about."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._selects: dict[str, _Select] = {}

    def trace(self, table: str, column: str) -> tuple[Traced, ...]:
        """The column, then the bank columns the load makes it of; each once.

        KeyError for a column the bank table does not declare.
        """
        found: dict[str, Traced] = {}
        waiting = [(table, column)]
        while waiting:
            one = self._one(*waiting.pop(0))
            if one.name not in found:
                found[one.name] = one
                waiting += [(name, part) for name, _, part in (t.partition(".") for t in one.through)]
        return tuple(found.values())

    def _one(self, name: str, column: str) -> Traced:
        declared = bank_table(name)
        about = declared.column(column)
        if name not in self.mapping.sql:
            return Traced(table=name, column=column, note=f"the mapping fills no table {name}")
        select = self._select(name)
        if select.problem:
            return Traced(table=name, column=column, note=f"cannot be traced: {select.problem}")
        if column not in select.places:
            note, through = filled_by_load(declared, column, select.places, self.mapping.currency)
            return Traced(table=name, column=column, note=note, through=through)
        return Traced(
            table=name, column=column, extracts=select.extracts(column),
            expressions=select.expressions(column), note=_kept_as(about),
        )  # fmt: skip

    def _select(self, name: str) -> _Select:
        if name not in self._selects:
            self._selects[name] = _Select(self.mapping, name)
        return self._selects[name]


def filled_by_load(
    declared: Table, column: str, given: Container[str], currency: str
) -> tuple[str, tuple[str, ...]]:
    """What the load does for a column that is not among those given, and the bank columns it rests on."""
    own = declared.name
    if column == "base_minor" and declared.has("amount_minor"):
        note = f"the load converts amount_minor to {currency}, at the last rate known"
        return note, (f"{own}.amount_minor", f"{own}.currency")
    if declared.per_owner and column == "is_primary" and "customer_id" in given:
        return "true: the mapping names the customer of each row", (f"{own}.customer_id",)
    if declared.per_owner and column in ("customer_id", "is_primary"):
        parts = (f"{own}.account_id", "account_party.customer_id", "account_party.role")
        return "the load writes the row once for each owner of the account", parts
    start = {Kind.EVENT: "event_time", Kind.VERSIONED: "valid_from"}.get(declared.kind)
    if column == "known_at" and start:
        return f"known from {start} on (a mere date from the next midnight)", (f"{own}.{start}",)
    if column in ("known_at", "valid_from"):
        return "known from the day of the extract", ()
    if column == "seq":
        rank = tuple(f"{own}.{name}" for name in declared.primary_key)
        return "the load ranks the primary key within the instant", rank
    if column == "cancelled":
        return "false: the mapping cancels nothing", ()
    if column == "load_number":
        return "the number of the load that wrote the row", ()
    return NOT_FILLED, ()


def _kept_as(column: Column) -> str:
    if column.encrypted:
        return "kept encrypted"
    return "kept as a pseudonym" if column.type is Type.KEY else ""


class _Select:
    """One SELECT, parsed: which columns it gives, and where each comes from."""

    def __init__(self, mapping: Mapping, name: str) -> None:
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError

        self._mapping, self._name = mapping, name
        self.problem = ""
        self.places: dict[str, int] = {}
        try:
            self._query = parse_one(mapping.sql[name].strip().rstrip(";"), dialect="duckdb")
            self.places = {given: place for place, given in enumerate(self._qualified.named_selects)}
        except SqlglotError as error:
            self.problem = f"{name}.sql is not understood ({str(error).splitlines()[0]})"
            return
        if "*" in self.places:
            self.problem = f"{name}.sql selects * from an extract whose columns the mapping does not list"

    @cached_property
    def _qualified(self) -> exp.Query:
        from sqlglot import exp
        from sqlglot.optimizer.qualify import qualify

        found = qualify(
            self._query.copy(), dialect="duckdb", schema=self._schema, identify=False,
            validate_qualify_columns=False,
        )  # fmt: skip
        assert isinstance(found, exp.Query)
        return found

    @property
    def _schema(self) -> dict[str, object]:
        """The extracts' headers; an extract without one stays out, so that its names are still followed."""
        headers = {
            name: {column: "VARCHAR" for form in extract.alternatives for column in form.columns}
            for name, extract in self._mapping.extracts.items()
        }
        return {name: columns for name, columns in headers.items() if columns}

    def extracts(self, column: str) -> tuple[str, ...]:
        """The extract columns a column is made of, "extract.column", by name."""
        from sqlglot import exp
        from sqlglot.lineage import lineage

        root = lineage(column, self._qualified, dialect="duckdb", scope=self._scope, trim_selects=False)
        found: dict[str, None] = {}
        for node in root.walk():
            if not node.downstream and isinstance(node.expression, exp.Table):
                source = node.expression.name
                if source in self._mapping.extracts:
                    found[f"{source}.{self._spelt(source, node.name.rpartition('.')[2])}"] = None
        return tuple(sorted(found))

    def _spelt(self, extract: str, column: str) -> str:
        """The column as the header spells it, else as the SELECT does: DuckDB's names have no case."""
        from sqlglot import exp

        plain = column.strip('"')
        forms = self._mapping.extracts[extract].alternatives
        named = [given for form in forms for given in form.columns]
        named += [one.name for one in self._query.find_all(exp.Column)]
        return next((given for given in named if given.lower() == plain.lower()), plain)

    @cached_property
    def _scope(self) -> object:
        from sqlglot.optimizer.scope import build_scope

        return build_scope(self._qualified)

    def expressions(self, column: str) -> tuple[str, ...]:
        """What the mapping writes for the column, in each branch of a UNION, without the name it gives."""
        from sqlglot import exp

        branches: list[Any] = [self._query]
        found: dict[str, None] = {}
        while branches:
            branch = branches.pop(0)
            if isinstance(branch, exp.SetOperation):
                branches[:0] = [branch.left, branch.right]
            elif isinstance(branch, exp.Select) and len(branch.expressions) > self.places[column]:
                written = branch.expressions[self.places[column]].unalias()
                found[written.sql(dialect="duckdb", normalize_functions=False)] = None
        return tuple(found)


def tracing(mapping: str) -> Callable[[str, str], tuple[Traced, ...]]:
    """The lineage of a bank's columns by the name (or folder) of its mapping.

    Where the mapping cannot be read, every column says so.
    """
    try:
        return MappingLineage(load_mapping(mapping)).trace
    except BankmineError as error:
        note = f"cannot be traced: {error.what}"
        return lambda table, column: (Traced(table=table, column=column, note=note),)
