"""Counts many points into hexagons, so that a cloud of any size becomes a picture of some hundred cells.

The nearest of two offset rectangular grids is the hexagonal cell of a point (Carr et al., 1987,
"Scatterplot matrix techniques for large N").
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HexagonalBins:
    """Cells as `(x, y, count)` of their centres, and the half width and half height of a cell."""

    cells: tuple[tuple[float, float, int], ...]
    half_width: float
    half_height: float


def hexagons(
    xs: Sequence[float | int | None], ys: Sequence[float | int | None], *, columns: int
) -> HexagonalBins:
    """Counts points in hexagons, `columns` across; pairs with a missing value are left out."""
    import numpy as np

    x = np.asarray(xs, dtype=np.float64)
    y = np.asarray(ys, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x):
        return HexagonalBins((), 0.0, 0.0)
    width = (float(np.ptp(x)) or 1.0) / columns
    height = (float(np.ptp(y)) or 1.0) / columns * 3  # regular where a picture is √3 times as wide as high
    u, v = (x - x.min()) / width, (y - y.min()) / height
    even = np.column_stack([np.round(u), np.round(v)])
    odd = np.column_stack([np.floor(u) + 0.5, np.floor(v) + 0.5])
    here = np.column_stack([u, v])
    weight = np.array([1.0, 3.0])  # a regular hexagon's lattice is √3 as high as it is wide
    nearer_odd = ((here - odd) ** 2 @ weight) < ((here - even) ** 2 @ weight)
    centre = np.where(nearer_odd[:, None], odd, even)
    unique, counts = np.unique(centre, axis=0, return_counts=True)
    cells = tuple(
        (float(a * width + x.min()), float(b * height + y.min()), int(n))
        for (a, b), n in zip(unique, counts, strict=True)
    )
    return HexagonalBins(cells, width / 2, height / 3)
