"""Two ceilings for each label: how well anybody could rank it, and how well anybody could from the tables.

`oracle`: ranking by the true probability with all latents known at the cutoff. `observable`: ranking by the
best prediction of that probability from the causes already written into tables by the cutoff, cross-fitted
over customers by gradient boosting on the oracle itself (so the noise of the labels does not blur it). The
labels come from the very SQL files the tasks use. A model that ranks better than `observable` by more than
its interval knows something it could not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, Zone
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import interval
from bankmine.simulation.delivery import parts_of
from bankmine.simulation.frame import Floats, Frame, Ints, Truth

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FILE = "ceilings.json"
FOLDS, ROUNDS = 3, 120
MEASURED = 5  # communities
ENOUGH = 100  # true rows (and others) from which on a ceiling is more than a rough idea
MOST_ROWS = 60_000  # of one label; more change a ceiling in the fourth decimal
METRICS = ("auc", "average_precision")
Progress = Callable[[str, int, int], None]


class Rule(Protocol):
    """What a label's rule of time says (see `tasks.labels.LabelRule`)."""

    @property
    def tables(self) -> tuple[str, ...]: ...

    def ends(self, cutoffs: Ints, zone: Zone) -> Ints: ...

    def known_at(self, cutoffs: Ints, zone: Zone) -> Ints: ...


