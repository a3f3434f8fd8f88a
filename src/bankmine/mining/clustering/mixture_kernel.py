"""Log densities of Gaussian components, a row alone computed as in a batch. A leaf module: Numba is slow."""

import numba as nb
import numpy as np

_MATRIX = nb.types.Array(nb.float64, 2, "C", readonly=True)
_CUBE = nb.types.Array(nb.float64, 3, "C", readonly=True)
_VECTOR = nb.types.Array(nb.float64, 1, "C", readonly=True)


@nb.njit(
    nb.void(_MATRIX, _MATRIX, _CUBE, _VECTOR, nb.float64[:, ::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def weighted_log_density(values, means, factors, constants, density):  # type: ignore[no-untyped-def]
    """`constant − |U'(x − mean)|² / 2` for each row and component, U upper triangular in `factors`."""
    rows, columns = values.shape
    gap = np.empty(columns)
    for row in range(rows):
        for component in range(means.shape[0]):
            total = 0.0
            for column in range(columns):
                gap[column] = values[row, column] - means[component, column]
                projected = 0.0
                for before in range(column + 1):
                    projected += gap[before] * factors[component, before, column]
                total += projected * projected
            density[row, component] = constants[component] - total / 2.0
