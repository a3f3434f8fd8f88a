"""The segments page's own part: portraits, what tells the segments apart, moves, and both kinds of segments.

Tables of suggestions, findings, moves and members are those the run keeps; the page shows them below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import (
    Baseline,
    Block,
    Chart,
    Column,
    Fold,
    Interval,
    Kind,
    Metric,
    Section,
    Sql,
    Statement,
    Table,
    Tone,
)
from bankmine.report.pictures import Bar, Bars, Estimates, HeatMap, Lines, Series
from bankmine.tasks.contract import Shown
from bankmine.tasks.segmentation.cards import portraits
from bankmine.tasks.segmentation.words import plain_name

HEAT_TRAITS, SHOWN_OFFERS = 12, 12


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures = about["figures"]
    sections = [portraits(about), _apart(figures), _found_again(figures), _miners(figures)]
    if figures["changes"]:
        sections.append(_changes(figures))
    if figures["suggestions"]:
        sections.append(_offers(figures))
    if figures["migration"]:
        sections.append(_moves(about))
    sections.append(_both_kinds(figures))
    return Shown(metrics=_metrics(about), statements=_findings(about), sections=sections)


def _metrics(about: Mapping[str, Any]) -> list[Metric]:
    figures = about["figures"]
    rand = figures["stability"]["adjusted_rand"]
    made = [
        Metric(
            label="Segments",
            value=len(figures["segments"]),
            digits=0,
            note=f"of {figures['rows']:,} customers; of {figures['clear']:,} enough is known",
        ),
        Metric(
            label="Found again",
            value=rand["mean"],
            digits=2,
            tone=Tone.GOOD if figures["usable"] else Tone.BAD,
            interval=Interval(low=rand["low"], high=rand["high"]),
            baseline=Baseline(name="needed", value=figures["stability"]["threshold"]),
            note="mean adjusted Rand index",
        ),
        Metric(
            label="Silhouette",
            value=figures["silhouette"],
            digits=2,
            baseline=Baseline(name="shuffled columns, at most", value=figures["silhouette_shuffled_limit"]),
            note=f"p {figures['silhouette_p_value']:.2f} against shuffled columns",
        ),
    ]
    best = next((one for one in figures["suggestions"] if one["stands"]), None)
    if best:
        made.append(_lift_metric(best))
    return made


def _lift_metric(best: Mapping[str, Any]) -> Metric:
    return Metric(
        label="Best suggestion",
        value=best["lift"],
        digits=1,
        unit="×",
        tone=Tone.GOOD,
        interval=Interval(low=best["low"], high=best["high"]),
        baseline=Baseline(name="no difference", value=1.0),
        note=f"{best['family']} for {best['name']}: adoption against all others",
    )


def _findings(about: Mapping[str, Any]) -> list[Statement]:
    figures = about["figures"]
    said = [Statement(text) for text in about["summary"][:2]]
    said += [Statement(one["sentence"]) for one in figures["suggestions"] if one["stands"]][:3]
    moves = figures["migration"]
    if moves:
        share = moves["moved"] / max(moves["both"], 1)
        money = moves["moved_money"] / max(moves["all_money"], 1.0)
        said.append(
            Statement(
                f"In {moves['months']} months {moves['moved']:,} of {moves['both']:,} customers "
                f"({share:.0%}) went to another segment, with {money:.0%} of the money moved."
            )
        )
    if not figures["suggestions"]:
        said.append(Statement(figures["suggestions_tested"]))
    return said


def _apart(figures: Mapping[str, Any]) -> Section:
    segments = [one for one in figures["segments"] if one["traits"]]
    effects = [{trait["feature"]: trait["effect"] for trait in one["traits"]} for one in segments]
    strength = {
        name: max(abs(own.get(name, 0.0)) for own in effects)
        for name in dict.fromkeys(name for own in effects for name in own)
    }
    features = sorted(strength, key=lambda name: -strength[name])[:HEAT_TRAITS]
    chart = Chart(
        title="How each segment lives, against all others",
        subtitle="Cohen's d of the columns the segments were found by",
        picture=HeatMap(
            measure=Column(label="Cohen's d", kind=Kind.NUMBER, digits=1),
            columns=[one["name"] for one in segments],
            rows=[plain_name(name) for name in features],
            values=[[own.get(name) for own in effects] for name in features],
            diverging=True,
        ),
        name="traits",
    )
    return Section(title="What tells them apart", blocks=[chart])


def _found_again(figures: Mapping[str, Any]) -> Section:
    tried = figures["candidates_k"]
    title = (
        f"{figures['clusters']} segments are chosen{_and_companies(figures)}"
        if figures["usable"]
        else f"No number of segments passes; {figures['clusters']} come nearest and are not to be used"
    )
    chart = Chart(
        title=title,
        subtitle="By number of segments, over resamples of the customers: how far all and how far the "
        "weakest segment is found again, and the silhouette",
        picture=Lines(
            x=Column(label="Segments", kind=Kind.NUMBER, digits=0),
            y=Column(label="Index", kind=Kind.NUMBER, digits=2),
            at=[one["clusters"] for one in tried],
            series=[
                Series(name="all (adjusted Rand)", values=[one["adjusted_rand"] for one in tried]),
                Series(name="weakest (Jaccard)", values=[one["weakest"] for one in tried]),
                Series(name="silhouette", values=[one["silhouette"] for one in tried]),
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


def _and_companies(figures: Mapping[str, Any]) -> str:
    """Companies are a segment that is not looked for."""
    apart = len(figures["segments"]) - figures["clusters"]
    return "; companies are one more, by themselves" if apart == 1 else ""


def _miners(figures: Mapping[str, Any]) -> Section:
    seen = figures["miners"]
    known = [one for one in seen if one["stability"] is not None]
    chart = Chart(
        title="How far each clustering miner finds its groups again",
        subtitle="Mean adjusted Rand index over resamples of the same customers",
        picture=Bars(
            label=Column(label="Miner"),
            measure=Column(label="Adjusted Rand index", kind=Kind.NUMBER, digits=2),
            bars=[Bar(label=one["miner"], value=one["stability"]) for one in known],
            baselines=[Baseline(name="needed", value=figures["stability"]["threshold"])],
        ),
        name="miners",
        table=_miners_table(seen),
    )
    sentence = (
        "All on a sample of the same customers and columns, each cut into as many groups; adaptive k-means, "
        "which made the segments, as judged above. A miner that leaves noise groups fewer customers. Cost "
        "and silhouette go by plain distances for all, so that they compare."
    )
    blocks: list[Block] = [chart] if known else [_miners_table(seen)]
    return Section(title="Other miners on the same customers", sentence=sentence, blocks=blocks)


def _miners_table(seen: Any) -> Table:
    columns = [
        Column(label="Miner"), Column(label="Groups", kind=Kind.NUMBER, digits=0),
        Column(label="Cost", kind=Kind.NUMBER, digits=3),
        Column(label="Silhouette", kind=Kind.NUMBER, digits=3),
        Column(label="Noise", kind=Kind.SHARE), Column(label="Found again", kind=Kind.NUMBER, digits=2),
        Column(label="Verdict"), Column(label="Why"),
    ]  # fmt: skip
    rows = [
        [
            one["miner"], one["clusters"], one["cost"], one["silhouette"], one["noise_share"],
            one["stability"], "usable" if one["usable"] else "do not use", one["reason"],
        ]
        for one in seen
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="miners")


def _changes(figures: Mapping[str, Any]) -> Section:
    seen, names = figures["changes"], {one["number"]: one["name"] for one in figures["segments"]}
    said = [
        Statement(
            f"{seen['carried']} segments carry on from the run before, {seen['new']} are new; "
            f"{seen['stayed']:.0%} of the customers of both runs stayed in theirs."
        )
    ]
    for one in seen["splits"]:
        parts = ", ".join(f"{names[p['number']]} ({p['share']:.0%})" for p in one["parts"])
        said.append(Statement(f"Segment {one['number']} split into {parts}.", tone=Tone.WATCH))
    for one in seen["merges"]:
        parts = ", ".join(f"{p['number']} ({p['share']:.0%} of it)" for p in one["parts"])
        said.append(Statement(f"“{names[one['number']]}” took in the segments {parts}.", tone=Tone.WATCH))
    if seen["lost"]:
        said.append(Statement(f"No longer there: segments {', '.join(map(str, seen['lost']))}."))
    return Section(title="Since the run before", blocks=said)


def _offers(figures: Mapping[str, Any]) -> Section:
    offers = figures["suggestions"]
    stood = sum(one["stands"] for one in offers)
    best = max(stood, 1)
    chart = Chart(
        title=f"{stood} of {len(offers)} suggestions stood their test",
        subtitle=f"Adoption in the {figures['adoption_months']} months after the suggestion over that of all "
        "others who lacked the product, 95 % interval",
        picture=Estimates(
            label=Column(label="Suggestion"),
            measure=Column(label="Adoption lift", kind=Kind.NUMBER, digits=1),
            bars=[
                Bar(
                    label=f"{one['family']} for {one['name']}{'' if one['stands'] else ' (did not stand)'}",
                    value=one["lift"],
                    low=one["low"],
                    high=one["high"],
                )
                for one in offers[: max(SHOWN_OFFERS, best)]
                if one["adopted"] > 0
            ],
            baselines=[Baseline(name="no difference", value=1.0)],
            ordered=True,
        ),
        name="offers",
    )
    return Section(
        title="What to offer, tested on the past", sentence=figures["suggestions_tested"], blocks=[chart]
    )


def _moves(about: Mapping[str, Any]) -> Section:
    figures = about["figures"]
    seen, names = figures["migration"], [one["name"] for one in figures["segments"]]
    shares = [[count / max(sum(row), 1) for count in row] for row in seen["customers"]]
    chart = Chart(
        title=f"{seen['moved']:,} of {seen['both']:,} customers are in another segment than "
        f"{seen['months']} months ago",
        subtitle="Share of the customers of each segment then (row) that are in each segment now (column)",
        picture=HeatMap(
            measure=Column(label="Share", kind=Kind.SHARE),
            columns=names,
            rows=[f"{name} ({sum(row):,})" for name, row in zip(names, seen["customers"], strict=True)],
            values=shares,
        ),
        name="migration",
        table=_moves_table(about),
    )
    return Section(
        title="Who moved between segments",
        sentence="The same segments applied to the customers as they were known then and now.",
        blocks=[chart],
    )


def _moves_table(about: Mapping[str, Any]) -> Table:
    figures = about["figures"]
    seen, names = figures["migration"], [one["name"] for one in figures["segments"]]
    rows = [
        [names[a], names[b], seen["customers"][a][b], round(seen["money"][a][b])]
        for a in range(len(names))
        for b in range(len(names))
        if seen["customers"][a][b]
    ]
    columns = [
        Column(label="Then"), Column(label="Now"), Column(label="Customers", kind=Kind.NUMBER, digits=0),
        Column(label="Money moved by them", kind=Kind.MONEY, unit=about["currency"]),
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="migration")


def _both_kinds(figures: Mapping[str, Any]) -> Section:
    rules = figures["predefined"]
    asked = [one for one in rules if not one["refused"]]
    names = [one["name"] for one in figures["segments"]]
    blocks: list[Block] = []
    if asked:
        blocks.append(
            Chart(
                title="Where the bank's own segments lie among those found",
                subtitle="Share of each segment found that the rule holds for",
                picture=HeatMap(
                    measure=Column(label="Share", kind=Kind.SHARE),
                    columns=names,
                    rows=[f"{one['title']} ({one['customers']:,})" for one in asked],
                    values=[one["shares"] for one in asked],
                ),
                name="overlap-share",
            )
        )
    blocks += [
        Fold(title=f"{one['title']}: {one['sentence']}", blocks=[Sql(text=one["sql"], title=one["name"])])
        for one in asked
    ]
    blocks += [
        Statement(f"{one['title']} could not be asked: {one['refused']}.") for one in rules if one["refused"]
    ]
    return Section(
        title="The bank's own segments",
        sentence="Defined by the bank in SQL; each can be changed in its file.",
        blocks=blocks,
    )
