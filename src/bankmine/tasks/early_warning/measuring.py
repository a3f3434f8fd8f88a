"""How each signal is measured: from the panel to a value for every customer at every look.

All take a `Panel` and give (customers, months); a look uses itself and the looks before it, nothing later.
NaN is not known. Changes are taken against the own past and against peers (`mining.description.deviation`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bankmine.mining.description.deviation import LEAST_PEERS, deviations
from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.early_warning.links import most_beside, share_beside
from bankmine.tasks.early_warning.panel import Panel

Measure = Callable[[Panel], Floats]
PAST, USUAL, LEAST = 12, 6, 5
LATE_DAYS = 4


def as_is(name: str) -> Measure:
    """A measure itself."""
    return lambda panel: panel.measures[name]


def reported(name: str) -> Measure:
    """A measure of the bureau, unknown where it has no report of the customer."""

    def measured(panel: Panel) -> Floats:
        known = panel.measures["reported"] > 0
        return np.where(known, panel.measures[name], np.nan)

    return measured


def before(values: Floats, month: int, *, looks: int, gap: int = 1) -> Floats:
    """The looks before `month`, `gap` back, at most `looks` of them, shape (customers, looks or fewer)."""
    last = max(month - gap + 1, 0)
    return values[:, max(last - looks, 0) : last]


def recent(values: Floats, month: int) -> Floats:
    """The mean of the last two looks; NaN where either is missing."""
    return values[:, month - 1 : month + 1].mean(axis=1) if month else values[:, 0]


def usual(values: Floats, month: int, *, looks: int, gap: int = 1, least: int = LEAST) -> Floats:
    """The median of the looks before; NaN where fewer than `least` are known."""
    past = before(values, month, looks=looks, gap=gap)
    enough = np.isfinite(past).sum(axis=1) >= least
    found = np.full(len(values), np.nan)
    if enough.any():
        found[enough] = median(past[enough])
    return found


def median(values: Floats) -> Floats:
    """Medians of rows without their NaNs, by one sort; NaN where a row has none."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    every = np.arange(len(values))
    low = ordered[every, np.maximum(count - 1, 0) // 2]
    high = ordered[every, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, np.nan)


def by_look(panel: Panel, look: Callable[[int], Floats]) -> Floats:
    """A function of the month, for all months."""
    return np.stack([look(month) for month in range(len(panel.cutoffs))], axis=1)


def fall_of(name: str) -> Measure:
    """How many spreads a measure fell, by own past and by peers: the smaller; 0 where either did not fall."""
    return _in_spreads(name, -1.0)


def rise_in_spreads(name: str) -> Measure:
    """How many spreads a measure rose, by own past and by peers."""
    return _in_spreads(name, 1.0)


def _in_spreads(name: str, sign: float) -> Measure:
    def measured(panel: Panel) -> Floats:
        values, kinds = panel.measures[name], panel.codes["kind"]
        watched = panel.at_risk

        def look(month: int) -> Floats:
            found = np.full(len(values), np.nan)
            inside = np.flatnonzero(watched[:, month])
            past = before(values[inside], month, looks=PAST, gap=2)
            if past.shape[1] < LEAST or len(inside) < LEAST_PEERS:
                return found
            seen = deviations(recent(values[inside], month), past, kinds[inside, month])
            found[inside] = np.maximum(np.minimum(sign * seen.own, sign * seen.peers), 0.0)
            return found

        return by_look(panel, look)

    return measured


def rise_of(name: str) -> Measure:
    """A measure less its usual value."""

    def measured(panel: Panel) -> Floats:
        values = panel.measures[name]
        return by_look(panel, lambda month: values[:, month] - usual(values, month, looks=PAST))

    return measured


def takings_lost(panel: Panel) -> Floats:
    """Share of the usual takings that is gone; unknown for who usually takes nothing."""
    return _lost(panel.measures["takings"], panel, present=recent)


def wage_cut(panel: Panel) -> Floats:
    """Share of the usual wage that is gone, where a wage came."""
    wages = panel.measures["wages"]

    def present(values: Floats, month: int) -> Floats:
        return np.where(values[:, month] > 0, values[:, month], np.nan)

    return _lost(wages, panel, present=present, looks=USUAL)


def _lost(
    values: Floats, panel: Panel, *, present: Callable[[Floats, int], Floats], looks: int = PAST
) -> Floats:
    def look(month: int) -> Floats:
        normal = usual(values, month, looks=looks, gap=2 if looks == PAST else 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(normal > 0, 1 - present(values, month) / normal, np.nan)

    return by_look(panel, look)


def wage_missing(panel: Panel) -> Floats:
    """Months in a row without a wage, of those who had one in four of the six months before the first.

    After half a year without one that is how it is now, and no change any more: 0 again.
    """
    wages = panel.measures["wages"]
    customers, months = wages.shape
    run, entitled = np.zeros(customers), np.zeros(customers, dtype=np.bool_)
    found = np.full(wages.shape, np.nan)
    for month in range(months):
        absent = wages[:, month] == 0
        past = before(wages, month, looks=USUAL)
        regular = (past > 0).sum(axis=1) >= 4
        entitled = np.where(absent & (run > 0), entitled, regular)
        run = np.where(absent & entitled, run + 1, 0.0)
        told = np.where(run <= USUAL, run, 0.0)
        found[:, month] = np.where(np.isfinite(wages[:, month]) & (past.shape[1] >= 4), told, np.nan)
    return found


def wage_late(panel: Panel) -> Floats:
    """Days by which the month's wage came later than usual; 0 for earlier, unknown without a wage."""
    age = np.where(panel.measures["wages"] > 0, panel.measures["wage_age"], np.nan)

    def look(month: int) -> Floats:
        return np.maximum(usual(age, month, looks=USUAL, least=4) - age[:, month], 0.0)

    return by_look(panel, look)


def line_rise(panel: Panel) -> Floats:
    """Rise of the drawn share of lines in three looks."""
    share = panel.measures["line_share"]
    return share - _shifted(share, 3)


def minimum_only(panel: Panel) -> Floats:
    """1 where a line is paid with no more than fell due and is not lower than half a year ago."""
    drawn, paid, due = (panel.measures[name] for name in ("line_drawn", "line_paid", "line_due"))
    then = _shifted(drawn, USUAL)
    only = (paid > 0) & (paid <= due) & (drawn >= then) & (then > 0)
    return np.where(np.isfinite(then) & (drawn > 0), only.astype(np.float64), np.nan)


def burden(panel: Panel) -> Floats:
    """Instalments over the usual income of the last six looks."""
    received = panel.measures["received"]

    def look(month: int) -> Floats:
        income = usual(received, month + 1, looks=USUAL, least=3)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(income > 0, panel.measures["instalments"][:, month] / income, np.nan)

    return by_look(panel, look)


def changed(name: str, code: str) -> Measure:
    """Changes the bureau reported, or another code than six looks before."""

    def measured(panel: Panel) -> Floats:
        codes = panel.codes[code].astype(np.float64)
        then = _shifted(np.where(codes >= 0, codes, np.nan), USUAL)
        own = np.isfinite(then) & (codes != then)
        found = reported(name)(panel)
        return np.where(own, np.fmax(found, 1.0), np.where(np.isfinite(then), np.fmax(found, 0.0), found))

    return measured


def trouble(panel: Panel) -> Floats:
    """Most days past due of each customer in the last twelve looks."""
    late = panel.measures["days_past_due"]
    return by_look(panel, lambda month: late[:, max(month - PAST + 1, 0) : month + 1].max(axis=1))


def trouble_of(*roles: str) -> Measure:
    """The most of it among the neighbours of these roles; unknown without any."""

    def measured(panel: Panel) -> Floats:
        if not panel.links:
            return panel.unknown()
        late = trouble(panel)
        return by_look(panel, lambda month: most_beside(panel.links[month], late[:, month], *roles))

    return measured


def employer_takings(panel: Panel) -> Floats:
    """Share of takings lost by the employer, where it is a customer."""
    if not panel.links:
        return panel.unknown()
    lost = takings_lost(panel)
    return by_look(panel, lambda month: most_beside(panel.links[month], lost[:, month], "employer"))


def colleagues_unpaid(panel: Panel) -> Floats:
    """Share of the other customers of the employer without a wage or with a late one."""
    missing, late = wage_missing(panel), wage_late(panel)
    unpaid = _flag((missing >= 1) | (late >= LATE_DAYS), known=np.isfinite(missing) | np.isfinite(late))
    return _share(panel.codes["employer"], unpaid, least=2)


def sector_down(panel: Panel) -> Floats:
    """Share of the other companies of the industry that lost a third of their takings."""
    lost = takings_lost(panel)
    return _share(panel.codes["industry"], _flag(lost >= 0.35, known=np.isfinite(lost)), least=5)


def _share(groups: Ints, values: Floats, *, least: int) -> Floats:
    return np.stack(
        [share_beside(groups[:, one], values[:, one], least=least) for one in range(values.shape[1])], axis=1
    )


def _flag(yes: Any, *, known: Any) -> Floats:
    return np.where(known, np.asarray(yes, dtype=np.float64), np.nan)


def _shifted(values: Floats, looks: int) -> Floats:
    """The value so many looks before; NaN at the first looks."""
    found = np.full(values.shape, np.nan)
    found[:, looks:] = values[:, : values.shape[1] - looks]
    return found
