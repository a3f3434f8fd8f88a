"""Prepared rows as one matrix with named columns, for a stack that answers while somebody waits.

A stack reads a table; making one of three hundred columns for a single row takes longer than the answer. Of
rows given so, parts that read texts or events are absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats


@dataclass(frozen=True)
class Numbers:
    """`values` of shape (rows, columns), NaN where missing, and each column's place."""

    values: Floats
    places: Mapping[str, int]

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self.values)

    def of(self, names: Sequence[str]) -> Floats:
        """Some columns, in their order; UsageError where one is absent."""
        try:
            places = [self.places[name] for name in names]
        except KeyError as error:
            raise UsageError(
                f"The rows lack the column {error.args[0]!r}", hint="Give the columns the parts name."
            ) from None
        found: Floats = self.values[:, places]
        return found
