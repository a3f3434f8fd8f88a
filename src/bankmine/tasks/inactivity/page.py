"""The inactivity page's own part: money at risk, each test month, the money in the top of the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Interval, Kind, Metric, Metrics, Section, Tone
from bankmine.report.pictures import Bar, Bars, Lines, Series
from bankmine.tasks.contract import Shown
from bankmine.tasks.inactivity.judge import in_words, newest_month


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    return Shown(metrics=_metrics(about), sections=[_months(about), _money(about)])


def _metrics(about: Mapping[str, Any]) -> list[Metric]:
    found = about["figures"]["decision"]["summary"]
    warning = newest_month(about["figures"]["task"]["by_month"])
    return [
        Metric(
            label="Expected to fall silent",
            value=round(found["expected_silent"]),
            digits=0,
            note=f"of {found['customers']:,} customers, within {about['horizon']}. {warning}",
            tone=Tone.WATCH,
        ),
        Metric(
            label="Money at risk",
            value=round(found["at_risk_minor"]),
            kind=Kind.MONEY,
            unit=about["currency"],
            note="chance times last year's spend; as far off as the chances are",
            baseline=Baseline(name="last year's spend", value=float(found["spend_minor"])),
            tone=Tone.WATCH,
        ),
    ]


def _months(about: Mapping[str, Any]) -> Section:
    months = about["figures"]["task"]["by_month"]
    at = [date.fromisoformat(one["cutoff"][:10]) for one in months]
    baseline = about["figures"]["best_baseline"]
    better = sum(one["auc_low"] > one["baseline_auc"] for one in months)
    ranks = Chart(
        title=f"The model ranks better than the {baseline} in {better} of {len(months)} test months",
        subtitle="AUC by month, 95 % interval",
        picture=Lines(
            x=Column(label="Cutoff", kind=Kind.MONTH),
            y=Column(label="AUC", kind=Kind.NUMBER, digits=3),
            at=at,
            series=[
                Series(
                    name=about["figures"]["model"],
                    values=[one["auc"] for one in months],
                    low=[one["auc_low"] for one in months],
                    high=[one["auc_high"] for one in months],
                ),
                Series(name=baseline, values=[one["baseline_auc"] for one in months], quiet=True),
            ],
        ),
        name="by-month",
        wide=False,
    )
    rates = Chart(
        title="Predicted and observed share of silent customers",
        subtitle="Mean chance at the cutoff and share that then made no payment",
        picture=Lines(
            x=Column(label="Cutoff", kind=Kind.MONTH),
            y=Column(label="Share silent", kind=Kind.SHARE),
            at=at,
            series=[
                Series(name="predicted", values=[one["mean_probability"] for one in months]),
                Series(name="observed", values=[one["base_rate"] for one in months], quiet=True),
            ],
        ),
        name="rates-by-month",
        wide=False,
    )
    return Section(title="Month by month", sentence=newest_month(months), blocks=[ranks, rates])


def _money(about: Mapping[str, Any]) -> Section:
    money = about["figures"]["task"]["money"]
    model = about["figures"]["model"]
    found = Metric(
        label="Lost spend found a month",
        value=round(money["found_minor_a_month"]),
        kind=Kind.MONEY,
        unit=about["currency"],
        interval=Interval(low=money["found_minor_low"], high=money["found_minor_high"]),
        baseline=Baseline(
            name="by spend alone", value=money["share_found"]["spend alone"] * money["lost_minor_a_month"]
        ),
    )
    chart = Chart(
        title=(
            f"Working a fifth of the list finds {money['share_found'][model]:.0%} of the spend of "
            "customers who "
            "fall silent"
        ),
        subtitle="Share of their past twelve-month spend in the first fifth, lists ranked by chance "
        "times spend",
        picture=Bars(
            label=Column(label="List"),
            measure=Column(label="Share of lost spend found", kind=Kind.SHARE),
            bars=[Bar(label=name, value=share) for name, share in money["share_found"].items()],
        ),
        name="money-found",
    )
    more = Metric(
        label="More than the list by spend alone",
        value=round(money["more_than_spend_minor"]),
        kind=Kind.MONEY,
        unit=about["currency"],
        interval=Interval(low=money["more_than_spend_low"], high=money["more_than_spend_high"]),
        baseline=Baseline(name="no difference", value=0.0),
        note="a month, both lists on the same resamples of customers",
        tone=Tone.GOOD if money["more_than_spend_low"] > 0 else Tone.WATCH,
    )
    return Section(
        title="What the list is worth",
        sentence=in_words(money, about["currency"], whose=f"the list of {model}"),
        blocks=[Metrics([found, more]), chart],
    )
