"""The page's sections of one scale: its grades, its tests, its cohorts, who moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Kind, Section, Statement, Statements, Table, Tone
from bankmine.report.pictures import Bar, Estimates, HeatMap, Lines, Series
from bankmine.tasks.rating.saying import LEVEL, PLURAL, trial_sentence

_WITHOUT = (
    "Who has no grade at the later look is in default by a loan taken since the earlier one, has repaid all "
    "loans and closed all lines, is no longer a customer, or still owes and is not rated (by a loan whose "
    "schedule contradicts itself, say)."
)


def scale_sections(one: Mapping[str, Any]) -> list[Section]:
    """The grades with their tests, the long run, the moves."""
    whose = PLURAL[one["kind"]]
    charts = [_grades_chart(one)]
    if isinstance(one["trial"], Mapping):
        charts.append(_trial_chart(one))
    lines = [Statement(trial_sentence(one["trial"]), tone=_trial_tone(one["trial"]))]
    if isinstance(one["trial"], Mapping):
        lines.append(Statement(_tests_line(one["trial"])))
    if one["source"] != "own":
        lines.append(_borrowed_line(one))
    if one["stability"]:
        lines.append(_stability_line(one["stability"]))
    grades = Section(
        title=f"The scale of {whose}",
        sentence=f"Made of {one['rows']:,} customers with {one['bads']} defaults, at most one row each; "
        f"{one['now']:,} customers are graded now (Herfindahl index {one['herfindahl'] or 0:.2f}).",
        blocks=[*charts, _grades_table(one), Statements(lines)],
    )
    return [grades, _long_run(one), *_moves(one)]


def _borrowed_line(one: Mapping[str, Any]) -> Statement:
    return Statement(
        f"{PLURAL[one['kind']].capitalize()} have {one['bads']} defaults among {one['rows']:,}: too few for "
        "grades of their own. They stand on the persons' scale after their log-odds are moved by "
        f"{one['moved_by']:+.2f}, so that their mean chance is the rate they defaulted at.",
        tone=Tone.WATCH,
    )


def _stability_line(moved: Mapping[str, Any]) -> Statement:
    return Statement(
        f"Over the grades, customers now lie {moved['value']:.3f} (population stability index) from the test "
        f"rows: {moved['verdict']} (chance alone: up to {moved['chance']:.3f}).",
        tone=Tone.WATCH if moved["shifted"] else Tone.NEUTRAL,
    )


def _grades_chart(one: Mapping[str, Any]) -> Chart:
    grades = one["grades"]
    ratio = grades[-1]["probability"] / grades[0]["probability"]
    own = one["source"] == "own"
    return Chart(
        title=f"{len(grades)} grades, the last {ratio:.0f} times as likely to default as the first",
        subtitle="Share that defaulted within a year by grade, 95 % interval after Jeffreys' prior"
        + ("" if own else " (of persons, who made the scale)"),
        picture=Estimates(
            label=Column(label="Grade"), measure=Column(label="Defaulted", kind=Kind.SHARE), ordered=True,
            bars=[
                Bar(label=grade["name"], value=grade["observed"], low=grade["observed_low"],
                    high=grade["observed_high"])
                for grade in grades
            ],
        ),
        name=f"scale-{one['kind']}", wide=False,
    )  # fmt: skip


def _trial_chart(one: Mapping[str, Any]) -> Chart:
    trial = one["trial"]
    off = [grade["grade"] for grade in trial["grades"] if grade["too_low"] < LEVEL]
    title = f"More defaulted than said in grade {', '.join(off)}" if off else "No grade says too little"
    bars = []
    for grade in trial["grades"]:
        tone = Tone.WATCH if grade["grade"] in off else Tone.NEUTRAL
        bars += [
            Bar(label=f"{grade['grade']} came", value=grade["observed"], low=grade["low"], high=grade["high"],
                tone=tone),
            Bar(label=f"{grade['grade']} said", value=grade["said"]),
        ]  # fmt: skip
    return Chart(
        title=title,
        subtitle="A scale made the same way, on customers that did not make it: said and came, 95 % interval",
        picture=Estimates(
            label=Column(label="Grade"), measure=Column(label="Defaulted", kind=Kind.SHARE), ordered=True,
            bars=bars,
        ),
        name=f"scale-tested-{one['kind']}", wide=False,
    )  # fmt: skip


def _tests_line(trial: Mapping[str, Any]) -> str:
    fit = trial["hosmer_lemeshow"]
    area = "" if trial["auc_grade"] is None else (
        f" Grading costs {trial['auc_chance'] - trial['auc_grade']:.3f} of AUC "
        f"({trial['auc_chance']:.3f} by chance, {trial['auc_grade']:.3f} by grade)."
    )  # fmt: skip
    return (
        f"Spiegelhalter p = {trial['spiegelhalter']:.3f}, Hosmer–Lemeshow p = "
        f"{'not to be had' if fit is None else format(fit, '.3f')}; made of {trial['made_of']:,} customers "
        f"with {trial['made_of_bads']} defaults.{area}"
    )


def _trial_tone(trial: Mapping[str, Any] | str) -> Tone:
    if isinstance(trial, str):
        return Tone.WATCH
    return Tone.WATCH if any(one["too_low"] < LEVEL for one in trial["grades"]) else Tone.GOOD


def _grades_table(one: Mapping[str, Any]) -> Table:
    columns = [
        Column(label="Grade"), _share("From chance"), _share("To"),
        _count("Customers"), _count("Defaults"),
        _share("Chance (point in time)"), _share("Low"),
        _share("High"), _share("Through the cycle"),
        _share("Low"), _share("High"), Column(label="Class"),
        _count("Customers now"),
    ]  # fmt: skip
    rows = [
        [grade["name"], grade["low"], grade["high"], grade["rows"], grade["bads"], grade["probability"],
         grade["observed_low"], grade["observed_high"], grade["through_cycle"], grade["through_cycle_low"],
         grade["through_cycle_high"], grade["credit_class"], grade["now"]]
        for grade in one["grades"]
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name=f"grades-{one['kind']}")


def _long_run(one: Mapping[str, Any]) -> Section:
    cohorts = one["cohorts"]
    rates = [each["rate"] for each in cohorts]
    chart = Chart(
        title=f"{min(rates):.1%} to {max(rates):.1%} of a cohort default within a year",
        subtitle=f"Default rate of {PLURAL[one['kind']]} by cohort, 95 % interval after Jeffreys' prior",
        picture=Lines(
            x=Column(label="Cohort"), y=Column(label="Defaulted", kind=Kind.SHARE),
            at=[each["cutoff"] for each in cohorts],
            series=[
                Series(name="rate", values=rates, low=[each["low"] for each in cohorts],
                       high=[each["high"] for each in cohorts])
            ],
            baselines=[Baseline(name="long run", value=one["tendency"])], from_zero=True,
        ),
        name=f"cohorts-{one['kind']}",
    )  # fmt: skip
    graded = one["graded_cohorts"]
    come = "cutoff comes" if graded == 1 else "cutoffs come"
    return Section(
        title=f"Through the cycle, {PLURAL[one['kind']]}",
        sentence=f"{one['cycle']} {graded} {come} after the model's training and can be graded honestly "
        f"({one['graded_mean']:.2%} default); their rates by grade are moved to the long run.",
        blocks=[chart],
    )


def _moves(one: Mapping[str, Any]) -> list[Section]:
    made = []
    for key, what in (("year", "in a year"), ("run", "since the run before")):
        found = one[key]
        if found is not None:
            made.append(_matrix(one, found, what, f"{key}-{one['kind']}"))
    return made


def _matrix(one: Mapping[str, Any], found: Mapping[str, Any], what: str, name: str) -> Section:
    grades, counts = list(found["grades"]), found["counts"]
    causes = _causes(found)
    shown = [
        [*row, found["defaulted"][place], *(by[place] for by in causes.values())]
        for place, row in enumerate(counts)
    ]
    totals = [max(sum(row), 1) for row in shown]
    chart = Chart(
        title=f"{found['same']:.0%} keep their grade {what}, {found['within_one']:.0%} are at most one away",
        subtitle=f"{PLURAL[one['kind']].capitalize()} by grade at {found['then']} (rows) and "
        f"{found['now']}, share of the row",
        picture=HeatMap(
            measure=Column(label="Share of the row", kind=Kind.SHARE), columns=[*grades, "default", *causes],
            rows=grades, row=Column(label=f"Grade at {found['then']}"),
            values=[[n / total for n in row] for row, total in zip(shown, totals, strict=True)],
        ),
        table=_counts_table(found, shown), name=f"moves-{name}",
    )  # fmt: skip
    return Section(
        title=f"Who moved {what}, {PLURAL[one['kind']]}",
        sentence=_looks(found),
        blocks=[chart, Statements([Statement(text, tone=tone) for text, tone in _checks(found)])],
    )  # fmt: skip


def _causes(found: Mapping[str, Any]) -> dict[str, Sequence[int]]:
    """Those without a grade at the later look by why, causes that nobody has left out."""
    return {cause: counts for cause, counts in found["left_by"].items() if sum(counts)}


def _looks(found: Mapping[str, Any]) -> str:
    """Which scale and which models a matrix rests on."""
    if found.get("one_model", False):
        return f"Both looks are test rows of one model, on today's scale. {_WITHOUT}"
    return (
        "Both looks are on today's scale; the earlier chances come from an earlier model, so a part of the "
        f"moves is the models' difference. {_WITHOUT}"
    )


def _counts_table(found: Mapping[str, Any], shown: Sequence[Sequence[int]]) -> Table:
    causes = _causes(found)
    names = [*found["grades"], "default", *causes]
    columns = [Column(label="Grade before"), *(_count(name) for name in names)]
    rows: list[list[Any]] = [[name, *row] for name, row in zip(found["grades"], shown, strict=True)]
    if sum(found["joined"]):
        rows.append(["joined", *found["joined"], *([None] * (len(causes) + 1))])
    return Table(columns=columns, rows=rows, name="moves")


def _checks(found: Mapping[str, Any]) -> list[tuple[str, Tone]]:
    """The usual checks of a migration matrix in words."""
    names = found["grades"]
    weak = ", ".join(names[place] for place in found["not_dominant"])
    up, down = found["bandwidth_better"], found["bandwidth_worse"]
    return [
        (
            f"{found['better']:.0%} are in a better grade, {found['worse']:.0%} in a worse one; those who "
            f"move go {'–' if up is None else format(up, '.0%')} (better) and "
            f"{'–' if down is None else format(down, '.0%')} (worse) of the way they could.", Tone.NEUTRAL,
        ),
        (
            f"In grade {weak} more move to one other grade than stay." if weak else
            "In every grade of twenty customers or more most stay.", Tone.WATCH if weak else Tone.GOOD,
        ),
        (
            f"In {found['broken']} of {found['tested']} neighbouring cells the farther move is more "
            "frequent than the nearer one beyond chance.", Tone.WATCH if found["broken"] else Tone.GOOD,
        ),
        (
            "Default rates rise from grade to grade." if found["default_rates_rise"] else
            "Default rates do not rise from grade to grade everywhere.",
            Tone.GOOD if found["default_rates_rise"] else Tone.WATCH,
        ),
    ]  # fmt: skip


def _share(label: str) -> Column:
    return Column(label=label, kind=Kind.SHARE)


def _count(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=0)
