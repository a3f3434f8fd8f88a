"""What a labelled question keeps for those who validate its score later: three small tables beside the model.

`tested.parquet` has every test row: who, when, what came true, the chance given by the candidate in use and
each candidate's rank (dense, higher is more probable), so that every figure of discrimination and calibration
can be computed again without the bank. `inputs.parquet` has samples of the rows with the inputs the answer
hangs on most: from `development`, from the `test` and from `now`, the rows scored; those of now also have the
chance by the model that was tested (`as_tested`), the only one that can be held beside development's.
`whole.parquet` has fewer rows of now with every input the model reads, to score them again; texts are null
there, for what people wrote is not copied out of the bank's keeping. A study that learns a score beside its
questions keeps `moved.parquet` in place of `whole.parquet`: what moving each input does, worked out as it
ran, for there is no model of one matrix to move it in later. Nobody's attributes that the score does not read
are copied: groups for fairness are read from the bank when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.errors import UsageError
from bankmine.lifecycle.scores import write_scores
from bankmine.tasks.contract import Floats, Ints, Tested

if TYPE_CHECKING:
    from bankmine.lifecycle.material import Material
    from bankmine.lifecycle.supervised import Model

MOST_ROWS, MOST_INPUTS, MOST_WHOLE = 2_000, 30, 500
WHO = ("subject_id", "customer_id", "cutoff")
OWN = (*WHO, "part", "probability", "as_tested")
TESTED, INPUTS, WHOLE = "tested.parquet", "inputs.parquet", "whole.parquet"
MOVED = "moved.parquet"


@dataclass(frozen=True)
class Evidence:
    """The tables as Arrow; `rank_of(name)` is a candidate's rank of each test row.

    Either `whole` or `moved` is None.
    """

    tested: Any
    inputs: Any
    whole: Any
    moved: Any = None

    def rank_of(self, candidate: str) -> Floats:
        """Dense ranks of the test rows, higher is more probable."""
        return np.asarray(self.tested.column(f"rank:{candidate}").to_numpy(), dtype=np.float64)

    def column(self, name: str) -> Any:
        """A column of the test rows as an array."""
        return self.tested.column(name).to_numpy(zero_copy_only=False)

    def part(self, name: str) -> Any:
        """The sampled rows of one part with their inputs, as Arrow."""
        import pyarrow.compute as pc

        return self.inputs.filter(pc.equal(self.inputs.column("part"), name))

    @property
    def features(self) -> tuple[str, ...]:
        """The inputs of `inputs`, the heaviest first."""
        return tuple(name for name in self.inputs.column_names if name not in OWN)


def keep_evidence(
    folder: Path, *, material: Material, train: Ints, test: Ints, tested: Tested, use: str, seen: Model,
    final: Model, scored: Mapping[str, Any],
) -> None:  # fmt: skip
    """Writes the tables; `seen` is the candidate in use as it was tested, `final` as it scores now."""
    import pyarrow as pa

    columns: dict[str, Any] = {name: tested.rows.column(name) for name in WHO}
    columns |= {"came_true": pa.array(tested.truth), "probability": pa.array(tested.probability[use])}
    for name, ranking in tested.ranking.items():
        dense = np.unique(ranking, return_inverse=True)[1].astype(np.int32)
        columns[f"rank:{name}"] = pa.array(dense)
    write_scores(pa.table(columns), folder / TESTED)
    every = [plan.name for plan in final.preparation.plans_]
    names = _heaviest([name for name in every if name in material.plain_names], scored["weights"])
    parts = [
        _part("development", seen, *material.take(_one_each(material, train)), names),
        _part("test", seen, *material.take(_few(material.rows, test)), names),
        _as_tested(_now(scored, names, MOST_ROWS), seen, scored),
    ]
    write_scores(pa.concat_tables(parts, promote_options="permissive"), folder / INPUTS)
    texts = [name for name in every if material.units.get(name) == "text"]
    write_scores(_without_texts(_now(scored, every, MOST_WHOLE), texts), folder / WHOLE)


def read_evidence(folder: Path) -> Evidence:
    """The tables of a run's or a question's folder; UsageError where it kept none."""
    import pyarrow.parquet as pq

    last = MOVED if (folder / MOVED).exists() else WHOLE
    missing = [name for name in (TESTED, INPUTS, last) if not (folder / name).exists()]
    if missing:
        raise UsageError(
            f"the run in {folder} kept no {missing[0]}",
            hint="It asked no labelled question, or an older bankmine made it: run the task again.",
        )
    tables = [pq.ParquetFile(folder / name).read(use_threads=False) for name in (TESTED, INPUTS, last)]
    tested, inputs, third = tables
    return Evidence(tested, inputs, None, third) if last == MOVED else Evidence(tested, inputs, third)


def _part(part: str, model: Model, rows: Any, features: Any, names: list[str]) -> Any:
    return _table(part, rows, features.select(names), model.scores(features)[0])


def _heaviest(names: list[str], weights: Mapping[str, float]) -> list[str]:
    """The inputs the answer hangs on most; the first ones where the model gives no weights."""
    return sorted(names, key=lambda name: -weights.get(name, 0.0))[:MOST_INPUTS]


def _now(scored: Mapping[str, Any], names: list[str], most: int) -> Any:
    rows = scored["rows"]
    chosen = _few(rows, np.arange(rows.num_rows), most)
    features = scored["features"].select(names).take(chosen)
    return _table("now", rows.take(chosen), features, scored["probability"][chosen])


def _as_tested(now: Any, seen: Model, scored: Mapping[str, Any]) -> Any:
    """The rows of now with their chances by the model that was tested."""
    import pyarrow as pa

    rows = scored["rows"]
    chosen = _few(rows, np.arange(rows.num_rows), MOST_ROWS)
    return now.append_column("as_tested", pa.array(seen.scores(scored["features"].take(chosen))[0]))


def _without_texts(table: Any, texts: list[str]) -> Any:
    """The table with texts made null."""
    import pyarrow as pa

    for name in texts:
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.nulls(table.num_rows, pa.string()))
    return table


def _table(part: str, rows: Any, features: Any, probability: Floats) -> Any:
    import pyarrow as pa

    columns = {name: rows.column(name) for name in WHO}
    columns |= {"part": pa.array([part] * rows.num_rows, pa.string()), "probability": pa.array(probability)}
    return pa.table({**columns, **{name: features.column(name) for name in features.column_names}})


def _few(rows: Any, positions: Ints, most: int = MOST_ROWS) -> Ints:
    """At most so many of the rows, whole subjects by a hash, so that no month is left out."""
    if len(positions) <= most:
        return positions
    drawn = splitmix64(units_of(rows)[positions])
    return np.asarray(positions[drawn < np.sort(drawn)[most]], dtype=np.int64)


def _one_each(material: Material, positions: Ints) -> Ints:
    """One row of each subject, the newest of at most so many subjects: rows that are independent.

    Where the true ones are kept more often than the others, a row stays with a chance in proportion to what
    it stands for, so that the sample is as the bank was.
    """
    if material.weight is not None:
        weight = material.weight[positions]
        drawn = np.random.default_rng(len(positions)).random(len(positions))
        positions = positions[drawn < weight / weight.max()]
    subject, when = units_of(material.rows)[positions], material.cutoffs[positions]
    order = np.lexsort([-when, subject])
    first = np.unique(subject[order], return_index=True)[1]
    return _few(material.rows, np.sort(positions[order[first]]))


def units_of(rows: Any) -> Ints:
    """Whose each row is: the customer, else (where any row has none) the subject."""
    subject = np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64)
    customer = rows.column("customer_id")
    if customer.null_count:
        return subject
    return np.asarray(customer.to_numpy(), dtype=np.int64)
