"""How early it shows, on the page: each list beside a random list of its length, as charts and one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Kind, Section, Table
from bankmine.report.pictures import Bar, Estimates, Lines, Series


def models_of(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first line of each question: its model."""
    seen: dict[str, Mapping[str, Any]] = {}
    for one in found:
        seen.setdefault(one["question"], one)
    return list(seen.values())


def lead_section(found: Sequence[Mapping[str, Any]]) -> Section | None:
    """Charts and table of the lead times; None where too few closed."""
    models = models_of(found)
    if not models:
        return None
    charts = [one for one in (_days_chart(models), _seen_chart(models)) if one is not None]
    return Section(
        title="How early it shows",
        sentence="Measured backwards from closures of the test period; a list holds the same share of those "
        "who stay at every cutoff. Who is looked at every month is sooner or later on any list: the random "
        "list is as long and drawn anew at each look. No days are shown where a list does not see more.",
        blocks=[*charts, _lead_table(found)],
    )


def _days_chart(models: Sequence[Mapping[str, Any]]) -> Chart | None:
    above = [one for one in models if one["days"] is not None]
    if not above:
        return None
    first, chance = above[0], above[0]["chance_days"]
    beside = "" if chance is None else f"; by a random list, {chance:.0f}"
    return Chart(
        title=f"{first['title']} is seen {first['days']:.0f} days before the closure{beside}",
        subtitle="Median days from the first listing to the closure, of the closures seen, 95 % interval",
        picture=Estimates(
            label=Column(label="List"),
            measure=Column(label="Days before closure", kind=Kind.NUMBER, digits=0),
            bars=[
                Bar(label=one["title"], value=one["days"], low=one["days_low"], high=one["days_high"])
                for one in above
            ],
            baselines=[] if chance is None else [Baseline(name="random list", value=chance)],
        ),
        name="lead-time",
        wide=False,
    )


def _seen_chart(models: Sequence[Mapping[str, Any]]) -> Chart:
    first = models[0]
    return Chart(
        title=f"{first['seen']:.0%} of closures are on the list of {first['title'].lower()} before, "
        f"{first['chance_seen']:.0%} on a random one",
        subtitle="Share of closures seen at least so many days before, at the same false alarms",
        picture=Lines(
            x=Column(label="Days before closure", kind=Kind.NUMBER, digits=0),
            y=Column(label="Share of closures seen", kind=Kind.SHARE),
            at=list(first["steps"]),
            series=[
                *(Series(name=one["title"], values=list(one["by_step"])) for one in models[:4]),
                Series(name="random list", values=list(first["chance_by_step"])),
            ],
            from_zero=True,
        ),
        name="seen-before",
        wide=False,
    )


def _lead_table(found: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        columns=[
            Column(label="List"), Column(label="Ranked by"),
            Column(label="Closures", kind=Kind.NUMBER, digits=0),
            Column(label="Seen", kind=Kind.SHARE), Column(label="Low", kind=Kind.SHARE),
            Column(label="High", kind=Kind.SHARE), Column(label="Seen by chance", kind=Kind.SHARE),
            Column(label="Days before", kind=Kind.NUMBER, digits=0),
            Column(label="Days by chance", kind=Kind.NUMBER, digits=0),
            Column(label="Of the list closes", kind=Kind.SHARE),
            Column(label="False alarms", kind=Kind.SHARE),
        ],
        rows=[
            [
                one["title"], one["ranking"], one["closures"], one["seen"], one["seen_low"], one["seen_high"],
                one["chance_seen"], one["days"], one["chance_days"], one["precision"], one["false_alarms"],
            ]
            for one in found
        ],
        caption="Each list, by its model and by its best baseline, beside a random list of its length",
        name="lead-times",
    )  # fmt: skip
