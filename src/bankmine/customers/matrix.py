"""A matrix: the features asked for, of the subjects asked for, each at its own cutoff.

Window features come from the windows kernel, versioned features from SQL over all cutoffs at once, those of
reports, loans, sequences, text and network from the programs of `computed`, the others from these. Money
stays in minor units (in sequences it is major); what is missing is null, never zero:

- a window that leaves the coverage of its table, or a mean, extreme, gap or share of nothing;
- a versioned table of which nothing was known yet, an attribute that is empty, an amount of no row;
- a quotient whose divisor is zero or missing, a sum or difference with a missing part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind as TableKind
from bankmine.customers.catalogue import CATALOGUE, Catalogue, inputs_of, kinds_of
from bankmine.customers.civil import part_of
from bankmine.customers.computed import PROVIDERS, computed
from bankmine.customers.feature import KEY_OF, Calendar, Derived, Feature, Kind, Own
from bankmine.customers.formulas import FORMULAS
from bankmine.customers.lineage import lineage
from bankmine.customers.subjects import Ints, Subjects, read_subjects
from bankmine.customers.versioned import versioned
from bankmine.customers.windowed import outside_coverage, windowed
from bankmine.errors import FeasibilityError, UsageError
from bankmine.windows.staleness import Maximum, Staleness, refuse_stale, staleness

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Bools = NDArray[np.bool_]
_METADATA = b"bankmine"
STAGES = 5  # subjects, windows, versions, programs, arithmetic


class Progress(Protocol):
    """Told how far the work is; `total` 0 where that is not known."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def _silent(stage: str, done: int = 0, total: int = 0) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class MatrixReport:
    """What a matrix says about itself.

    `features` has, for each feature, its unit, sentence, kind, window, version, lineage, the share of rows
    where it is missing and the share where the data do not reach (outside coverage, or not yet known);
    `statements` are the SQL statements that ran; `sources` says of each event table how old its newest
    event was at the last cutoff; `notes` say what of the data was left out.
    """

    features: dict[str, dict[str, Any]]
    statements: tuple[str, ...]
    sources: tuple[Staleness, ...] = ()
    notes: tuple[str, ...] = ()


def matrix(
    warehouse: Warehouse,
    rows: Any,
    names: Sequence[str],
    *,
    as_of: int | None = None,
    catalogue: Catalogue = CATALOGUE,
    maximum_staleness: Maximum | None = None,
    memory: str = "1GB",
    threads: int = 2,
    progress: Progress | None = None,
) -> Any:
    """The rows, in the order given, with one column for each feature named.

    `rows` is an Arrow table with subject_kind, subject_id, customer_id, cutoff (µs since 1970 UTC or an
    Arrow timestamp) and, for transactions, seq; one kind of subject at a time. Texts and sequences of events
    come as Arrow texts and lists of structs; all else is a number or a code. Features use what was known
    at each cutoff; with `as_of` (µs), what is known then ("as corrected since"). With `maximum_staleness`
    ("7d", or a length for each table) the newest known event of a source may be no older. `progress` is told
    (stage, done, total). Each field's metadata has the unit and sentence; `report_of` has the rest.

    UsageError for unknown names or rows that do not fit, FeasibilityError naming a table the bank lacks,
    CutoffError for an `as_of` before a cutoff or a stale source.
    """
    tell = progress or _silent
    wanted = _wanted(catalogue, names, rows)
    needed = catalogue.with_inputs(feature.name for feature in wanted)
    _check_tables(warehouse, needed)
    kinds = kinds_of(needed)
    tell("features", 0, STAGES)
    own = [feature.source.column for feature in needed if isinstance(feature.source, Own)]
    apart = next((feature.subject for feature in needed if feature.subject in KEY_OF), "customer")
    subjects = read_subjects(warehouse, rows, own, as_of, apart)
    programs = [feature for name in PROVIDERS for feature in kinds[Kind(name)]]
    looking = [*kinds[Kind.WINDOW], *programs]
    sources = _sources(warehouse, looking, subjects.cutoffs, as_of, maximum_staleness)
    tell("features", 1, STAGES)
    columns = windowed(warehouse, kinds[Kind.WINDOW], subjects, threads=threads) if kinds[Kind.WINDOW] else {}
    unreached = outside_coverage(warehouse, kinds[Kind.WINDOW], subjects)
    tell("features", 2, STAGES)
    more, early, statements = versioned(
        warehouse, kinds[Kind.VERSIONED], subjects, memory=memory, threads=threads
    )
    columns |= more
    unreached |= early
    tell("features", 3, STAGES)
    found = computed(warehouse, programs, subjects, memory=memory, threads=threads)
    columns |= found.columns
    unreached |= found.unreached
    tell("features", 4, STAGES)
    for feature in needed:
        _add_computed(feature, columns, unreached, subjects, warehouse)
    tell("features", STAGES, STAGES)
    statements = subjects.statements + statements + found.statements
    made = _Made(columns, unreached, statements, sources, found.notes)
    return _assemble(warehouse, rows, wanted, catalogue, made)


