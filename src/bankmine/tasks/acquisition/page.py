"""The acquisition page's own part: what the lists are worth, how they were tested, which question to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Interval, Kind, Metric, Section, Statement, Table
from bankmine.report.pictures import Bar, Bars, Estimates, Lines, Series
from bankmine.report.values import Tone
from bankmine.tasks.contract import Shown

WORDS = {"prospects": "Prospects who left a form", "counterparties": "People behind counterparties"}


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures = about["figures"]
    sections = [_tested(name, one) for name, one in figures["tested"].items()]
    if figures["lists"]:
        sections.append(_profit(figures, about["currency"]))
    if figures.get("questions_worth"):
        sections.append(_questions(figures, about["currency"]))
    if figures["not_pursued"]:
        sections.append(_not_pursued(figures))
    statements = [Statement(figures["form_refused"], tone=Tone.WATCH)] if "form_refused" in figures else []
    return Shown(metrics=_metrics(figures, about["currency"]), statements=statements, sections=sections)


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    found = [
        Metric(
            label=f"Expected profit: {name}",
            value=round(one["profit_minor"]),
            kind=Kind.MONEY,
            unit=currency,
            baseline=Baseline(name="approaching all", value=one["all_minor"]),
            note=f"{one['pursued']:,} of {one['rows']:,} to pursue",
        )
        for name, one in figures["lists"].items()
    ]
    for name, one in figures["tested"].items():
        first = one["deciles"][0]
        found.append(
            Metric(
                label=f"Golden in the first {first['share']:.0%}: {name}",
                value=first["precision"],
                kind=Kind.SHARE,
                interval=Interval(low=first["low"], high=first["high"]),
                baseline=Baseline(name="whole list", value=one["base_rate"]),
            )
        )
    return found


def _tested(name: str, one: Mapping[str, Any]) -> Section:
    first = one["deciles"][0]
    chart = Chart(
        title=f"{first['precision']:.0%} of the first {first['share']:.0%} are golden, of all "
        f"{one['base_rate']:.0%}",
        subtitle="Share of golden customers in each part of the list, best first, 95 % interval",
        picture=Estimates(
            label=Column(label="Part of the list"),
            measure=Column(label="Golden", kind=Kind.SHARE),
            bars=[
                Bar(label=str(part["decile"]), value=part["precision"], low=part["low"], high=part["high"])
                for part in one["deciles"]
            ],
            baselines=[Baseline(name="whole list", value=one["base_rate"])],
            ordered=True,
        ),
        table=_deciles(one),
        name=f"deciles-{name}",
    )
    area = f"AUC {one['auc']:.3f} ({one['low']:.3f}–{one['high']:.3f})"
    base = f"{one['baseline']} {one['baseline_auc']:.3f}"
    return Section(
        title=f"{WORDS[name]}: tested", sentence=f"{one['sentence']} {area}; {base}.", blocks=[chart]
    )


def _deciles(one: Mapping[str, Any]) -> Table:
    columns = [
        Column(label="Part", kind=Kind.NUMBER, digits=0), Column(label="Tested", kind=Kind.NUMBER, digits=0),
        Column(label="Golden", kind=Kind.NUMBER, digits=0), Column(label="Precision", kind=Kind.SHARE),
        Column(label="Low", kind=Kind.SHARE), Column(label="High", kind=Kind.SHARE),
        Column(label="Lift", kind=Kind.NUMBER, digits=2),
    ]  # fmt: skip
    names = ("decile", "rows", "true", "precision", "low", "high", "lift")
    rows = [[part[name] for name in names] for part in one["deciles"]]
    if "baseline_deciles" in one:
        columns.append(Column(label=f"Precision of the {one['baseline']}", kind=Kind.SHARE))
        rows = [[*row, part["precision"]] for row, part in zip(rows, one["baseline_deciles"], strict=True)]
    return Table(columns=columns, rows=rows)


def _profit(figures: Mapping[str, Any], currency: str) -> Section:
    charts = []
    for name, one in figures["lists"].items():
        curve = one["curve"]
        best = max(range(len(curve)), key=lambda place: curve[place])
        charts.append(
            Chart(
                title=f"{WORDS[name]}: {_best_share(best)}",
                subtitle="Expected profit of approaching the best share of the list",
                picture=Lines(
                    x=Column(label="Share of the list", kind=Kind.SHARE),
                    y=Column(label="Expected profit", kind=Kind.MONEY, unit=currency),
                    at=[place / (len(curve) - 1) for place in range(len(curve))],
                    series=[Series(name="expected profit", values=[round(value) for value in curve])],
                    baselines=[Baseline(name="approach nobody", value=0.0)],
                ),
                name=f"profit-{name}",
                wide=False,
            )
        )
    return Section(title="What the lists are worth", sentence=figures["rule"], blocks=charts)


def _best_share(best: int) -> str:
    if best >= 99:
        return "all but a few are expected to repay the approach"
    return f"expected profit is largest at the best {best} %"


def _questions(figures: Mapping[str, Any], currency: str) -> Section:
    worth = figures["questions_worth"]
    best = worth[0]
    chart = Chart(
        title=f"“{best['question']}” is the question worth most",
        subtitle=f"Mean worth of a question over partial forms, {currency} of expected profit a form",
        picture=Bars(
            label=Column(label="Question"),
            measure=Column(label="Worth", kind=Kind.NUMBER, unit=currency),
            bars=[Bar(label=one["question"], value=one["worth"]) for one in worth],
        ),
        table=Table(
            columns=[
                Column(label="Question"), Column(label="Field"),
                Column(label="Worth", kind=Kind.NUMBER, unit=currency),
                Column(label="As the first", kind=Kind.NUMBER, unit=currency),
                Column(label="Tells", kind=Kind.NUMBER, unit="bits"),
                Column(label="Partial forms without it", kind=Kind.NUMBER, digits=0),
            ],
            rows=[
                [one["question"], one["field"], one["worth"], one["first"], one["bits"], one["asked"]]
                for one in worth
            ],
        ),
        name="questions-worth",
    )  # fmt: skip
    sentence = (
        f"{figures['form']} Places on the list are for {figures['place']['capacity']:.0%} of strangers; a "
        "question is worth what its answer adds by changing who gets one."
    )
    return Section(title="Which question to ask", sentence=sentence, blocks=[chart])


def _not_pursued(figures: Mapping[str, Any]) -> Section:
    reasons = figures["not_pursued"]
    chart = Chart(
        title=f"{sum(one['barred'] for one in figures['lists'].values()):,} are not to be pursued",
        subtitle="Number by reason; one with several reasons counts for each",
        picture=Bars(
            label=Column(label="Reason"),
            measure=Column(label="People", kind=Kind.NUMBER, digits=0),
            bars=[Bar(label=name, value=count) for name, count in reasons.items()],
        ),
        name="not-pursued",
    )
    return Section(title="Who is not to be pursued", blocks=[chart])
