"""Stability: have the people, or what is known of them, moved since development, beyond what chance would do?

Development rows are one a customer. The score of development is that of the rows the model learnt from, which
it knows a little too well; so the index errs towards a shift.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.evaluation.stability import SMALL, PopulationStability, population_stability
from bankmine.lifecycle.validation.findings import Chapter, Finding, Verdict
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Chart, Column, Kind, Table
from bankmine.report.pictures import Lines, Series

SHOWN = 30


def stability(subject: Subject) -> Chapter:
    """PSI of the score by month and now, and of each weighty input, each with the band of chance."""
    before = subject.evidence.part("development")
    now = subject.evidence.part("now")
    first = values_of(before, "probability")
    months = [
        (month, population_stability(first, subject.probability[rows])) for month, rows in subject.months()
    ]
    of_score = [
        *months,
        (subject.run.cutoff[:10], population_stability(first, values_of(now, _same_model(now)))),
    ]
    inputs = [
        (name, population_stability(values_of(before, name), values_of(now, name)))
        for name in subject.evidence.features
    ]
    return Chapter(
        area="Stability",
        sentence=f"Against {before.num_rows:,} customers the model learnt from. A population stability index "
        f"counts as a shift above {SMALL} and above what chance gives at these sizes.",
        findings=[_score(of_score), _inputs(inputs)], blocks=[_chart(of_score), _table(inputs)],
    )  # fmt: skip


def _same_model(now: Any) -> str:
    """The chances of now by the model that scored development; a model learnt anew has another scale."""
    return "as_tested" if "as_tested" in now.column_names else "probability"


def values_of(rows: Any, name: str) -> Any:
    """A column as numbers with NaN, or as objects; booleans and texts are categories."""
    column = rows.column(name)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.array(column.to_pylist(), dtype=object)


def _score(found: list[tuple[str, PopulationStability]]) -> Finding:
    last, worst = found[-1][1], max(found, key=lambda one: one[1].value)
    shifted = [when for when, one in found if one.shifted]
    return Finding(
        test="PSI of the score", figure=f"{last.value:.3f} now, at most {worst[1].value:.3f}",
        interval=f"chance alone: up to {last.chance:.3f} now, {worst[1].chance:.3f} where at most",
        threshold=f"below {SMALL} or within chance",
        verdict=_by(last), meaning=f"Shifted on {', '.join(shifted)}." if shifted
        else "The scores are spread as they were at development.",
    )  # fmt: skip


def _inputs(found: list[tuple[str, PopulationStability]]) -> Finding:
    shifted = sorted((one for one in found if one[1].shifted), key=lambda one: -one[1].value)
    names = ", ".join(name for name, _ in shifted[:3])
    return Finding(
        test="PSI of the inputs", figure=f"{len(shifted)} of {len(found)} shifted",
        threshold=f"none above {SMALL} and chance", verdict=Verdict.WATCH if shifted else Verdict.MET,
        meaning=f"Shifted most: {names}." if shifted else "No weighty input has moved beyond chance.",
    )  # fmt: skip


def _by(one: PopulationStability) -> Verdict:
    if not one.shifted:
        return Verdict.MET
    return Verdict.NOT_MET if one.verdict == "large shift" else Verdict.WATCH


def _chart(found: list[tuple[str, PopulationStability]]) -> Chart:
    from datetime import date

    at = [date.fromisoformat(when) for when, _ in found]
    chance = [one.chance for _, one in found]
    own = Series(name="Score", values=[one.value for _, one in found])
    band = Series(name="Chance alone, 95 %", values=chance)
    shifted = sum(one.shifted for _, one in found)
    title = "The score has not shifted" if not shifted else f"The score is shifted on {shifted} dates"
    return Chart(
        title=title, subtitle="Population stability index against development, by cutoff",
        picture=Lines(
            x=Column(label="Cutoff", kind=Kind.DATE), at=at, series=[own, band], from_zero=True,
            y=Column(label="PSI", kind=Kind.NUMBER, digits=3),
        ),
        name="stability-of-the-score",
    )  # fmt: skip


def _table(found: list[tuple[str, PopulationStability]]) -> Table:
    rows = [
        [name, one.value, one.chance, one.verdict, _most(one)]
        for name, one in sorted(found, key=lambda pair: -pair[1].value)
    ]
    columns = [
        Column(label="Input"), Column(label="PSI", kind=Kind.NUMBER, digits=3),
        Column(label="Chance alone, 95 %", kind=Kind.NUMBER, digits=3), Column(label="Reading"),
        Column(label="What moved most"),
    ]  # fmt: skip
    caption = f"The {len(found)} weightiest inputs, development against now"
    return Table(columns=columns, rows=rows, caption=caption, name="stability-of-inputs", shown=SHOWN)


def _most(one: PopulationStability) -> str:
    if not one.bins:
        return ""
    bin_ = max(one.bins, key=lambda shift: shift.part)
    return f"{bin_.label}: {bin_.expected:.1%} to {bin_.actual:.1%}"