@dataclass(frozen=True)
class _Made:
    """The columns, the rows the data do not reach, the SQL that ran, how old the sources are, what is out."""

    columns: dict[str, Any]
    unreached: dict[str, Bools]
    statements: tuple[str, ...]
    sources: tuple[Staleness, ...]
    notes: tuple[str, ...]


def report_of(table: Any) -> MatrixReport:
    """What a matrix says about itself; UsageError where the table is none."""
    metadata = table.schema.metadata or {}
    if _METADATA not in metadata:
        raise UsageError("the table is not a matrix", hint="Make one with `customers.matrix`.")
    said = json.loads(metadata[_METADATA])
    sources = tuple(Staleness(**one) for one in said["sources"])
    return MatrixReport(said["features"], tuple(said["statements"]), sources, tuple(said["notes"]))


def _sources(
    warehouse: Warehouse,
    features: Iterable[Feature],
    cutoffs: Ints,
    as_of: int | None,
    maximum: Maximum | None,
) -> tuple[Staleness, ...]:
    """How old each event table of the features is at the last cutoff; refuses one too old at any."""
    every = (need.table for feature in features for need in feature.needs)
    needed = dict.fromkeys(name for name in every if warehouse.has(name))
    tables = [name for name in needed if bank_table(name).kind is TableKind.EVENT]
    if not len(cutoffs):
        return ()
    if maximum is not None:
        refuse_stale(warehouse, tables, cutoffs, maximum, as_of=as_of)
    return staleness(warehouse, tables, int(cutoffs.max()), as_of=as_of)


def _wanted(catalogue: Catalogue, names: Sequence[str], rows: Any) -> tuple[Feature, ...]:
    wanted = tuple(catalogue[name] for name in dict.fromkeys(names))
    taken = [feature.name for feature in wanted if feature.name in rows.column_names]
    if taken:
        raise UsageError(f"the rows already have a column {taken[0]}", hint="Rename or drop it.")
    kinds: set[str] = set()
    if "subject_kind" in rows.column_names:
        kinds = set(rows.column("subject_kind").unique().to_pylist())
    alien = next((one for one in wanted if one.subject in KEY_OF and kinds - {one.subject}), None)
    if alien is not None:
        raise UsageError(
            f"{alien.name} is a feature of a{'n' * (alien.subject[0] in 'aeiou')} {alien.subject}, the rows "
            f"are of the kind {', '.join(sorted(kinds))}",
            hint=f"Ask it of {alien.subject}s, or choose features of the customer.",
        )
    return wanted


def _check_tables(warehouse: Warehouse, features: Iterable[Feature]) -> None:
    for feature in features:
        for need in feature.needs:
            if not need.optional and not warehouse.has(need.table):
                raise FeasibilityError(
                    f"the feature {feature.name} needs the table {need.table}, which the bank does not have",
                    hint=f"Load {need.table}, or choose features that `bankmine features` shows.",
                )


def _add_computed(
    feature: Feature,
    columns: dict[str, Any],
    unreached: dict[str, Bools],
    subjects: Subjects,
    warehouse: Warehouse,
) -> None:
    """Adds what is computed from the row itself or from other features."""
    import pyarrow as pa

    source = feature.source
    if isinstance(source, Own):
        own = subjects.own.column(source.column)
        columns[feature.name] = own.is_valid().cast(pa.int64()) if source.given else own
    elif isinstance(source, Calendar):
        columns[feature.name] = pa.array(part_of(warehouse.zone, subjects.cutoffs, source.part))
    elif isinstance(source, Derived):
        inputs = [_doubles(columns[name]) for name in source.inputs]
        with np.errstate(all="ignore"):
            values = FORMULAS[source.operation].compute(*inputs)
        columns[feature.name] = pa.array(values, mask=~np.isfinite(values))
        reached = [unreached[name] for name in source.inputs if name in unreached]
        if reached:
            unreached[feature.name] = np.logical_or.reduce(reached)


def _doubles(column: Any) -> NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")), np.float64)


def _assemble(
    warehouse: Warehouse, rows: Any, wanted: Sequence[Feature], catalogue: Catalogue, made: _Made
) -> Any:
    import pyarrow as pa

    count = max(rows.num_rows, 1)
    table, said = rows, {}
    for feature in wanted:
        column = made.columns[feature.name]
        unreached = made.unreached.get(feature.name)
        about = {
            "unit": feature.unit,
            "sentence": feature.sentence,
            "kind": str(feature.kind),
            "window": feature.window,
            "version": catalogue.versions[feature.name],
            "inputs": list(inputs_of(feature)),
            "lineage": lineage(feature, catalogue),
            "missing_share": column.null_count / count,
            "unreached_share": float(unreached.sum()) / count if unreached is not None else 0.0,
        }
        said[feature.name] = about
        metadata = {"unit": feature.unit, "sentence": feature.sentence}
        table = table.append_column(pa.field(feature.name, column.type, metadata=metadata), column)
    sources = [one.as_dict() for one in made.sources]
    text = json.dumps(
        {
            "features": said, "statements": list(made.statements), "sources": sources,
            "notes": list(made.notes),
        },
        sort_keys=True,
    )  # fmt: skip
    return table.replace_schema_metadata({**(rows.schema.metadata or {}), _METADATA: text.encode()})
