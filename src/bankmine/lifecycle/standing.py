"""A model over rows that stand: prepared once, then asked again and again with a few columns changed.

Preparing a hundred columns for one row costs more than the model's answer. Here the columns of all rows
that are known in advance (a snapshot's customers) are prepared once and kept as numbers; a request prepares
what it changes and nothing else. A matrix column depends on its own feature alone, so the answers are those
of the whole way, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from bankmine.lifecycle.supervised import Model
from bankmine.mining.combination.numbers import Numbers
from bankmine.preparation.mixed import Mixed
from bankmine.tasks.contract import Floats, Ints

MOST_SETS = 256
Prepared = dict[str, Floats]


class Standing:
    """The answers of `model` on rows of `table`, changed in some columns.

    `table` holds every column the model reads, in the types it was fitted on; its last row is the one of
    whoever is not known. Columns without any value are kept as one number. Safe to share between threads.
    """

    def __init__(self, model: Model, table: Any) -> None:
        self.model, self.table = model, table
        mixed = isinstance(model.preparation, Mixed)
        reads = model.preparation.reads if mixed else ()
        self._passed = {name for one in reads if one.settings is None for name in one.columns}
        self._sets: dict[frozenset[str], Any] = {}
        self._tells = np.zeros(table.num_rows, np.bool_)
        for name in self._passed:
            self._tells |= np.asarray(table.column(name).is_valid())
        empty = {name for name in table.column_names if table.column(name).null_count == table.num_rows}
        nobody = _prepared(model.preparation, table.slice(table.num_rows - 1), self._passed)
        stands = set(table.column_names) - empty - self._passed
        varying = _prepared(model.preparation.only(stands), table, self._passed)
        self._names = tuple(nobody)
        self._place = {name: place for place, name in enumerate(self._names)}
        self._alike = np.array([column[0] for column in nobody.values()])
        self._at = np.array([self._place[name] for name in varying], np.int64)
        self._varying = np.column_stack([*varying.values()]) if varying else np.zeros((table.num_rows, 0))

    def probability(self, rows: Ints, changed: Any) -> Floats:
        """The model's chance for some rows of the table, with the columns of `changed` (a table of as many
        rows, in the types of the table's) in place of theirs."""
        asked = frozenset(changed.column_names)
        if asked & self._passed or self._tells[rows].any():  # texts and events go through whole
            return self._whole(rows, changed)
        own = _prepared(self._only(asked), changed, self._passed)
        values = np.repeat(self._alike[None, :], len(rows), axis=0)
        values[:, self._at] = self._varying[rows]
        for name, column in own.items():
            values[:, self._place[name]] = column
        given = Numbers(values, self._place) if isinstance(self.model.preparation, Mixed) else values
        said: Floats = self.model.miner.probability(given)
        return said

    def _only(self, asked: frozenset[str]) -> Any:
        found = self._sets.get(asked)
        if found is None:
            found = self.model.preparation.only(asked)
            if len(self._sets) < MOST_SETS:
                self._sets[asked] = found
        return found

    def _whole(self, rows: Ints, changed: Any) -> Floats:
        """The same by preparing everything."""
        import pyarrow as pa

        taken = self.table.take(pa.array(rows))
        for name in changed.column_names:
            taken = taken.set_column(taken.column_names.index(name), name, changed.column(name))
        said: Floats = self.model.miner.probability(self.model.matrix(taken).values)
        return said


def _prepared(preparation: Any, table: Any, passed: Collection[str]) -> Prepared:
    """The matrix columns by name, those of texts and events left out."""
    matrix = preparation.transform(table)
    if not isinstance(preparation, Mixed):
        return {name: matrix.values[:, place] for place, name in enumerate(matrix.names)}
    return {
        name: matrix.values.column(name).to_numpy(zero_copy_only=False)
        for name, source in zip(matrix.names, matrix.sources, strict=True)
        if source not in passed and name != "cutoff"
    }
