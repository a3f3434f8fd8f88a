"""Where an online state writes its answers: whole numbers and doubles in two views of the same memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.declaration import Feature, WindowFeature
from bankmine.windows.program import is_whole


class Answer:
    """The features of n events, in the columns of a plan.

    `whole[column, row]` holds counts, sums, extremes and days, `real[column, row]` (the same memory)
    everything else; `present[column, row]` says whether there is a value.
    """

    def __init__(self, columns: Sequence[Feature], count: int) -> None:
        self.columns = tuple(columns)
        self.whole: NDArray[np.int64] = np.zeros((len(columns), count), np.int64)
        self.real: NDArray[np.float64] = self.whole.view(np.float64)
        self.present: NDArray[np.bool_] = np.zeros((len(columns), count), np.bool_)
        self.wide: NDArray[np.uint64] = np.zeros((1, 4), np.uint64)
        self._place = {feature.name: place for place, feature in enumerate(columns)}

    def values(self, place: int) -> NDArray[Any]:
        """The values of a column, in its type."""
        feature = self.columns[place]
        whole = isinstance(feature, WindowFeature) and is_whole(feature)
        found: NDArray[Any] = self.whole[place] if whole else self.real[place]
        return found

    def value(self, name: str, row: int = 0) -> int | float | None:
        """One value; None where it is missing."""
        place = self._place[name]
        return self.values(place)[row].item() if self.present[place, row] else None

    def table(self, features: Sequence[Feature]) -> Any:
        """An Arrow table with a column for each feature: int64 for whole numbers, else float64."""
        import pyarrow as pa

        places = [self._place[feature.name] for feature in features]
        return pa.table({
            feature.name: pa.array(self.values(place), mask=~self.present[place])
            for feature, place in zip(features, places, strict=True)
        })  # fmt: skip
