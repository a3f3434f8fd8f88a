"""Small data with a known answer, shared by the miners' tests."""

import numpy as np
from numpy.typing import NDArray


def blobs(rows: int = 120, seed: int = 0) -> NDArray[np.float64]:
    """Three round, well separated groups of `rows`, `rows` and half as many rows."""
    draw = np.random.default_rng(seed)
    parts = [
        draw.normal(size=(size, 2)) + centre
        for size, centre in ((rows, (0, 0)), (rows, (8, 0)), (rows // 2, (0, 9)))
    ]
    return np.concatenate(parts)


def risky(rows: int = 3000, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Four columns of which the first raises, the second lowers the log-odds; the others say nothing."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, 4))
    log_odds = 1.5 * X[:, 0] - X[:, 1] - 1.5
    return X, draw.random(rows) < 1 / (1 + np.exp(-log_odds))