class Definition(Protocol):
    """What the ceilings need of a label definition (see `tasks.definitions`)."""

    @property
    def name(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def rule(self) -> Rule: ...

    @property
    def sql(self) -> str: ...


@dataclass(frozen=True)
class Rows:
    """The rows of one label (and family): label, oracle, what is written (rows, causes); raw keys of subject
    and customer, cutoff in UTC µs."""

    name: str
    label: Truth
    oracle: Floats
    written: Floats
    causes: tuple[str, ...]
    subject: Ints
    customer: Ints
    cutoff: Ints


def get_ready() -> None:
    """Imports what the ceilings need in a thread beside the making of the bank: a second saved."""
    Thread(target=lambda: import_module("lightgbm"), daemon=True).start()


def parts_to_measure(frame: Frame) -> int:
    """How many files of the truth hold the first MEASURED communities."""
    return -(-MEASURED // len(parts_of(frame)[0]))


def write_ceilings(
    truth: Path,
    connection: duckdb.DuckDBPyConnection,
    definitions: Mapping[str, Definition],
    *,
    zone: Zone,
    until: int,
    parts: int,
    progress: Progress,
) -> Path:
    """Measures the ceilings of all labels and writes `truth/ceilings.json`.

    `connection` has the bank tables as views in raw keys; `until`: what is known then counts, µs;
    `parts`: how many files of the truth it covers.
    """
    views = {name for (name,) in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    chosen = [
        one
        for name, one in definitions.items()
        if (truth / f"label_{name}").is_dir() and set(one.rule.tables) <= views
    ]
    progress("ceilings", 0, len(chosen))
    with ThreadPoolExecutor(2) as pool:
        waiting = [
            (rows.name, pool.submit(ceilings_of, rows, definition.metric))
            for definition in chosen
            for rows in labelled_rows(truth, connection, definition, zone=zone, until=until, parts=parts)
        ]
        found = {}
        for done, (name, figures) in enumerate(waiting, 1):
            found[name] = figures.result()
            progress("ceilings", done, len(waiting))
    file = truth / FILE
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return file


def labelled_rows(
    truth: Path,
    connection: duckdb.DuckDBPyConnection,
    definition: Definition,
    *,
    zone: Zone,
    until: int,
    parts: int,
) -> Iterator[Rows]:
    """The mature rows of a label, joined with the label; one after the other for each family."""
    table = _read(truth / f"label_{definition.name}", parts)
    local = _micros(table.column("cutoff"))
    cutoffs = zone.to_utc(local)
    table = table.filter(definition.rule.known_at(cutoffs, zone) <= until)
    if "family" not in table.column_names:
        yield from _label(table, connection, definition, zone)
        return
    families = np.asarray(table.column("family").cast("string"))
    for family in sorted(set(families)):
        for rows in _label(table.filter(families == family), connection, definition, zone):
            yield replace(rows, name=f"{rows.name}/{family}")


def _label(
    table: pa.Table, connection: duckdb.DuckDBPyConnection, definition: Definition, zone: Zone
) -> Iterator[Rows]:
    import pyarrow as pa

    table = _fewer(table)
    local = _micros(table.column("cutoff"))
    cutoffs = zone.to_utc(local)
    ends = definition.rule.ends(cutoffs, zone)
    asked = {
        "row_number": pa.array(np.arange(table.num_rows)),
        "subject_id": table.column("subject").cast(pa.string()),
        "customer_id": table.column("customer").cast(pa.string()),
        "cutoff": pa.array(cutoffs).cast(pa.timestamp("us", tz="UTC")),
        "label_end": pa.array(ends).cast(pa.timestamp("us", tz="UTC")),
        "first_day": pa.array((local // DAY).astype(np.int32)).cast(pa.date32()),
        "end_day": pa.array((zone.to_local(ends) // DAY).astype(np.int32)).cast(pa.date32()),
    }
    if "family" in table.column_names:
        asked["family"] = table.column("family").cast(pa.string())
    connection.register("asked_rows", pa.table(asked))
    told = connection.execute(definition.sql).to_arrow_table()
    connection.unregister("asked_rows")
    known = np.asarray(told.column("label").is_valid())
    place = np.asarray(told.column("row_number"))[known]
    label = np.asarray(told.column("label").filter(known)).astype(np.bool_)
    causes = tuple(name for name in table.column_names if name.startswith("written_"))
    if len(place) == 0:
        return
    yield Rows(
        name=definition.name,
        label=label,
        oracle=_floats(table.column("oracle"))[place],
        written=np.stack([_floats(table.column(name)) for name in causes], axis=1)[place],
        causes=causes,
        subject=np.asarray(table.column("subject"))[place],
        customer=np.asarray(table.column("customer"))[place],
        cutoff=cutoffs[place],
    )


def _fewer(table: pa.Table) -> pa.Table:
    """At most MOST_ROWS, of customers taken evenly."""
    if table.num_rows <= MOST_ROWS:
        return table
    customer = np.asarray(table.column("customer"))
    every = np.unique(customer)
    share = MOST_ROWS / table.num_rows
    taken = every[np.unique((np.arange(max(1, int(share * every.size))) / share).astype(np.int64))]
    return table.filter(np.isin(customer, taken))


def ceilings_of(rows: Rows, metric: str) -> dict[str, Any]:
    """Both ceilings of one label in both metrics, each with its interval over customers; plain values.

    None where there are too few rows of one class for an interval to mean anything.
    """
    figures: dict[str, Any] = {
        "metric": metric,
        "rows": int(rows.label.size),
        "positives": int(rows.label.sum()),
        "customers": int(np.unique(rows.customer).size),
        "enough": int(min(rows.label.sum(), (~rows.label).sum())) >= ENOUGH,
    }
    if rows.label.all() or not rows.label.any():
        return figures | {"oracle": None, "observable": None}
    measured: dict[str, Any] = {}
    try:
        for name, score in (("oracle", rows.oracle), ("observable", predicted(rows))):
            measured[name] = {}
            for one in METRICS:
                range_ = interval(one, rows.label, score, groups=rows.customer, resamples=60, by="customer")
                measured[name][one] = [round(value, 4) for value in (range_.value, range_.low, range_.high)]
    except FeasibilityError:
        return figures | {"oracle": None, "observable": None}
    return figures | measured


def predicted(rows: Rows) -> Floats:
    """The oracle as the written causes tell it: cross-fitted boosting, each customer in one fold.

    One thread a fit: two of them, waiting for each other on small data, take twenty times the processor time.
    """
    import lightgbm

    fold = (rows.customer * 2_654_435_761 % 2**32) % FOLDS
    found = np.zeros(rows.label.size)
    settings = {
        "objective": "cross_entropy", "num_leaves": 8, "learning_rate": 0.08, "feature_fraction": 0.5,
        "min_data_in_leaf": 30, "min_sum_hessian_in_leaf": 1.0,  # of a rare label few rows weigh
        "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1, "seed": 0,
    }  # fmt: skip
    for number in range(FOLDS):
        rest, own = fold != number, fold == number
        if not own.any() or not rest.any():
            continue
        data = lightgbm.Dataset(rows.written[rest], np.clip(rows.oracle[rest], 0, 1), params={"verbose": -1})
        found[own] = lightgbm.train(settings, data, num_boost_round=ROUNDS).predict(
            rows.written[own], num_threads=1
        )
    return found


def _read(folder: Path, parts: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(folder.glob("*.parquet"))[:parts]
    return pa.concat_tables([pq.ParquetFile(file).read() for file in files], promote_options="permissive")


def _micros(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast("int64"))


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast("float64").to_numpy(zero_copy_only=False), dtype=np.float64)
