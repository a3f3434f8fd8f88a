"""Learning each column's plan from the training rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from bankmine.preparation.columns import Categories, Floats, Numbers
from bankmine.preparation.plan import CategoryPlan, NumberPlan
from bankmine.preparation.report import Report

HEAVY = 5.0
CLIP = (0.005, 0.995)
NORMAL_QUARTILES = 1.3489795003921634


def learn_number(
    column: Numbers,
    *,
    missing: Literal["median", "native"],
    flags: bool,
    log: bool,
    winsorise: bool,
    scale: Literal["none", "standard", "robust"],
    report: Report,
) -> NumberPlan:
    """The plan of one number; a flag (boolean, or only 0 and 1) is filled but never bent or scaled."""
    known = column.values[~column.missing]
    plan = NumberPlan(column.name, column.kind, column.unit)
    if missing == "median":
        plan = _filled(plan, column, known, flags, report)
    if column.kind == "flag" or bool(np.isin(known, (0.0, 1.0)).all()):
        return plan
    if log and (weight := tail_weight(known)) > HEAVY:
        step = float(np.median(np.abs(known[known != 0])))
        plan = replace(plan, log_scale=step)
        report.note("tails", column.name, f"signed log in units of {step:.6g} (tail weight {weight:.1f})")
    if winsorise:
        plan = _clipped(plan, known, report)
    return _scaled(plan, column, scale, report)


def learn_category(
    column: Categories,
    *,
    mode: Literal["onehot", "codes"],
    least_share: float,
    most_levels: int,
    report: Report,
) -> CategoryPlan:
    """The plan of one category: levels by falling frequency, ties in alphabetical order."""
    counts = np.bincount(column.codes[~column.missing], minlength=len(column.levels))
    least = max(1.0, least_share * len(column.codes))
    common = [number for number in np.argsort(-counts, kind="stable") if counts[number] >= least]
    common = common[:most_levels]
    rare = int(counts.sum() - counts[common].sum())
    levels = tuple(column.levels[number] for number in common)
    missing = bool(column.missing.any())
    words = f"{len(levels)} levels"
    if rare:
        words += f", {len(column.levels) - len(levels)} rarer ones ({rare} rows) as other"
    report.note("encoding", column.name, words + (", missing as a level" if missing else ""))
    return CategoryPlan(column.name, levels, mode, rare > 0, missing, column.unit)


def tail_weight(known: Floats) -> float:
    """How far the 99.5 % points lie from the median, in quartile distances; 1.9 for a normal.

    Where the quartiles coincide (a column mostly zero) the standard deviation stands in.
    """
    if len(known) == 0:
        return 0.0
    low, first, middle, third, high = np.quantile(known, [0.005, 0.25, 0.5, 0.75, 0.995])
    body = third - first if third > first else float(known.std())
    return float(max(high - middle, middle - low) / body) if body > 0 else 0.0


def _filled(plan: NumberPlan, column: Numbers, known: Floats, flags: bool, report: Report) -> NumberPlan:
    fill = float(np.median(known)) if len(known) else 0.0
    count = int(column.missing.sum())
    if count:
        share = count / len(column.values)
        words = f"{count} missing ({share:.1%}) filled with {fill:.6g}" + (" and flagged" if flags else "")
        report.note("missing", column.name, words)
    return replace(plan, fill=fill, flagged=flags and count > 0)


def _clipped(plan: NumberPlan, known: Floats, report: Report) -> NumberPlan:
    bent = NumberPlan(plan.name, plan.kind, plan.unit, log_scale=plan.log_scale)._value(known)
    low, high = (float(limit) for limit in np.quantile(bent, CLIP))
    if not low < high:
        return plan
    outside = int(((bent < low) | (bent > high)).sum())
    if outside:
        report.note("tails", plan.name, f"clipped to [{low:.6g}, {high:.6g}] ({outside} rows)")
    return replace(plan, low=low, high=high)


def _scaled(plan: NumberPlan, column: Numbers, scale: str, report: Report) -> NumberPlan:
    if scale == "none":
        return plan
    values = plan._value(column.values)
    values = values[~np.isnan(values)]
    centre, spread = float(values.mean()), float(values.std())
    if scale == "robust":
        first, middle, third = np.quantile(values, [0.25, 0.5, 0.75])
        centre = float(middle)
        spread = float(third - first) / NORMAL_QUARTILES if third > first else spread
    if spread <= 1e-12 * max(abs(centre), 1e-300):
        return plan
    report.note("scaling", plan.name, f"{scale}: centre {centre:.6g}, spread {spread:.6g}")
    return replace(plan, centre=centre, spread=spread)
