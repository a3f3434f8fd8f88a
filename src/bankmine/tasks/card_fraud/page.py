"""The card fraud page's own part: cards found each day, and the money on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bankmine.report.content import Baseline, Chart, Column, Interval, Kind, Metric, Section, Tone
from bankmine.report.pictures import Bar, Bars, Lines, Series
from bankmine.tasks.contract import Shown


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    return Shown(metrics=_metrics(about), sections=[_days(about), _money(about)])


def _metrics(about: Mapping[str, Any]) -> list[Metric]:
    figures = about["figures"]
    cards, found = figures["task"]["card_precision"], figures["decision"]["summary"]
    own = cards["figures"][figures["model"]]
    return [
        Metric(
            label=f"Card precision at {cards['checked']} a day", value=own["value"], digits=3,
            interval=Interval(low=own["low"], high=own["high"], level=own["level"]),
            baseline=Baseline(
                name=figures["best_baseline"], value=cards["figures"][figures["best_baseline"]]["value"]
            ),
            note=f"the best possible is {cards['perfect']:.3f}", tone=Tone.GOOD,
        ),
        Metric(
            label="Expected loss in open transactions", value=round(found["expected_loss_minor"]),
            kind=Kind.MONEY, unit=about["currency"],
            note=f"in {found['transactions']:,} transactions whose verdict is open", tone=Tone.WATCH,
        ),
    ]  # fmt: skip


def _days(about: Mapping[str, Any]) -> Section:
    cards = about["figures"]["task"]["card_precision"]
    days = cards["by_day"]
    found, there = sum(one["found"] for one in days), sum(one["compromised"] for one in days)
    chart = Chart(
        title=f"{found} of {there} compromised cards are found by checking {cards['checked']} cards a day",
        subtitle="Cards a day that are compromised, and those found; a card found leaves the later days",
        picture=Lines(
            x=Column(label="Day", kind=Kind.DATE),
            y=Column(label="Cards", kind=Kind.NUMBER, digits=0),
            at=[date.fromisoformat(one["day"][:10]) for one in days],
            series=[
                Series(name="found", values=[one["found"] for one in days]),
                Series(name="compromised", values=[one["compromised"] for one in days], quiet=True),
            ],
            from_zero=True,
        ),
        name="by-day",
    )
    return Section(title="Day by day", blocks=[chart])


def _money(about: Mapping[str, Any]) -> Section:
    money = about["figures"]["task"]["money"]
    model = about["figures"]["model"]
    share = money["found_minor"][model] / max(money["stolen_minor"], 1.0)
    chart = Chart(
        title=f"The cards checked carry {share:.0%} of the amount stolen",
        subtitle=f"Amount of fraud on the cards checked, over {money['days']} test days",
        picture=Bars(
            label=Column(label="Ranked by"),
            measure=Column(label="Fraud on checked cards", kind=Kind.MONEY, unit=about["currency"]),
            bars=[Bar(label=name, value=round(value)) for name, value in money["found_minor"].items()],
            baselines=[Baseline(name="all stolen", value=float(money["stolen_minor"]))],
        ),
        name="money-found",
    )
    return Section(title="What the list is worth", blocks=[chart])
