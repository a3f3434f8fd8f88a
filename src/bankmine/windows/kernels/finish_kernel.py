"""The last step of every kernel: from the exact totals of one window to values, with one division.

A kernel gathers the totals of one (slot, window) of one row in `run` and `run_wide`, and writes each feature
of that window through `finish_into`. `whole` and `real` are two views of the same memory: counts, sums,
extremes and days are stored as 64-bit integers, everything else as the double nearest to the exact fraction.
A value that no entry defines (the mean of nothing) is stored as 0 and reported as missing.

A leaf module: Numba is slow to import.
"""

import math

import numpy as np

from bankmine.bank.civil import DAY, SECOND
from bankmine.windows.aggregates import AGGREGATES, Limbs, Total
from bankmine.windows.kernels import limbs
from bankmine.windows.kernels.compiling import part

OPS = {name: number for number, name in enumerate(AGGREGATES)}
COUNT, SUM = int(Total.COUNT), int(Total.SUM)
MINIMUM, MAXIMUM = int(Total.MINIMUM), int(Total.MAXIMUM)
FIRST, LAST = int(Total.FIRST), int(Total.LAST)
FIRST_TIME, LAST_TIME = int(Total.FIRST_TIME), int(Total.LAST_TIME)
DISTINCT, DAYS = int(Total.DISTINCT), int(Total.DAYS)
FIRST_DAY, LAST_DAY = int(Total.FIRST_DAY), int(Total.LAST_DAY)
SQUARES, GAPS = 2 * int(Limbs.SQUARES), 2 * int(Limbs.GAP_SQUARES)

_COUNT, _SUM, _MEAN, _VARIANCE, _STD = (OPS[n] for n in ("count", "sum", "mean", "variance", "std"))
_MIN, _MAX, _FIRST, _LAST = (OPS[n] for n in ("min", "max", "first", "last"))
_DISTINCT, _ACTIVE_DAYS = OPS["distinct"], OPS["active_days"]
_RECENCY, _SINCE_FIRST, _SECONDS = OPS["recency"], OPS["days_since_first"], OPS["seconds_since_last"]
_GAP_MEAN, _GAP_STD = OPS["gap_mean"], OPS["gap_std"]
_DAY_LENGTH = float(DAY)


@part
def finish_into(op, run, wide, cutoff, cutoff_day, whole, real, column, row):  # type: ignore[no-untyped-def]
    """Writes one value of a row; False where no entry defines it (then 0 is written)."""
    count = run[COUNT]
    if op == _COUNT:
        whole[column, row] = count
        return True
    if op == _SUM:
        whole[column, row] = run[SUM]
        return True
    if op == _DISTINCT:
        whole[column, row] = run[DISTINCT]
        return True
    if op == _ACTIVE_DAYS:
        whole[column, row] = run[DAYS]
        return True
    whole[column, row] = 0
    if count < (3 if op == _GAP_STD else 2 if op in (_VARIANCE, _STD, _GAP_MEAN) else 1):
        return False
    if op == _MEAN:
        real[column, row] = limbs.ratio(run[SUM], count)
    elif op == _MIN:
        whole[column, row] = run[MINIMUM]
    elif op == _MAX:
        whole[column, row] = run[MAXIMUM]
    elif op in (_STD, _VARIANCE):
        value = limbs.variance(count, run[SUM], wide[0, SQUARES], wide[0, SQUARES + 1])
        real[column, row] = math.sqrt(value) if op == _STD else value
    elif op == _FIRST:
        whole[column, row] = run[FIRST]
    elif op == _LAST:
        whole[column, row] = run[LAST]
    elif op == _RECENCY:
        whole[column, row] = cutoff_day - run[LAST_DAY]
    elif op == _SINCE_FIRST:
        whole[column, row] = cutoff_day - run[FIRST_DAY]
    elif op == _SECONDS:
        real[column, row] = limbs.ratio(cutoff - run[LAST_TIME], SECOND)
    elif op == _GAP_MEAN:
        real[column, row] = limbs.ratio(run[LAST_TIME] - run[FIRST_TIME], (count - 1) * DAY)
    elif op == _GAP_STD:
        gaps = limbs.variance(count - 1, run[LAST_TIME] - run[FIRST_TIME], wide[0, GAPS], wide[0, GAPS + 1])
        real[column, row] = math.sqrt(gaps) / _DAY_LENGTH
    return True


@part
def share_into(amount, all_levels, real, column, row):  # type: ignore[no-untyped-def]
    """Writes a level's amount as a fraction of all levels'; False where that is 0."""
    if all_levels == 0:
        real[column, row] = 0.0
        return False
    real[column, row] = limbs.ratio(amount, all_levels)
    return True


@part
def trend_into(amounts, months, real, column, row):  # type: ignore[no-untyped-def]
    """Writes the least-squares slope of monthly amounts, from those of the last 1 … k months in `amounts`.

    Σ (2i − k − 1)·yᵢ / (k·(k² − 1) / 6) over the months in time order, both whole numbers.
    """
    weighted = np.int64(0)
    inner = np.int64(0)
    for back in range(months):
        weighted += (months - 1 - 2 * back) * (amounts[back] - inner)
        inner = amounts[back]
    real[column, row] = limbs.ratio(weighted, months * (months * months - 1) // 6)
    return True
