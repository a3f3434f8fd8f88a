"""The behaviour page's own part: the month in pictures, ways through the app, paths before a need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Baseline, Block, Chart, Column, Interval, Kind, Metric, Section, Tone
from bankmine.report.pictures import Bar, Bars, Estimates, Histogram, Lines, Series
from bankmine.tasks.behaviour.rhythm import CYCLE, NEAR
from bankmine.tasks.contract import Shown

SHOWN_PATHS = 12


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures = about["figures"]
    sections = [_rhythm(figures["rhythm"]), *_sessions(figures), *_paths(figures["paths"])]
    return Shown(metrics=[*_metrics(figures)], sections=sections)


def _metrics(figures: Mapping[str, Any]) -> list[Metric]:
    found = figures["rhythm"]
    forward, again = found["forward"], found["again"]
    metrics = []
    if "hit" in forward:
        metrics.append(
            Metric(
                label="Paid on the day foreseen", value=forward["hit"], kind=Kind.SHARE,
                interval=Interval(low=forward["low"], high=forward["high"]),
                baseline=Baseline(name="most common day for all", value=forward["baseline"]),
                note=f"within {NEAR} days, in the month after, {forward['customers']:,} customers",
            )
        )  # fmt: skip
    metrics.append(
        Metric(
            label="Same rhythm in both halves", value=again["same"], kind=Kind.SHARE,
            interval=Interval(low=again["low"], high=again["high"]),
            baseline=Baseline(name="by chance", value=again["chance"]),
        )
    )  # fmt: skip
    if "found" in figures["paths"]:
        held = sum(one["holds"] for one in figures["paths"]["found"])
        metrics.append(
            Metric(
                label="Paths that hold", value=held, digits=0,
                note=f"of {len(figures['paths']['found'])} found in early months",
                tone=Tone.GOOD if held else Tone.WATCH,
            )
        )  # fmt: skip
    for need, count in figures.get("needs", {}).items():
        metrics.append(
            Metric(
                label=f"Need: {need.lower()}",
                value=count,
                digits=0,
                note="customers above 1.5 × the usual chance",
            )
        )
    return metrics


def _rhythm(found: Mapping[str, Any]) -> Section:
    classes, drawn = found["classes"], [one for one in found["classes"] if one["curve"]]
    first = max(classes, key=lambda one: one["customers"])
    counts = Chart(
        title=f"Most common: {first['name']} ({first['share']:.0%})",
        subtitle=f"Customers by rhythm, of {found['customers']:,}",
        picture=Bars(
            label=Column(label="Rhythm"),
            measure=Column(label="Customers", kind=Kind.NUMBER, digits=0),
            bars=[Bar(label=one["name"], value=one["customers"]) for one in classes],
        ),
        name="rhythm-classes",
        wide=False,
    )
    days = Chart(
        title=_days_title(found),
        subtitle="Customers by the day of the month their regular income comes",
        picture=Histogram(
            measure=Column(label="Day of the month", kind=Kind.NUMBER, digits=0),
            edges=list(range(1, CYCLE + 2)),
            counts=found["pay_days"],
        ),
        name="pay-days",
        wide=False,
    )
    curve = Chart(
        title="How the month's money goes",
        subtitle="Mean share of a month's spending done by each day after pay day (after the first of the "
        "month for those without one)",
        picture=Lines(
            x=Column(label="Days after pay day", kind=Kind.NUMBER, digits=0),
            y=Column(label="Share spent", kind=Kind.SHARE),
            at=list(range(CYCLE)),
            series=[Series(name=one["name"], values=one["curve"]) for one in drawn],
            from_zero=True,
        ),
        name="spending-curves",
    )
    return Section(
        title="The rhythm of the month",
        sentence="When money comes, and how fast it goes.",
        blocks=[counts, days, curve],
    )


def _days_title(found: Mapping[str, Any]) -> str:
    best = max(range(31), key=lambda day: found["pay_days"][day])
    total = max(1, found["with_pay_day"])
    return f"{found['pay_days'][best] / total:.0%} of pay days are the {best + 1}"


def _sessions(figures: Mapping[str, Any]) -> list[Section]:
    if "sessions" not in figures:
        return []
    found = figures["sessions"]
    chart = Chart(
        title="The usual ways through the app and the site",
        subtitle=f"Share of {found['sessions']:,} sessions of the last {found['days']} days with these steps "
        "directly after each other",
        picture=Bars(
            label=Column(label="Path"),
            measure=Column(label="Share of sessions", kind=Kind.SHARE),
            bars=[Bar(label=one["path"], value=one["share"]) for one in found["paths"]],
        ),
        name="session-paths",
    )
    return [Section(title="Frequent paths", sentence=" ".join(found["cuts"]), blocks=[chart])]


def _paths(found: Mapping[str, Any]) -> list[Section]:
    if "refused" in found:
        return []
    tested = [one for one in found["found"] if one["test_lift"] is not None]
    held = sum(one["holds"] for one in tested)
    blocks: list[Block] = []
    if tested:
        chosen = sorted(tested, key=lambda one: (-one["low"], one["words"], one["outcome"]))[:SHOWN_PATHS]
        bars = [
            Bar(
                label=f"{one['words']} ⇒ {one['title'].lower()}",
                value=one["test_lift"],
                low=one["low"],
                high=one["high"],
            )
            for one in chosen
        ]
        blocks.append(
            Chart(
                title=f"{held} of {len(tested)} paths still precede the need in later months",
                subtitle="Lift in the test months, 95 % interval over customers; 1: no more often than usual",
                picture=Estimates(
                    label=Column(label="Path and need"),
                    measure=Column(label="Lift", kind=Kind.NUMBER, digits=2),
                    bars=bars,
                    baselines=[Baseline(name="usual", value=1.0)],
                ),
                name="paths-forward",
            )
        )
    sentence = (
        f"{found['patterns']:,} frequent patterns were looked at on "
        f"{', '.join(found['discovered_on'])}; those that stood up to their number were tested on "
        f"{', '.join(found['tested_on'])}."
    )
    return [Section(title="Paths before a need", sentence=sentence, blocks=blocks)] if blocks else []
