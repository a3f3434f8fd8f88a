"""Discriminatory power: does the score rank those who came true above the others, and better than others?

Errors are by customers where customers repeat (Obuchowski 1997), by rows otherwise (DeLong 1988).
"""

from __future__ import annotations

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.area import area, area_fell, compare_areas
from bankmine.evaluation.intervals import Interval, interval
from bankmine.evaluation.validation import delong
from bankmine.lifecycle.validation.findings import Chapter, Finding, Verdict, not_run, p_words, passed
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Chart, Column, Kind, Table
from bankmine.report.pictures import Bar, Estimates

SIMPLE = "DeLong's test"


def discrimination(subject: Subject) -> Chapter:
    """AUC, Gini, KS, by month, against development and against every other candidate."""
    whole = area(subject.truth, subject.rank, groups=subject.units, unit="customer")
    months, pictures = _by_month(subject, whole)
    findings = [_area(subject, whole), *_rest(subject), *_fall(subject, whole), *months]
    others, table = _others(subject)
    unit = "by customers, for customers have several rows" if subject.repeated else "by rows"
    return Chapter(
        area="Discriminatory power",
        sentence=f"On {len(subject.truth):,} test rows of {subject.customers:,} customers, of which "
        f"{int(subject.truth.sum()):,} rows came true; errors are {unit}.",
        findings=[*findings, *others], blocks=[*pictures, table],
    )  # fmt: skip


def _area(subject: Subject, whole: Interval) -> Finding:
    return Finding(
        test="AUC", figure=f"{whole.value:.3f}", interval=_range(whole), threshold="lower end above 0.5",
        verdict=Verdict.MET if whole.low > 0.5 else Verdict.NOT_MET,
        meaning=f"Of a row that came true and one that did not, {subject.use} puts the first higher "
        f"{whole.value:.0%} of the time.",
    )  # fmt: skip


def _rest(subject: Subject) -> list[Finding]:
    words = {"gini": ("Gini (accuracy ratio)", "Twice the AUC less one; what supervisors' forms ask for."),
             "kolmogorov_smirnov": ("Kolmogorov–Smirnov", "Where the two distributions of scores lie "
                                    "farthest apart, they differ by this share of rows.")}  # fmt: skip
    found = []
    for name, (test, meaning) in words.items():
        figure = interval(name, subject.truth, subject.rank, groups=subject.units, by="customer")
        found.append(Finding(test=test, figure=f"{figure.value:.3f}", interval=_range(figure),
                             verdict=Verdict.STATED, meaning=meaning))  # fmt: skip
    return found


def _fall(subject: Subject, whole: Interval) -> list[Finding]:
    """The ECB's test of the AUC against that of development, here the tuning months'."""
    own = subject.figures["candidates"][subject.use]
    seen = [one["auc"] for one in own["tuning"] if one.get("auc") is not None]
    if not seen or whole.standard_error == 0:
        why = "The run has no AUC of development beside the test's." if not seen else "The AUC has no error."
        return [not_run("AUC now against development (ECB)", why)]
    tested = area_fell(max(seen), whole.value, whole.standard_error)
    return [
        Finding(
            test="AUC now against development (ECB)", figure=f"{whole.value - max(seen):+.3f}",
            interval=p_words(tested.p_value), threshold="p at least 0.05", verdict=passed(tested.p_value),
            meaning=f"In the tuning months the AUC was {max(seen):.3f}; a low p would say it has fallen.",
        )
    ]  # fmt: skip


def _by_month(subject: Subject, whole: Interval) -> tuple[list[Finding], list[Chart]]:
    bars, below = [], []
    for month, rows in subject.months():
        try:
            one = area(subject.truth[rows], subject.rank[rows], groups=subject.units[rows])
        except FeasibilityError:
            continue
        bars.append(Bar(label=month, value=one.value, low=one.low, high=one.high))
        below += [month] if one.high < whole.value else []
    if len(bars) < 2:
        why = "Fewer than two months have enough rows that came true and enough that did not."
        return [not_run("AUC by month", why)], []
    values = [float(bar.value) for bar in bars]  # type: ignore[arg-type]
    low, high = min(values), max(values)
    finding = Finding(
        test="AUC by month", figure=f"{low:.3f} to {high:.3f}",
        threshold="no month's interval below the whole",
        verdict=Verdict.WATCH if below else Verdict.MET,
        meaning=f"Below the whole: {', '.join(below)}." if below else "No month ranks worse than the whole.",
    )  # fmt: skip
    chart = Chart(
        title=f"From month to month the AUC lies between {low:.3f} and {high:.3f}",
        subtitle="AUC of each test cutoff, 95 % interval",
        picture=Estimates(label=Column(label="Cutoff"), ordered=True, bars=bars,
                          measure=Column(label="AUC", kind=Kind.NUMBER, digits=3)),
        name="auc-by-month",
    )  # fmt: skip
    return [finding], [chart]


def _others(subject: Subject) -> tuple[list[Finding], Table]:
    rows, findings = [], []
    candidates = subject.figures["candidates"]
    for name in candidates:
        if name == subject.use:
            continue
        other = subject.evidence.rank_of(name)
        found = compare_areas(subject.truth, subject.rank, other, groups=subject.units, unit="customer")
        simple = delong(subject.truth, subject.rank, other)
        rows.append([name, found.second, found.difference, found.low, found.high, p_words(found.p_value),
                     p_words(simple.p_value)])  # fmt: skip
        if name == subject.figures["best_baseline"]:
            verdict = Verdict.MET if found.low > 0 else Verdict.NOT_MET
            findings.append(Finding(
                test=f"AUC against {name}", figure=f"{found.difference:+.3f}",
                interval=f"{found.low:+.3f} to {found.high:+.3f}, {p_words(found.p_value)}",
                threshold="interval above 0", verdict=verdict,
                meaning="The best simple way to answer; a score that does not beat it is not worth its cost.",
            ))  # fmt: skip
    numbers = ("AUC", f"{subject.use} is better by", "Low", "High")
    columns = [
        Column(label="Other score"), *[Column(label=one, kind=Kind.NUMBER, digits=3) for one in numbers],
        Column(label="By customers"), Column(label=SIMPLE),
    ]  # fmt: skip
    caption = "Every other score on the same rows" + (
        f"; the p-value by customers is the right one, {SIMPLE} takes rows of one customer for independent"
        if subject.repeated else ""
    )  # fmt: skip
    return findings, Table(columns=columns, rows=rows, caption=caption, name="other-scores")


def _range(one: Interval) -> str:
    return f"{one.low:.3f} to {one.high:.3f}" if np.isfinite(one.low) else ""
