"""The result being filled: a column for each feature, with what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.aggregates import AGGREGATES
from bankmine.windows.declaration import Feature, RatioFeature, WindowFeature

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Columns:
    """Columns of n rows; a row that is never filled stays missing."""

    def __init__(self, count: int, features: Iterable[WindowFeature]) -> None:
        self._places = {feature: place for place, feature in enumerate(features)}
        self._values: list[NDArray[Any]] = [
            np.zeros(count, np.int64 if AGGREGATES[feature.aggregate].whole else np.float64)
            for feature in self._places
        ]
        self._missing = [np.ones(count, np.bool_) for _ in self._places]

    def place(self, feature: WindowFeature) -> int:
        """The column of a feature."""
        return self._places[feature]

    def fill(self, place: int, rows: Ints, values: NDArray[Any], defined: Bools) -> None:
        """Sets the values of some rows of a column, and which of them there are."""
        self._values[place][rows] = values
        self._missing[place][rows] = ~defined

    def table(self, features: Sequence[Feature]) -> Any:
        """An Arrow table with the features in the order given; int64 for whole numbers, else float64."""
        import pyarrow as pa

        columns = {}
        for feature in features:
            values, missing = self._column(feature)
            columns[feature.name] = pa.array(values, mask=missing)
        return pa.table(columns)

    def _column(self, feature: Feature) -> tuple[NDArray[Any], Bools]:
        if isinstance(feature, RatioFeature):
            return self._ratio(feature)
        return self._values[self.place(feature)], self._missing[self.place(feature)]

    def _ratio(self, feature: RatioFeature) -> tuple[NDArray[Any], Bools]:
        from bankmine.windows.limbs import ratios

        numerator, denominator = self.place(feature.numerator), self.place(feature.denominator)
        above, below = self._values[numerator], self._values[denominator]
        missing = self._missing[numerator] | self._missing[denominator] | (below == 0)
        return ratios(above, below), missing
