"""The cross-selling page's own part: what the list is worth, whether it was right, which rules stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import (
    Baseline,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Metrics,
    Section,
    Statement,
    Table,
)
from bankmine.report.pictures import Bar, Bars, Estimates
from bankmine.report.values import Tone
from bankmine.tasks.contract import Shown
from bankmine.tasks.cross_sell.listing import NOW, OFFERED

MOST_RULES = 10


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    sections = [_tested(figures["tested"], currency), _families(figures, currency)]
    if figures["following"]["rules"]:
        sections.append(_rules(figures["following"]))
    if figures["bundles"]:
        sections.append(_bundles(figures["bundles"]))
    sections.append(_refused(figures["refused_by_reason"], figures.get("credit_classes", "")))
    sections.append(_form(figures))
    return Shown(metrics=_metrics(figures, currency), sections=sections)


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    found, tested = figures["offers"], figures["tested"]
    grades = found["by_grade"]
    return [
        Metric(
            label="Customers with an offer worth a contact", value=sum(grades[name] for name in OFFERED),
            digits=0, note=f"of {found['customers']:,}; {grades[NOW]:,} to be made now",
        ),
        Metric(
            label="Expected profit of the best offers", value=round(found["profit_minor"]), kind=Kind.MONEY,
            unit=currency, note="one offer a customer, where it is worth a contact",
        ),
        _hits("Likeliest tenth of first offers taken", tested["tenth"]),
        _hits("All first offers taken", tested["all"]),
    ]  # fmt: skip


def _hits(label: str, one: Mapping[str, Any]) -> Metric:
    better = one["more_low"] > 0
    return Metric(
        label=label, value=one["value"], kind=Kind.SHARE, interval=Interval(low=one["low"], high=one["high"]),
        baseline=Baseline(name="most popular product", value=one["baseline"]),
        note="within 90 days, without being offered it", tone=Tone.GOOD if better else Tone.WATCH,
    )  # fmt: skip


def _tested(tested: Mapping[str, Any], currency: str) -> Section:
    tenth, money = tested["tenth"], tested["money_minor"]
    bars = [
        Bar(label="all first offers", value=tested["all"]["value"], low=tested["all"]["low"],
            high=tested["all"]["high"]),
        Bar(label="the same by popularity", value=tested["all"]["baseline"]),
        Bar(label="likeliest tenth", value=tenth["value"], low=tenth["low"], high=tenth["high"]),
        Bar(label="a tenth by popularity", value=tenth["baseline"]),
    ]  # fmt: skip
    chart = Chart(
        title=f"{tenth['value']:.1%} of the likeliest tenth of first offers were taken, by popularity "
        f"{tenth['baseline']:.1%}",
        subtitle="Share of customers who opened the family named first in the 90 days after, 95 % interval",
        picture=Estimates(
            label=Column(label="First offer"), measure=Column(label="Taken", kind=Kind.SHARE), bars=bars,
            ordered=True,
        ),
        name="back-test",
    )  # fmt: skip
    worth = Metric(
        label="Brought by an offer, likeliest tenth by profit", value=round(money["value"]), kind=Kind.MONEY,
        unit=currency, interval=Interval(low=money["low"], high=money["high"]),
        baseline=Baseline(name="by popularity", value=money["baseline"]),
        note="margin of what was then taken, before the cost of contacts",
    )  # fmt: skip
    sentence = (
        f"Asked of {tested['customers']:,} customers at {tested['cutoffs']} past months, as known then; "
        f"{tested['taken_at_all']:.1%} took any product they lacked within the 90 days after. Consent and "
        "eligibility are left aside here."
    )
    late = tested.get("priced_today", ())
    if late:
        sentence += f" What {', '.join(late)} brings was not known at some of them: priced as today there."
    return Section(title="Would the first offer have been right?", sentence=sentence,
                   blocks=[Metrics([worth]), chart])  # fmt: skip


def _families(figures: Mapping[str, Any], currency: str) -> Section:
    families = sorted(figures["families"], key=lambda one: -one["profit_minor"])
    columns = [
        Column(label="Family"), Column(label="Lack it", kind=Kind.NUMBER, digits=0),
        Column(label="May be offered it", kind=Kind.NUMBER, digits=0),
        Column(label="Worth a contact", kind=Kind.NUMBER, digits=0),
        Column(label="Expected to take it", kind=Kind.NUMBER, digits=0),
        Column(label="Margin of one", kind=Kind.MONEY, unit=currency),
        Column(label="Expected profit", kind=Kind.MONEY, unit=currency), Column(label="Answered by"),
    ]  # fmt: skip
    rows = [
        [
            one["family"], one["asked"], one["allowed"], one["offered"], round(one["expected"]),
            round(one["margin_minor"]), round(one["profit_minor"]), one["use"],
        ]
        for one in families
    ]  # fmt: skip
    best = families[0]
    chart = Chart(
        title=f"Most is expected of the family {best['family']}",
        subtitle=f"Expected profit of offers worth a contact, {currency}",
        picture=Bars(
            label=Column(label="Family"),
            measure=Column(label="Expected profit", kind=Kind.MONEY, unit=currency),
            bars=[Bar(label=one["family"], value=round(one["profit_minor"])) for one in families],
        ),
        table=Table(columns=columns, rows=rows, name="families"),
        name="profit-by-family",
    )
    return Section(title="What each family is expected to bring", sentence=figures["rule"], blocks=[chart])


def _rules(follows: Mapping[str, Any]) -> Section:
    rules = follows["rules"][:MOST_RULES]
    chart = Chart(
        title=f"{follows['standing']} of {follows['checked']} rules over holdings stand when checked forward",
        subtitle="How many times as often owners then opened the product as others who lacked it, 95 % "
        "interval",
        picture=Estimates(
            label=Column(label="Rule"), measure=Column(label="Times as often", kind=Kind.NUMBER, digits=2),
            bars=[
                Bar(
                    label=f"{' + '.join(one['antecedent'])} → {one['consequent']}", value=one["ratio"],
                    low=one["low"], high=one["high"],
                )
                for one in rules
            ],
            baselines=[Baseline(name="as often", value=1.0)],
        ),
        name="rules",
    )  # fmt: skip
    return Section(title="Did owners of A then buy B?", sentence=follows["sentence"], blocks=[chart])


def _bundles(pairs: list[Mapping[str, Any]]) -> Section:
    standing = sum(one["stands"] for one in pairs)
    chart = Chart(
        title=f"{standing} pairs of families are taken close together more than chance, checked forward",
        subtitle="Pairs found in the first half of the records: how often they came in the second, over "
        "those expected, 95 % interval",
        picture=Estimates(
            label=Column(label="Pair"), measure=Column(label="Times chance", kind=Kind.NUMBER, digits=2),
            bars=[
                Bar(label=f"{one['first']} + {one['second']}", value=one["ratio"], low=one["low"],
                    high=one["high"])
                for one in pairs
            ],
            baselines=[Baseline(name="chance", value=1.0)],
        ),
        name="bundles",
    )  # fmt: skip
    return Section(title="What is taken together", blocks=[chart])


def _refused(reasons: Mapping[str, int], credit: str) -> Section:
    shown = dict(list(reasons.items())[:15])
    chart = Chart(
        title=f"{next(iter(shown))} is the most frequent reason not to offer a family"
        if shown
        else "Nothing is refused",
        subtitle="Number of customers and families by reason; one with several reasons counts for each",
        picture=Bars(
            label=Column(label="Reason"), measure=Column(label="Refusals", kind=Kind.NUMBER, digits=0),
            bars=[Bar(label=name, value=count) for name, count in shown.items()],
        ),
        name="refusals",
    )  # fmt: skip
    return Section(title="What is not offered", sentence=credit, blocks=[chart])


def _form(figures: Mapping[str, Any]) -> Section:
    tested, told = figures["form_tested"], figures["form"]
    if not tested:
        return Section(title="The form for strangers", blocks=[Statement(told, tone=Tone.WATCH)])
    hit = Metric(
        label="The product named was the one taken", value=tested["hit_rate"], kind=Kind.SHARE,
        interval=Interval(low=tested["low"], high=tested["high"]),
        baseline=Baseline(name=f"always {tested['usual']}", value=tested["baseline"]),
        note=f"{tested['rows']:,} who took one since {tested['since']}",
        tone=Tone.GOOD if tested["more_low"] > 0 else Tone.WATCH,
    )  # fmt: skip
    return Section(title="The form for strangers", sentence=told, blocks=[Metrics([hit])])
