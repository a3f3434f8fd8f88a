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
    everything else; `present[column, row]` says whether there is a value. `owner` is the state that may
    write into it, one event at a time, through `arrays`.
    """

    def __init__(self, columns: Sequence[Feature], count: int, owner: object = None) -> None:
        self.columns, self.owner = tuple(columns), owner
        whole = np.zeros((len(columns), count), np.int64)
        present = np.zeros((len(columns), count), np.bool_)
        self.arrays = (whole, whole.view(np.float64), present, np.zeros((1, 4), np.uint64))
        self._place = {feature.name: place for place, feature in enumerate(columns)}

    @property
    def whole(self) -> NDArray[np.int64]:
        """Values [column, row] of columns that are whole numbers."""
        return self.arrays[0]

    @property
    def real(self) -> NDArray[np.float64]:
        """Values [column, row] of the other columns, in the same memory."""
        return self.arrays[1]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether there is a value, [column, row]."""
        return self.arrays[2]

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
