"""The purchases behind the rows on customer value: CDNOW as the papers cut it, and made-up histories."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.rows import SHARED_DATA

if TYPE_CHECKING:
    from bankmine.mining.value.purchases import Summary

CALIBRATION_END = date(1997, 10, 1)  # 39 weeks


def cdnow() -> Summary:
    """The tenth of CDNOW: purchases of one day joined, observed until 30 September 1997, in weeks."""
    from bankmine.mining.value.purchases import summarise

    with gzip.open(SHARED_DATA / "cdnow" / "cdnow_sample.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = [date(int(d[:4]), int(d[4:6]), int(d[6:])).toordinal() for d in (row["date"] for row in rows)]
    who, spent = [int(row["sample_id"]) for row in rows], [float(row["value"]) for row in rows]
    return summarise(who, days, until=CALIBRATION_END.toordinal(), amount=spent)


def made_up(customers: int, *, seed: int = 7) -> Any:
    """Histories of BG/NBD with CDNOW's parameters, ages of 26 to 78 weeks, to the day."""
    from bankmine.mining.value.beta_geometric import BgNbd

    generator = np.random.default_rng(seed)
    age = generator.integers(26 * 7, 78 * 7, customers) / 7.0
    theta = np.array([0.2426, 4.4136, 0.7929, 2.4259])
    values = BgNbd()._histories(theta, age, generator)
    recency = np.where(values[:, 0] > 0, np.maximum(np.floor(values[:, 1] * 7), 1.0) / 7.0, 0.0)
    return np.column_stack([values[:, 0], np.minimum(recency, age), age])


def rounded(values: dict[str, float], digits: int = 4) -> dict[str, float]:
    """Figures short enough to read."""
    return {name: round(float(value), digits) for name, value in values.items()}


def likelihood_at(model: Any, values: Any, parameters: Any) -> float:
    """A purchase model's log-likelihood of histories at given parameters, by name."""
    from bankmine.mining.value.purchases import Purchases

    theta = np.array([float(parameters[name]) for name in model.parameter_names])
    value: float = model._likelihood(theta, Purchases.of(values))[0]
    return value
