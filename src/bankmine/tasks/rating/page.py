"""The rating page's own part: figures first, then scales, cohorts, moves, losses, expected loss, classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import (
    Baseline,
    Block,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Section,
    Statement,
    Statements,
    Table,
    Tone,
)
from bankmine.report.pictures import Bar, Bars, Estimates
from bankmine.tasks.contract import Shown
from bankmine.tasks.rating.page_losses import chances_section, line_blocks
from bankmine.tasks.rating.page_scales import scale_sections
from bankmine.tasks.rating.saying import LEVEL, PLURAL, amount, left_out


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    sections = [
        *(section for one in figures["scales"] for section in scale_sections(one)),
        _losses(figures),
        _expected(figures, currency),
        chances_section(figures, currency),
        _classes(figures, currency),
    ]
    return Shown(
        metrics=_metrics(figures, currency),
        statements=[Statement(one) for one in figures["said"]],
        sections=[one for one in sections if one is not None],
    )


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    expected = figures["expected"]
    made = [
        Metric(
            label="Expected loss", value=round(expected["expected_minor"]), kind=Kind.MONEY, unit=currency,
            note="within a year, without customers already in default",
            baseline=Baseline(name="owed", value=float(expected["running_owed_minor"])),
        )
    ]  # fmt: skip
    for one in figures["scales"]:
        made.append(_default_rate(one))
        if isinstance(one["trial"], Mapping):
            made.append(_trial_metric(one))
    past = figures["tested_loss"]
    if past:
        inside = past["lost_low"] <= past["expected_minor"] <= past["lost_high"]
        made.append(
            Metric(
                label=f"Lost in the year from {past['cutoff']}", kind=Kind.MONEY, unit=currency,
                value=round(past["lost_minor"] + past["open_minor"]),
                interval=Interval(low=past["lost_low"], high=past["lost_high"]),
                baseline=Baseline(name="expected", value=past["expected_minor"]),
                tone=Tone.GOOD if inside else Tone.WATCH,
            )
        )  # fmt: skip
    return made


def _default_rate(one: Mapping[str, Any]) -> Metric:
    return Metric(
        label=f"Default rate, {PLURAL[one['kind']]}", value=one["tendency"], kind=Kind.SHARE,
        interval=Interval(low=one["tendency_low"], high=one["tendency_high"]),
        note=f"a year, mean of {len(one['cohorts'])} cohorts; expected now {one['mean_chance'] or 0:.2%}",
    )  # fmt: skip


def _trial_metric(one: Mapping[str, Any]) -> Metric:
    trial = one["trial"]
    off = sum(grade["too_low"] < LEVEL for grade in trial["grades"])
    return Metric(
        label=f"Grades too low, {PLURAL[one['kind']]}", value=off, digits=0,
        note=f"of {len(trial['grades'])}, on {trial['rows']:,} customers that did not make the scale",
        tone=Tone.WATCH if off else Tone.GOOD,
    )  # fmt: skip


def _losses(figures: Mapping[str, Any]) -> Section:
    found, workouts = figures["losses"], figures["workouts"]
    shown = [one for one in found if one["measured"]]
    title = "Too few work-outs are known: all losses are stated, not measured"
    if shown:
        most = max(shown, key=lambda one: one["share"])
        title = f"Of what is owed at default {most['share']:.0%} is lost where it is {_words(most['bucket'])}"
    chart = Chart(
        title=title,
        subtitle="Share lost by coverage after haircuts, 95 % interval; stated where fewer work-outs are "
        "known",
        picture=Estimates(
            label=Column(label="Coverage"), measure=Column(label="Share lost", kind=Kind.SHARE),
            bars=[
                Bar(label=f"{one['bucket']} ({one['workouts']})", value=one["share"], low=one["low"],
                    high=one["high"], tone=Tone.NEUTRAL if one["measured"] else Tone.WATCH)
                for one in found
            ],
            ordered=True,
        ),
        table=_loss_table(found), name="losses",
    )  # fmt: skip
    lines = [Statement(one, tone=Tone.WATCH) for one in _surprises(found)]
    lines.append(Statement(_conversion_line(figures["conversion"])))
    return Section(
        title="What a default loses",
        sentence=f"{workouts['defaults']:,} defaults are known; {workouts['counted']:,} began long "
        f"enough ago and are settled, {workouts['open']:,} are open. Recoveries include what collateral "
        "brought: the records do not tell it apart.",
        blocks=[chart, Statements(lines)],
    )


def _words(bucket: str) -> str:
    return "a line" if bucket == "line" else bucket


def _surprises(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Buckets whose measured loss is far from what collateral after haircuts would leave."""
    return [
        f"{one['bucket'].capitalize()}: {one['share']:.0%} ({one['low']:.0%}–{one['high']:.0%}) was lost "
        f"where collateral after haircuts leaves {one['stated']:.0%}: either it is not sold, or its sale "
        "is booked elsewhere. Ask before lending against it."
        for one in found
        if one["measured"] and one["low"] is not None and one["low"] > one["stated"] + 0.1
    ]


