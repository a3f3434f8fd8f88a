"""Predictive ability: do the chances mean what they say, in the whole and in each grade?

Every test here takes rows as independent, so a customer with several test rows stands with at most one,
drawn so that every row is as likely.
"""

from __future__ import annotations

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.concentration import concentration
from bankmine.evaluation.grading import SCALE, Grade, by_grade, grade_places, spiegelhalter
from bankmine.evaluation.validation import hosmer_lemeshow, jeffreys
from bankmine.lifecycle.validation.findings import LEVEL, Chapter, Finding, Verdict, not_run, p_words, passed
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Chart, Column, Kind, Table
from bankmine.report.pictures import Bar, Bars, Calibration
from bankmine.tasks.contract import Floats, Truth


def predictive_ability(subject: Subject) -> Chapter:
    """Jeffreys over the whole and by grade, Hosmer and Lemeshow, Spiegelhalter."""
    label, chance = subject.truth[subject.alone], subject.probability[subject.alone]
    grades = by_grade(label, chance)
    return Chapter(
        area="Predictive ability",
        sentence=f"On {len(label):,} rows"
        + (", at most one a customer and each row as likely" if subject.repeated else "")
        + ". Grades are a fixed scale of chances, so the data that test it did not shape it.",
        findings=[_whole(label, chance), _worst(grades), _groups(label, chance), _spread(label, chance)],
        blocks=[_picture(grades), _table(grades)],
    )  # fmt: skip


def concentrated(subject: Subject) -> Chapter:
    """Herfindahl's index over the grades, against development."""
    now = _counts(subject.probability[subject.alone])
    before = _counts(subject.evidence.part("development").column("probability").to_numpy())
    found = concentration(now, before)
    assert found.p_value is not None
    number = int(max(range(len(now)), key=lambda one: now[one])) + 1
    finding = Finding(
        test="Herfindahl index of grades", figure=f"{found.herfindahl:.3f}", interval=p_words(found.p_value),
        threshold="p at least 0.05 that it did not rise", verdict=passed(found.p_value),
        meaning=f"Grade {number} holds {found.largest:.0%} of the customers; the index of the ECB, 0 spread "
        f"evenly and 1 all in one grade, is {found.ecb_index:.2f}.",
    )  # fmt: skip
    bars = [Bar(label=f"{number}: {_limits(number - 1)}", value=count) for number, count in enumerate(now, 1)]
    chart = Chart(
        title=f"Grade {number} holds {found.largest:.0%} of the customers", subtitle="Customers by grade",
        picture=Bars(label=Column(label="Grade"), bars=bars, ordered=True,
                     measure=Column(label="Customers", kind=Kind.NUMBER, digits=0)),
        name="grades",
    )  # fmt: skip
    return Chapter(area="Concentration", sentence="Whether customers pile up in a few grades.",
                   findings=[finding], blocks=[chart])  # fmt: skip


def _whole(label: Truth, chance: Floats) -> Finding:
    value = jeffreys(int(label.sum()), len(label), float(chance.mean()))
    return Finding(
        test="Jeffreys, all grades together",
        figure=f"{label.mean():.2%} came true, {chance.mean():.2%} said",
        interval=p_words(value), threshold="p at least 0.05", verdict=passed(value),
        meaning="A low p would say that more came true than the chances allow."
        if value >= LEVEL else "More came true than the chances allow: they are too low.",
    )  # fmt: skip


def _worst(grades: tuple[Grade, ...]) -> Finding:
    failed = [one for one in grades if one.adjusted < LEVEL]
    names = ", ".join(one.name for one in failed)
    least = min(grades, key=lambda one: one.adjusted)
    return Finding(
        test="Jeffreys by grade", figure=f"{len(failed)} of {len(grades)} grades too low",
        interval=f"least {p_words(least.adjusted)}, in grade {least.name}",
        threshold="p at least 0.05 in each",
        verdict=Verdict.NOT_MET if failed else Verdict.MET,
        meaning=f"Too low in grade {names}." if failed
        else "No grade's chance is proved too low. The p-values are corrected for so many grades (Holm).",
    )  # fmt: skip


def _groups(label: Truth, chance: Floats) -> Finding:
    try:
        found = hosmer_lemeshow(label, chance)
    except FeasibilityError as error:
        return not_run("Hosmer–Lemeshow", str(error))
    return Finding(
        test="Hosmer–Lemeshow", figure=f"χ² = {found.statistic:.1f} on 10", interval=p_words(found.p_value),
        threshold="p at least 0.05", verdict=passed(found.p_value),
        meaning="Tenths of rising chance, expected against seen, in either direction.",
    )  # fmt: skip


def _spread(label: Truth, chance: Floats) -> Finding:
    found = spiegelhalter(label, chance)
    side = "larger" if found.statistic > 0 else "smaller"
    return Finding(
        test="Spiegelhalter", figure=f"z = {found.statistic:+.2f}", interval=p_words(found.p_value),
        threshold="p at least 0.05", verdict=passed(found.p_value),
        meaning="The squared error is what true chances would have."
        if found.p_value >= LEVEL else f"The squared error is {side} than true chances would have.",
    )  # fmt: skip


def _picture(grades: tuple[Grade, ...]) -> Chart:
    outside = sum(not one.observed_low <= one.mean_probability <= one.observed_high for one in grades)
    return Chart(
        title=f"In {len(grades) - outside} of {len(grades)} grades the chance lies in the interval of what "
        "came true",
        subtitle="Observed against said share by grade, with 95 % intervals after Jeffreys' prior",
        picture=Calibration(
            predicted=[one.mean_probability for one in grades], observed=[one.observed for one in grades],
            counts=[one.rows for one in grades], low=[one.observed_low for one in grades],
            high=[one.observed_high for one in grades],
        ),
        name="calibration-by-grade",
    )  # fmt: skip


def _table(grades: tuple[Grade, ...]) -> Table:
    share = [Column(label=one, kind=Kind.SHARE)
             for one in ("From", "Below", "Said on average", "Came true", "Low", "High")]  # fmt: skip
    whole = [Column(label=one, kind=Kind.NUMBER, digits=0) for one in ("Customers", "True among them")]
    p_values = [Column(label=one, kind=Kind.NUMBER, digits=3)
                for one in ("p, not too low", "the same, corrected", "p, not too high")]  # fmt: skip
    rows = [
        [one.name, one.low, one.high, one.mean_probability, one.observed, one.observed_low,
         one.observed_high, one.rows, one.positives, one.too_low, one.adjusted, one.too_high]
        for one in grades
    ]  # fmt: skip
    columns = [Column(label="Grade"), *share, *whole, *p_values]
    return Table(columns=columns, rows=rows, caption="Grade by grade", name="by-grade")


def _limits(place: int) -> str:
    return f"{SCALE[place]:.1%} to {SCALE[place + 1]:.1%}"


def _counts(chance: Floats) -> list[int]:
    return [int(one) for one in np.bincount(grade_places(chance), minlength=len(SCALE) - 1)]
