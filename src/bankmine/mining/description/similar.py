"""Similar rows: who is most like whom, by profile and by what they did in which order.

Profiles are compared on ranks, so that a column in money weighs as much as one in days: each column is
replaced by its place among all known values (0 to 1), and the distance of two rows is the mean of the gaps
over the columns known of both (Gower 1971, on ranks). Sequences are compared by the cosine of their weighted
n-grams (single steps and pairs of consecutive steps; a pair common to everybody weighs little: inverse
document frequency of Spärck Jones 1972), so that order counts and length does not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, MinimumData
from bankmine.mining.learner import Learner

MINIMUM = MinimumData(rows=10)
LEAST_SHARED = 0.5


@dataclass(frozen=True)
class Neighbours:
    """The rows nearest to one row, nearest first, with their distances (0: alike, 1: as far as can be)."""

    rows: Ints
    distances: Floats


class SimilarProfiles(Learner):
    """Nearest rows by ranks of numeric columns; missing values are left out pair by pair.

    Two rows that share fewer than half of the columns known of the asked row are never neighbours.
    """

    def fit(self, values: Floats, names: Sequence[str]) -> Self:
        """Learns the ranks of `values`, shape (rows, columns), NaN where missing."""
        matrix = np.asarray(values, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(names):
            raise UsageError(
                f"{len(names)} names were given for a matrix of shape {matrix.shape}",
                hint="Give one name for each column.",
            )
        MINIMUM.require("similar profiles", len(matrix))
        varied = [i for i in range(matrix.shape[1]) if len(np.unique(_known(matrix[:, i]))) > 1]
        self.names_ = tuple(names[i] for i in varied)
        self.ranks_ = np.column_stack([_ranks(matrix[:, i]) for i in varied]) if varied else matrix[:, :0]
        return self

    def nearest(self, row: int, *, top: int = 5) -> Neighbours:
        """The `top` rows most like the row at that position; ties go to the earlier row.

        UsageError before `fit`, for a row that is not there and for less than one row asked.
        """
        _check_row(row, len(self.ranks_), top)
        own = self.ranks_[row]
        gaps = np.abs(self.ranks_ - own)
        shared = np.isfinite(gaps)
        count = shared.sum(axis=1)
        distance = np.where(shared, gaps, 0.0).sum(axis=1) / np.maximum(count, 1)
        distance[count < LEAST_SHARED * max(np.isfinite(own).sum(), 1)] = np.inf
        distance[row] = np.inf
        order = np.argsort(distance, kind="stable")[:top]
        order = order[np.isfinite(distance[order])]
        return Neighbours(order.astype(np.int64), distance[order])

    def differing(self, row: int, other: int, *, top: int = 3) -> list[tuple[str, float]]:
        """The columns in which two rows differ most, with the gap of their ranks (other less row)."""
        for one in (row, other):
            _check_row(one, len(self.ranks_), top)
        gap = self.ranks_[other] - self.ranks_[row]
        order = np.argsort(-np.nan_to_num(np.abs(gap), nan=-1.0), kind="stable")[:top]
        return [(self.names_[i], float(gap[i])) for i in order if np.isfinite(gap[i])]


class SimilarSequences(Learner):
    """Nearest sequences of steps by the cosine of their weighted single steps and consecutive pairs."""

    def fit(self, sequences: Sequence[Sequence[Hashable]]) -> Self:
        """Learns the weights from all sequences; an empty one is like no other."""
        from scipy.sparse import csr_matrix

        MINIMUM.require("similar sequences", len(sequences))
        place: dict[Any, int] = {}
        rows, columns, counts = [], [], []
        for row, sequence in enumerate(sequences):
            for gram, count in _grams(sequence).items():
                rows.append(row)
                columns.append(place.setdefault(gram, len(place)))
                counts.append(count)
        shape = (len(sequences), max(len(place), 1))
        matrix = csr_matrix((np.array(counts, dtype=np.float64), (rows, columns)), shape=shape)
        seen = np.bincount(np.array(columns, dtype=np.int64), minlength=shape[1])
        weights = np.log((1 + len(sequences)) / (1 + seen)) + 1.0
        matrix.data = (1 + np.log(matrix.data)) * weights[matrix.indices]
        length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
        matrix.data *= np.repeat(scale, np.diff(matrix.indptr))
        self.matrix_ = matrix
        return self

    def nearest(self, row: int, *, top: int = 5) -> Neighbours:
        """The `top` sequences most like the one at that position; distance is 1 less the cosine.

        UsageError before `fit`, for a sequence that is not there and for less than one asked.
        """
        _check_row(row, self.matrix_.shape[0], top)
        cosine = np.asarray((self.matrix_ @ self.matrix_[row].T).todense()).ravel()
        cosine[row] = 0.0
        order = np.argsort(-cosine, kind="stable")[:top]
        order = order[cosine[order] > 0]
        return Neighbours(order.astype(np.int64), 1.0 - cosine[order].clip(max=1.0))


def _check_row(row: int, rows: int, top: int) -> None:
    if not isinstance(row, int | np.integer) or not 0 <= row < rows:
        raise UsageError(f"row {row} was asked of {rows}", hint=f"Give a place from 0 to {rows - 1}.")
    if top < 1:
        raise UsageError(f"{top} were asked for", hint="Ask for one or more.")


def _grams(sequence: Sequence[Hashable]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for step in sequence:
        counts[step,] = counts.get((step,), 0) + 1
    for pair in pairwise(sequence):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def _known(column: Floats) -> Floats:
    return column[np.isfinite(column)]


def _ranks(column: Floats) -> Floats:
    """Place among the known values, 0 to 1, equal values sharing the mean; NaN where missing."""
    from scipy.stats import rankdata

    known = np.isfinite(column)
    ranks = np.full(len(column), np.nan)
    ranks[known] = (rankdata(column[known]) - 0.5) / known.sum()
    return ranks