def _conversion_line(one: Mapping[str, Any]) -> str:
    if not one["measured"]:
        return (
            f"Of an unused line {one['share']:.0%} is taken to be drawn until default: a stated factor, "
            f"for only {one['lines']} lines with room defaulted."
        )
    return (
        f"Of an unused line {one['share']:.1%} ({one['low']:.1%}–{one['high']:.1%}) was drawn until "
        f"default, over {one['lines']} lines; stated without that: {one['stated']:.0%}."
    )


def _loss_table(found: Sequence[Mapping[str, Any]]) -> Table:
    shares = ("Share lost", "Low", "High", "By money", "Stated")
    columns = [
        Column(label="Coverage"), *(Column(label=name, kind=Kind.SHARE) for name in shares),
        Column(label="Work-outs", kind=Kind.NUMBER, digits=0),
        Column(label="Still open", kind=Kind.NUMBER, digits=0), Column(label="Basis"),
    ]  # fmt: skip
    rows = [
        [one["bucket"], one["share"], one["low"], one["high"], one["by_money"], one["stated"],
         one["workouts"], one["still_open"], "measured" if one["measured"] else "stated"]
        for one in found
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="losses")


def _expected(figures: Mapping[str, Any], currency: str) -> Section:
    expected, past = figures["expected"], figures["tested_loss"]
    lines = [
        Statement(
            f"{amount(expected['expected_minor'], currency)} is expected of "
            f"{amount(expected['running_exposure_minor'], currency)} exposure of loans that run; were one "
            f"default to draw all of a customer's loans along, {amount(expected['crossed_minor'], currency)}."
        )
    ]
    if expected["not_rated_loans"]:
        lines.append(
            Statement(
                f"{expected['not_rated_loans']:,} loans with {amount(expected['not_rated_minor'], currency)} "
                "have no rated customer and are in no sum.", tone=Tone.WATCH,
            )
        )  # fmt: skip
    odd = figures["left_out"]
    lines.append(Statement(left_out(odd, currency), tone=Tone.WATCH if odd["loans"] else Tone.NEUTRAL))
    blocks: list[Block] = [_by_class(figures, currency), *line_blocks(figures, currency), Statements(lines)]
    if past:
        blocks.insert(1, _tested(past, currency))
    else:
        lines.append(Statement("Expected loss could not be tested on a past year.", tone=Tone.WATCH))
    return Section(
        title="Expected loss",
        sentence="Chance × share lost × what will be owed at default (what is drawn, and of unused lines "
        "what is usually drawn until then), loan by loan.",
        blocks=blocks,
    )


def _by_class(figures: Mapping[str, Any], currency: str) -> Chart:
    classes = [one for one in figures["classes"] if one["customers"]]
    most = max(classes, key=lambda one: one["expected_loss_minor"])
    return Chart(
        title=f"Most is expected to be lost in class {most['name']}",
        subtitle="Expected loss within a year by credit class",
        picture=Bars(
            label=Column(label="Class"), ordered=True,
            measure=Column(label="Expected loss", kind=Kind.MONEY, unit=currency),
            bars=[Bar(label=one["name"], value=round(one["expected_loss_minor"])) for one in classes],
        ),
        name="expected-by-class", wide=False,
    )  # fmt: skip


def _tested(past: Mapping[str, Any], currency: str) -> Chart:
    came = round(past["lost_minor"] + past["open_minor"])
    more = "more" if past["expected_minor"] > came else "less"
    return Chart(
        title=f"A year ago {more} was expected than came",
        subtitle=f"{past['customers']:,} customers at {past['cutoff']}: defaults of the year after, 95 % "
        "interval",
        picture=Estimates(
            label=Column(label="Loss"), ordered=True,
            measure=Column(label="Loss", kind=Kind.MONEY, unit=currency),
            bars=[
                Bar(label="expected", value=round(past["expected_minor"])),
                Bar(label="expected, cross-default", value=round(past["crossed_minor"])),
                Bar(label="came", value=came, low=round(past["lost_low"]), high=round(past["lost_high"])),
            ],
        ),
        note=f"{past['defaulted_loans']} loans defaulted, {past['expected_defaults']:.0f} were expected. "
        f"{amount(past['open_minor'], currency)} of what came is stated: those work-outs are open. "
        + ("Losses then were measured for: " + ", ".join(past["measured"]) + "." if past["measured"] else
           "No loss could be measured then: all were stated."),
        name="expected-tested", wide=False,
    )  # fmt: skip


def _classes(figures: Mapping[str, Any], currency: str) -> Section:
    columns = [
        Column(label="Class"), Column(label="Chance up to", kind=Kind.SHARE),
        Column(label="Customers", kind=Kind.NUMBER, digits=0),
        Column(label="Owed", kind=Kind.MONEY, unit=currency),
        Column(label="Expected loss", kind=Kind.MONEY, unit=currency), Column(label="Terms"),
    ]  # fmt: skip
    rows = [
        [one["name"], None if one["name"] == "default" else one["up_to"], one["customers"],
         round(one["owed_minor"]), round(one["expected_loss_minor"]), one["terms"]]
        for one in figures["classes"]
    ]  # fmt: skip
    return Section(
        title="Credit classes and their terms",
        sentence="A grade's class follows from its chance through the cycle. Cross-selling reads the "
        "classes: it offers no product that the class does not allow.",
        blocks=[Table(columns=columns, rows=rows, name="credit-classes")],
    )
