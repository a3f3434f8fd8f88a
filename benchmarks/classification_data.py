"""The data of the classification rows, read from the shared folder and prepared from training rows only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import SHARED_DATA

Ints = NDArray[np.int64]
BLOCKS = 10


@dataclass(frozen=True)
class Sides:
    """Training and test rows as two matrices: `native` with gaps as they are, `filled` on one scale."""

    native: NDArray[np.float64]
    native_names: tuple[str, ...]
    filled: NDArray[np.float64]
    filled_names: tuple[str, ...]


def german() -> tuple[Any, NDArray[np.bool_]]:
    """German credit: 1,000 applicants, bad or not."""
    import pandas as pd

    frame = pd.read_csv(SHARED_DATA / "german-credit/germancredit.csv.gz")
    return frame, (frame.pop("creditability") == "bad").to_numpy()


def taiwan() -> tuple[Any, NDArray[np.bool_]]:
    """Taiwan credit cards: 30,000 clients, default next month or not."""
    import pandas as pd

    folder = SHARED_DATA / "taiwan-credit-card-default"
    frame = pd.read_parquet(folder / "default_of_credit_card_clients.parquet")
    return frame, (frame.pop("default_payment_next_month") == 1).to_numpy()


def bank_marketing() -> tuple[Any, NDArray[np.bool_]]:
    """Bank marketing, 45,211 calls in order of time, without the length of the call."""
    import pandas as pd

    frame = pd.read_csv(SHARED_DATA / "bank-marketing/bank-full.csv.gz").drop(columns=["duration"])
    return frame, (frame.pop("y") == "yes").to_numpy()


def caravan() -> tuple[Any, NDArray[np.bool_]]:
    """Caravan insurance: 5,822 customers, buyers or not."""
    import pandas as pd

    frame = pd.read_parquet(SHARED_DATA / "caravan-insurance/caravan.parquet")
    target = frame.pop("Purchase").astype(str).str.lower()
    return frame, target.isin(["yes", "1"]).to_numpy()


def prepared(frame: Any, truth: Any, train: Ints) -> Sides:
    """All rows prepared by what the training rows say."""
    import pyarrow as pa

    from bankmine.preparation.preparation import Preparation

    table = pa.Table.from_pandas(frame, preserve_index=False)
    learnt = table.take(pa.array(train))
    native = Preparation.for_trees().fit(learnt, truth[train]).transform(table)
    filled = Preparation.for_linear().fit(learnt, truth[train]).transform(table)
    return Sides(native.values, native.names, filled.values, filled.names)


def folds(truth: Any, count: int, *, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Training and test positions of stratified cross-validation."""
    from sklearn.model_selection import StratifiedKFold

    split = StratifiedKFold(count, shuffle=True, random_state=seed)
    for train, test in split.split(np.zeros(len(truth)), truth):
        yield train.astype(np.int64), test.astype(np.int64)


def block(rows: int, number: int) -> Ints:
    """Positions of one of ten blocks of rows in order of time."""
    edges = np.linspace(0, rows, BLOCKS + 1).astype(np.int64)
    return np.arange(edges[number], edges[number + 1])


def blocks_before(rows: int, number: int, most: int = BLOCKS) -> Ints:
    """Positions of at most `most` blocks before a block."""
    edges = np.linspace(0, rows, BLOCKS + 1).astype(np.int64)
    return np.arange(edges[max(0, number - most)], edges[number])
