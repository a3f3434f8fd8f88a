"""The sub-scores beside the whole: how well each ranks, and how far they say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.tasks.application_score.listing import aligned
from bankmine.tasks.study import Asked


def sub_scores(asked: Asked, subs: Mapping[str, Asked]) -> dict[str, Any] | None:
    """AUC of each model with its interval, and the rank correlations (Spearman 1904) of what the questions
    answer on the scored applications; None of those whose baseline answers all alike."""
    if not subs:
        return None
    figures = []
    for name, one in subs.items():
        own = one.figures["candidates"][one.figures["model"]]["metrics"]["auc"]
        figures.append(
            {
                "name": name, "use": one.use, "value": own["value"], "low": own["low"], "high": own["high"],
                "beats_baseline": one.figures["beats_baseline"],
            }
        )  # fmt: skip
    names = ["whole", *subs]
    values = np.column_stack([asked.probability, *(aligned(asked, one) for one in subs.values())])
    return {"scores": figures, "names": names, "correlation": _ranks_correlate(values)}


def _ranks_correlate(values: Any) -> list[list[float | None]]:
    from scipy.stats import rankdata

    ranks = np.column_stack([rankdata(column) for column in values.T])
    with np.errstate(all="ignore"):
        found = np.atleast_2d(np.corrcoef(ranks, rowvar=False)) if len(ranks) > 1 else np.full((1, 1), np.nan)
    return [[None if not np.isfinite(one) else float(round(one, 6)) for one in row] for row in found.tolist()]
