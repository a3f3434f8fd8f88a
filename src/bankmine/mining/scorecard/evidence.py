"""Weight of evidence and information value: one formula, used by the binning, the table and the score.

    woe = ln( (goods + a·G/N) / G ÷ (bads + a·B/N) / B )      iv = (goods / G − bads / B) · woe

with G and B all goods and bads, N their sum and a the smoothing, in average rows added to the bin: a bin
without rows has the weight 0, and no bin an infinite one (Good 1950; Siddiqi 2017 for its use in cards). The
sum of iv over bins is the divergence of Jeffreys (1946) between goods and bads. Under chance a bin adds about
1/G + 1/B to it.
"""

from __future__ import annotations

import numpy as np

from bankmine.mining.contract import Floats

NORMAL_95 = 1.959963984540054


def weight_of_evidence(bads: Floats, goods: Floats, smoothing: float) -> Floats:
    """Weight of each bin, shape (bins,): above 0 is safer than the average; 0 if one class is empty."""
    all_bads, all_goods = float(bads.sum()), float(goods.sum())
    rows = all_bads + all_goods
    if all_bads <= 0 or all_goods <= 0:
        return np.zeros(len(bads))
    good = (goods + smoothing * all_goods / rows) / all_goods
    bad = (bads + smoothing * all_bads / rows) / all_bads
    return np.asarray(np.where(bads + goods > 0, np.log(good) - np.log(bad), 0.0))


def information(bads: Floats, goods: Floats, smoothing: float) -> Floats:
    """Each bin's part of the information value, shape (bins,)."""
    all_bads, all_goods = float(bads.sum()), float(goods.sum())
    if all_bads <= 0 or all_goods <= 0:
        return np.zeros(len(bads))
    return np.asarray((goods / all_goods - bads / all_bads) * weight_of_evidence(bads, goods, smoothing))


def chance_information(bads: float, goods: float) -> float:
    """Information value one more bin gains when the column says nothing: 1/G + 1/B in the mean."""
    return 1.0 / bads + 1.0 / goods if bads > 0 and goods > 0 else 0.0


def rate_interval(bads: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """95 % interval of a bad rate by Wilson (1927); NaN where there are no rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, square = bads / rows, NORMAL_95**2
        middle = (rate + square / (2 * rows)) / (1 + square / rows)
        half = NORMAL_95 / (1 + square / rows) * np.sqrt(rate * (1 - rate) / rows + square / (4 * rows**2))
        return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
