"""How early it shows, on the page: each list beside a random list of its length, as charts and one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Kind, Section, Table
from bankmine.report.pictures import Bar, Estimates, Lines, Series
from bankmine.tasks.churn.lead_time import ABOVE, BELOW, EARLY, LIKE


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
    return Section(
        title="How early it shows",
        sentence="Measured backwards from closures of the test period; a list holds the same share of those "
        "who stay at every cutoff. Who is looked at every month is sooner or later on any list: the random "
        "list is as long and drawn anew at each look, and sees nearly as early what it sees.",
        blocks=[_early_chart(models), _seen_chart(models), _lead_table(found)],
    )


def headline(one: Mapping[str, Any]) -> str:
    """What a list sees early enough to act on, against a random list as long."""
    return (
        f"{one['early']:.0%} ({one['early_low']:.0%}–{one['early_high']:.0%}) of closures are on the list of "
        f"{one['title'].lower()} at least {one['early_days']} days before; a random list as long has "
        f"{one['early_chance']:.0%}"
    )


def beside_chance(models: Sequence[Mapping[str, Any]]) -> str:
    """Of several lists, which see closures early more often than chance and which do not; "" for none."""
    said = []
    for verdict in (ABOVE, LIKE, BELOW):
        own = [one for one in models if one["early_verdict"] == verdict]
        if own:
            shares = ", ".join(
                f"{one['title'].lower()} ({one['early']:.0%} against {one['early_chance']:.0%})"
                for one in own
            )
            said.append(f"{verdict}: {shares}")
    return "; ".join(said)


def _early_chart(models: Sequence[Mapping[str, Any]]) -> Chart:
    return Chart(
        title=headline(models[0]),
        subtitle=f"Share of closures seen {models[0]['early_days']} days before, less that of a random list "
        "as long, 95 % interval",
        picture=Estimates(
            label=Column(label="List"),
            measure=Column(label="More than by chance", kind=Kind.SHARE),
            bars=[
                Bar(label=one["title"], **{
                    name: one[field] - one["early_chance"]
                    for name, field in (("value", "early"), ("low", "early_low"), ("high", "early_high"))
                })
                for one in models
            ],
            baselines=[Baseline(name="random list", value=0.0)],
        ),
        name="lead-time",
        wide=False,
    )  # fmt: skip


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
            Column(label=f"{EARLY} days before", kind=Kind.SHARE),
            Column(label="Low", kind=Kind.SHARE), Column(label="High", kind=Kind.SHARE),
            Column(label="By chance", kind=Kind.SHARE), Column(label="Against chance"),
            Column(label="Ever seen", kind=Kind.SHARE), Column(label="Ever by chance", kind=Kind.SHARE),
            Column(label="Median days", kind=Kind.NUMBER, digits=0),
            Column(label="Median by chance", kind=Kind.NUMBER, digits=0),
            Column(label="Of the list closes", kind=Kind.SHARE),
            Column(label="False alarms", kind=Kind.SHARE),
        ],
        rows=[
            [
                one["title"], one["ranking"], one["closures"], one["early"], one["early_low"],
                one["early_high"], one["early_chance"], one["early_verdict"], one["seen"], one["chance_seen"],
                one["days"], one["chance_days"], one["precision"], one["false_alarms"],
            ]
            for one in found
        ],
        caption="Each list, by its model and by its best baseline, beside a random list of its length",
        name="lead-times",
    )  # fmt: skip
