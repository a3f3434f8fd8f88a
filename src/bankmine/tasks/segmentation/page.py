"""The segments page's own part: portraits, what sets segments apart, whether they are found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import (
    Baseline,
    Card,
    Cards,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Section,
    Statement,
    Tone,
)
from bankmine.report.pictures import Bar, Bars, HeatMap, Lines, Series
from bankmine.tasks.contract import Shown, exponent_of

HEAT_TRAITS = 10


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    return Shown(metrics=_metrics(about), sections=[_portraits(about), _apart(about), _found_again(about)])


def _metrics(about: Mapping[str, Any]) -> list[Metric]:
    figures = about["figures"]
    rand = figures["stability"]["adjusted_rand"]
    tone = Tone.GOOD if figures["usable"] else Tone.BAD
    return [
        Metric(
            label="Segments", value=figures["clusters"], digits=0, note=f"of {figures['rows']:,} customers"
        ),
        Metric(
            label="Found again",
            value=rand["mean"],
            digits=2,
            tone=tone,
            interval=Interval(low=rand["low"], high=rand["high"]),
            baseline=Baseline(name="needed", value=figures["stability"]["threshold"]),
            note="mean adjusted Rand index",
        ),
        Metric(
            label="Silhouette",
            value=figures["silhouette"],
            digits=2,
            baseline=Baseline(name="shuffled columns", value=figures["silhouette_shuffled"]),
        ),
    ]


def _portraits(about: Mapping[str, Any]) -> Section:
    figures, minor = about["figures"], 10 ** exponent_of(about["currency"])
    cards = [
        Card(
            title=one["name"],
            tag=f"{one['share']:.0%}",
            sentence=f"{one['size']:,} customers who moved {one['money_share']:.0%} of the money.",
            figures=[
                Metric(
                    label="Money moved",
                    value=round(one["money_minor"]),
                    kind=Kind.MONEY,
                    unit=about["currency"],
                    note=f"{one['money_minor'] / max(one['size'], 1) / minor:,.0f} a customer",
                ),
                Metric(
                    label="Same customers again",
                    value=one["stability"]["jaccard"]["mean"],
                    digits=2,
                    note=one["stability"]["verdict"],
                ),
            ],
            traits=[
                Statement(_trait(trait, minor)) for trait in one["traits"][:4] if trait["level"] != "usual"
            ],
        )
        for one in figures["segments"]
    ]
    sentence = "" if figures["usable"] else "Do not use these segments: other draws of customers give others."
    sizes = Chart(
        title="Customers and money lie in different segments",
        subtitle="Share of the money moved, by segment",
        picture=Bars(
            label=Column(label="Segment"),
            measure=Column(label="Share of money", kind=Kind.SHARE),
            bars=[Bar(label=one["name"], value=one["money_share"]) for one in figures["segments"]],
        ),
        name="money",
    )
    return Section(title="Portraits", sentence=sentence, blocks=[Cards(cards), sizes])


def _trait(trait: Mapping[str, Any], minor: int) -> str:
    name = trait["feature"].replace("_", " ")
    median = trait["median"]
    if median is None:
        return f"{trait['level']} {name}"
    if trait["unit"] == "minor units":
        return f"{trait['level']} {name} (median {median / minor:,.0f})"
    if trait["unit"] == "share":
        return f"{trait['level']} {name} (median {median:.0%})"
    return f"{trait['level']} {name} (median {median:,.3g} {trait['unit']})"


def _apart(about: Mapping[str, Any]) -> Section:
    segments = about["figures"]["segments"]
    strength: dict[str, float] = {}
    for one in segments:
        for trait in one["traits"]:
            strength[trait["feature"]] = max(strength.get(trait["feature"], 0.0), abs(trait["effect"]))
    features = sorted(strength, key=lambda name: -strength[name])[:HEAT_TRAITS]
    effects = [{trait["feature"]: trait["effect"] for trait in one["traits"]} for one in segments]
    chart = Chart(
        title="What sets each segment apart",
        subtitle="Cohen's d against all other customers; blank where it is not among the strongest traits",
        picture=HeatMap(
            measure=Column(label="Cohen's d", kind=Kind.NUMBER, digits=1),
            columns=[one["name"] for one in segments],
            rows=[name.replace("_", " ") for name in features],
            values=[[own.get(name) for own in effects] for name in features],
            diverging=True,
        ),
        name="traits",
    )
    return Section(title="What sets them apart", blocks=[chart])


def _chosen(figures: Mapping[str, Any]) -> str:
    """The number chosen, or that none is to be used."""
    if figures["usable"]:
        return f"{figures['clusters']} segments are chosen"
    return f"No number of segments passes; {figures['clusters']} come nearest and are not to be used"


def _found_again(about: Mapping[str, Any]) -> Section:
    figures = about["figures"]
    tried = figures["candidates_k"]
    chart = Chart(
        title=_chosen(figures),
        subtitle="Silhouette and adjusted Rand index over resamples, by number of segments; the number taken "
        "with all resamples",
        picture=Lines(
            x=Column(label="Segments", kind=Kind.NUMBER, digits=0),
            y=Column(label="Index", kind=Kind.NUMBER, digits=2),
            at=[one["clusters"] for one in tried],
            series=[
                Series(name="silhouette", values=[one["silhouette"] for one in tried]),
                Series(name="found again (adjusted Rand)", values=[one["adjusted_rand"] for one in tried]),
            ],
            baselines=[Baseline(name="needed", value=figures["stability"]["threshold"])],
        ),
        name="choice",
    )
    return Section(
        title="Would other customers give the same segments?",
        sentence=figures["choice"] + ".",
        blocks=[chart],
    )
