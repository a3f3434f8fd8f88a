"""The value page's back-test: what was foreseen, what came, which item was off, and how earlier years did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import (
    Baseline,
    Block,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Metrics,
    Section,
    Table,
    Tone,
)
from bankmine.report.format import money
from bankmine.report.pictures import Bar, Bars, Estimates
from bankmine.tasks.value.ledger import WORDS
from bankmine.tasks.value.said import rule_of


def tested_section(figures: Mapping[str, Any], currency: str) -> Section:
    """What was foreseen and what came: sums, order, items, further years."""
    tested = figures["back_test"]
    blocks: list[Block] = [
        _ranked(tested, rule_of(figures)),
        Metrics(_list_metrics(tested, currency, rule_of(figures))),
    ]
    coverage = tested.get("coverage")
    sentence = (
        f"What would have been foreseen on {tested['cutoff']} with nothing but what was known then, against "
        f"what the same reckoning says came: {money(round(tested['actual_minor']), currency)} from "
        f"{tested['customers']:,} customers."
    )
    if coverage:
        sentence += (
            f" {coverage['value']:.0%} of customers came to lie within limits that should hold "
            f"{tested['level']:.0%}."
        )
    if "staying_seen" in tested:
        sentence += (
            f" {tested['staying_foreseen']:.1%} were expected to stay, {tested['staying_seen']:.1%} stayed."
        )
    if tested.get("items"):
        blocks.append(_items(tested))
    if tested.get("earlier"):
        blocks.append(_earlier(tested, currency))
    if tested.get("largest_ten") is not None:
        sentence += (
            f" The ten most profitable customers made {tested['largest_ten']:.0%} of it: where few carry the "
            "sum, its interval is wide however good the forecast."
        )
    return Section(title="Foreseen and come", sentence=sentence, blocks=blocks)


def _items(tested: Mapping[str, Any]) -> Chart:
    """Which item the bias comes from, at the rates known then and at those that came."""
    share = [Column(label=one, kind=Kind.SHARE) for one in ("At the rates known", "At the rates that came")]
    worst = max(tested["items"], key=lambda one: abs(one["model at rates"]))
    off = f"{worst['model at rates']:+.1%}".replace("-", "−")
    return Chart(
        title=f"Rates apart, {WORDS[worst['component']]} is farthest off: {off}",
        subtitle="Foreseen less come, item by item, as a share of the whole result; the bars sum to the bias",
        picture=Bars(
            label=Column(label="Item"), measure=share[1], ordered=True,
            bars=[Bar(label=WORDS[one["component"]], value=one["model at rates"]) for one in tested["items"]],
        ),
        table=Table(
            columns=[Column(label="Item"), Column(label="Of the result", kind=Kind.SHARE), *share],
            rows=[
                [WORDS[one["component"]], one["share"], one["model"], one["model at rates"]]
                for one in tested["items"]
            ],
            name="back-test-items",
        ),
        name="back-test-items",
    )  # fmt: skip


def _earlier(tested: Mapping[str, Any], currency: str) -> Chart:
    """The same a half year and more earlier: whether the bias goes one way."""
    first = {
        "cutoff": tested["cutoff"], "actual_minor": tested["actual_minor"],
        "rank_correlation": tested["model"]["rank_correlation"]["value"],
        "interval": tested["model at rates"]["bias"],
    } | {key: tested[key]["bias"]["value"] for key in ("model", "model at rates", "rule")}  # fmt: skip
    rows = [first, *tested["earlier"]]
    columns = [
        Column(label="Foreseen on"), money_column("Came", currency),
        *(Column(label=one, kind=Kind.SHARE) for one in ("Bias", "At the rates that came", "Rule")),
        number_column("Rank correlation"),
    ]  # fmt: skip
    names = ("cutoff", "actual_minor", "model", "model at rates", "rule", "rank_correlation")
    above = sum(one["model at rates"] > 0 for one in rows)
    return Chart(
        title=f"Of {len(rows)} years foreseen, {above} were foreseen too high, rates apart",
        subtitle="Bias at the rates that came, 95 % interval over customers; years overlap; in earlier ones "
        "all leave at one rate",
        picture=Estimates(
            label=Column(label="Foreseen on"), measure=columns[3], ordered=True,
            bars=[
                Bar(label=str(one["cutoff"]), value=one["model at rates"], low=one["interval"]["low"],
                    high=one["interval"]["high"])
                for one in rows
            ],
            baselines=[Baseline(name="no bias", value=0.0)],
        ),
        table=Table(columns=columns, rows=[[one[name] for name in names] for one in rows], name="earlier"),
        name="earlier",
    )  # fmt: skip


def _ranked(tested: Mapping[str, Any], words: str) -> Chart:
    model, rule = tested["model"]["rank_correlation"], tested["rule"]["rank_correlation"]
    better = "better" if model["value"] > rule["value"] else "no better"
    shown = {"model": "model", "rule": words, "model at rates": "model, at the rates that came",
             "rule at rates": f"{words}, at the rates that came"}  # fmt: skip
    rows = [
        [words_, *(tested[key][figure][part] for figure in ("bias", "rank_correlation") for part in _PARTS)]
        for key, words_ in shown.items()
        if key in tested
    ]
    columns = [
        Column(label="Forecast"), Column(label="Bias", kind=Kind.SHARE), Column(label="Low", kind=Kind.SHARE),
        Column(label="High", kind=Kind.SHARE),
        *(number_column(one) for one in ("Rank correlation", "Low", "High")),
    ]  # fmt: skip
    return Chart(
        title=f"The order of customers was foreseen {better} than by the rule",
        subtitle="Rank correlation of forecast and outcome, 95 % interval over customers",
        picture=Estimates(
            label=Column(label="Forecast"), measure=number_column("Rank correlation"),
            bars=[
                Bar(label="model", value=model["value"], low=model["low"], high=model["high"]),
                Bar(label=words, value=rule["value"], low=rule["low"], high=rule["high"]),
            ],
        ),
        table=Table(columns=columns, rows=rows, name="back-test"),
        name="back-test",
    )  # fmt: skip


_PARTS = ("value", "low", "high")


def _list_metrics(tested: Mapping[str, Any], currency: str, words: str) -> list[Metric]:
    less = tested["less_error_minor"]
    found = [
        Metric(
            label="Less error a customer", value=round(less["value"]), kind=Kind.MONEY, unit=currency,
            interval=interval_of(less), baseline=Baseline(name="no difference", value=0.0),
            note=f"than {words}", tone=Tone.GOOD if less["low"] > 0 else Tone.WATCH,
        )
    ]  # fmt: skip
    golden = tested.get("golden")
    if golden and golden.get("listed"):
        found.append(
            Metric(
                label="Golden to be that came true", value=golden["listed"]["value"], kind=Kind.SHARE,
                interval=interval_of(golden["listed"]),
                baseline=Baseline(
                    name="just below the top by profit",
                    value=golden["others"]["value"] if golden.get("others") else tested["golden_everybody"],
                ),
                note=f"of {golden['customers']:,}; of all outside the top {tested['golden_everybody']:.0%}",
            )
        )  # fmt: skip
    sure = tested.get("surely_top")
    if sure and sure.get("listed"):
        found.append(
            Metric(
                label="Surely top that were", value=sure["listed"]["value"], kind=Kind.SHARE,
                interval=interval_of(sure["listed"]),
                baseline=Baseline(name=f"as many by {words}", value=sure["others"]["value"]) if
                sure.get("others") else None,
                note=f"of {sure['customers']:,}; nine in ten promised",
            )
        )  # fmt: skip
    return found


def interval_of(one: Mapping[str, float]) -> Interval:
    """An interval of the figures as a page shows it."""
    return Interval(low=one["low"], high=one["high"])


def money_column(label: str, currency: str) -> Column:
    """A column of money."""
    return Column(label=label, kind=Kind.MONEY, unit=currency)


def number_column(label: str, digits: int = 2) -> Column:
    """A column of plain numbers."""
    return Column(label=label, kind=Kind.NUMBER, digits=digits)
