"""The value page's own part: the bank's result, the 80/20 curve, who moved, what is foreseen and how well."""

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
    Statement,
    Table,
    Tone,
)
from bankmine.report.format import money
from bankmine.report.pictures import Bar, Bars, Estimates, Lines, Series
from bankmine.tasks.contract import Shown
from bankmine.tasks.value.said import LEAST_RANK, MOST_BIAS, rule_of


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    statements = [Statement(line, tone=Tone.NEUTRAL) for line in figures["said"]]
    if figures["basis"] == "purchases":
        sections = [_curve(figures, currency), _purchase_models(figures), _back_test(figures, currency)]
        return Shown(metrics=_purchase_metrics(figures, currency), statements=statements, sections=sections)
    sections = [_result(figures, currency), _curve(figures, currency)]
    if figures["moves"]:
        sections.append(_moves(figures, currency))
    if figures["back_test"]:
        sections.append(_back_test(figures, currency))
    sections.append(_assumed(figures))
    return Shown(metrics=_metrics(figures, currency), statements=statements, sections=sections)


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    result, value = figures["result"], figures["value"]
    before = result["before_minor"]
    earned = Metric(
        label="Earned in the past year", value=result["total_minor"], kind=Kind.MONEY, unit=currency,
        change=None if before is None else float(result["total_minor"] - before),
        note=f"by {result['customers']:,} customers; "
        + ("equal to the bank's result" if result["reconciliation"]["agrees"] else "not the bank's result"),
        tone=Tone.NEUTRAL if result["reconciliation"]["agrees"] else Tone.BAD,
    )  # fmt: skip
    worth = Metric(
        label="Lifetime value", value=round(value["lifetime_minor"]), kind=Kind.MONEY, unit=currency,
        baseline=Baseline(name="past year's profit", value=float(result["of_open_minor"])),
        note=f"over {figures['horizon_months']} months, discounted at {figures['discount_rate']:.0%} a year",
    )  # fmt: skip
    return [earned, worth, *_tested_metrics(figures), *_sure(figures)]


def _purchase_metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    value = figures["value"]
    expected = Metric(
        label="Expected in the next year", value=round(value["year_minor"]), kind=Kind.MONEY, unit=currency,
        baseline=Baseline(name="spent in the past year", value=value["past_year_minor"]),
    )  # fmt: skip
    alive = Metric(
        label="Customers still", value=value["alive"], kind=Kind.SHARE,
        note=f"of {value['customers']:,}, by {figures['chosen']}",
    )  # fmt: skip
    return [expected, alive, *_tested_metrics(figures), *_sure(figures)]


def _tested_metrics(figures: Mapping[str, Any]) -> list[Metric]:
    tested = figures["back_test"]
    if not tested:
        return []
    model, rule, words = tested["model"], tested["rule"], rule_of(figures)
    return [
        Metric(
            label="Bias of the forecast", value=model["bias"]["value"], kind=Kind.SHARE,
            interval=_interval(model["bias"]), baseline=Baseline(name=words, value=rule["bias"]["value"]),
            note=f"of {tested['cutoff']}, seen since" + (
                f"; at the rates that came {tested['model at rates']['bias']['value']:+.1%}".replace("-", "−")
                if "model at rates" in tested else ""
            ),
            tone=Tone.GOOD if abs(model["bias"]["value"]) <= MOST_BIAS else Tone.WATCH,
        ),
        Metric(
            label="Rank correlation", value=model["rank_correlation"]["value"], digits=2,
            interval=_interval(model["rank_correlation"]),
            baseline=Baseline(name=words, value=rule["rank_correlation"]["value"]),
            tone=Tone.GOOD if model["rank_correlation"]["value"] >= LEAST_RANK else Tone.WATCH,
        ),
    ]  # fmt: skip


def _sure(figures: Mapping[str, Any]) -> list[Metric]:
    grades = figures["value"]["grades"]
    return [
        Metric(
            label="Surely top", value=grades.get("surely top", 0), digits=0,
            note=f"customers in the first {figures['top_share']:.0%} in nine of ten futures; "
            f"{grades.get('maybe top', 0):,} more may be",
        )
    ]  # fmt: skip


def _result(figures: Mapping[str, Any], currency: str) -> Section:
    """The bank's result, item by item, from the first margin to what is left."""
    result = figures["result"]
    steps = [(one["words"], one["minor"], one["before_minor"]) for one in result["components"]]
    bars = [Bar(label=words, value=minor) for words, minor, _ in steps]
    bars.append(Bar(label="result", value=result["total_minor"]))
    known = result["before_minor"] is not None
    columns = [Column(label="Item"), _money("Past year", currency), _money("Running total", currency)]
    if known:
        columns.append(_money("Year before", currency))
    rows, running = [], 0
    for words, minor, before in steps:
        running += minor
        rows.append([words, minor, running, *([before] if known else [])])
    rows.append(["result", running, running, *([result["before_minor"]] if known else [])])
    largest = max(steps, key=lambda one: abs(one[1]))[0]
    chart = Chart(
        title=f"From margins to result: the largest item is {largest}",
        subtitle=f"{currency}, twelve months before the cutoff; what costs stands below zero",
        picture=Bars(
            label=Column(label="Item"), measure=_money("Amount", currency), bars=bars, ordered=True
        ),
        table=Table(columns=columns, rows=rows, name="result"),
        name="result",
    )  # fmt: skip
    proof = result["reconciliation"]
    sentence = (
        f"All customers together earned {money(proof['customers_minor'], currency)}; the bank's books, "
        f"summed without customers, give {money(proof['bank_minor'], currency)}: "
        + ("no cent is missing." if proof["agrees"] else "they differ, and the figures must not be used.")
    )
    return Section(title="The bank's result", sentence=sentence, blocks=[chart])


def _curve(figures: Mapping[str, Any], currency: str) -> Section:
    curve, share = figures["curve"], figures["top_share"]
    made = _made(curve, share)
    what = "profit" if figures["basis"] == "accounts" else "spend"
    chart = Chart(
        title=f"The first {share:.0%} of customers make {made:.0%} of the {what}" if made is not None
        else f"There is no {what} to share",
        subtitle=f"Share of the past year's {what}, customers from the most profitable on",
        picture=Lines(
            x=Column(label="Share of customers", kind=Kind.SHARE),
            y=Column(label=f"Share of {what}", kind=Kind.SHARE),
            at=curve["customers"],
            series=[
                Series(name="customers", values=curve["profit"]),
                Series(name="if all were alike", values=curve["customers"], quiet=True),
            ],
            baselines=[Baseline(name="all of it", value=1.0)], from_zero=True,
        ),
        name="concentration",
    )  # fmt: skip
    sentence = ""
    if curve["lost_minor"]:
        sentence = (
            f"The curve rises above the whole because {curve['losing']:.0%} of customers cost more than they "
            f"earned: {money(round(curve['lost_minor']), currency)} together."
        )
    return Section(title="How few make how much", sentence=sentence, blocks=[chart])


def _made(curve: Mapping[str, Any], share: float) -> float | None:
    nearest = min(range(len(curve["customers"])), key=lambda at: abs(curve["customers"][at] - share))
    made: float | None = curve["profit"][nearest]
    return made


def _moves(figures: Mapping[str, Any], currency: str) -> Section:
    moves = {one["move"]: one for one in figures["moves"]}
    lost = moves["fell out"]["change_minor"] + moves["left the bank"]["change_minor"]
    won = moves["entered"]["change_minor"] + moves["new to the bank and top"]["change_minor"]
    chart = Chart(
        title=f"Those who fell out or left earn {money(round(-lost), currency)} less than the year before",
        subtitle=f"Change of profit by what became of the top {figures['top_share']:.0%}, {currency}",
        picture=Bars(
            label=Column(label="Customers"), measure=_money("Change", currency), ordered=True,
            bars=[
                Bar(label=f"{one['move']} ({one['customers']:,})", value=round(one["change_minor"]))
                for one in figures["moves"]
            ],
        ),
        name="moves",
    )  # fmt: skip
    sentence = (
        f"{moves['entered']['customers']:,} customers entered the top, {moves['fell out']['customers']:,} "
        f"fell out and {moves['left the bank']['customers']:,} left the bank; those who came bring "
        f"{money(round(won), currency)} more. Part of every such change is return to the usual: a customer "
        "is in the top also by luck."
    )
    return Section(title="Into and out of the top", sentence=sentence, blocks=[chart])


def _back_test(figures: Mapping[str, Any], currency: str) -> Section:
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
    return Section(title="Foreseen and come", sentence=sentence, blocks=blocks)


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
        Column(label="High", kind=Kind.SHARE), _number("Rank correlation"), _number("Low"), _number("High"),
    ]  # fmt: skip
    return Chart(
        title=f"The order of customers was foreseen {better} than by the rule",
        subtitle="Rank correlation of forecast and outcome, 95 % interval over customers",
        picture=Estimates(
            label=Column(label="Forecast"), measure=_number("Rank correlation"),
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
            interval=_interval(less), baseline=Baseline(name="no difference", value=0.0),
            note=f"than {words}", tone=Tone.GOOD if less["low"] > 0 else Tone.WATCH,
        )
    ]  # fmt: skip
    golden = tested.get("golden")
    if golden and golden.get("listed"):
        found.append(
            Metric(
                label="Golden to be that came true", value=golden["listed"]["value"], kind=Kind.SHARE,
                interval=_interval(golden["listed"]),
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
                interval=_interval(sure["listed"]),
                baseline=Baseline(name=f"as many by {words}", value=sure["others"]["value"]) if
                sure.get("others") else None,
                note=f"of {sure['customers']:,}; nine in ten promised",
            )
        )  # fmt: skip
    return found


def _purchase_models(figures: Mapping[str, Any]) -> Section:
    tested = figures["back_test"]
    bars = [Bar(label=one["model"], value=one["bias"]) for one in tested["models"]]
    chart = Chart(
        title=f"{figures['chosen']} answers: the likeliest that the data determine",
        subtitle=f"Purchases foreseen on {tested['cutoff']} over those that came, less one",
        picture=Bars(
            label=Column(label="Model"), measure=Column(label="Bias", kind=Kind.SHARE), bars=bars,
            ordered=True,
        ),
        name="models",
        table=Table(
            columns=[
                Column(label="Model"), _number("Log-likelihood"), Column(label="Bias", kind=Kind.SHARE),
                Column(label="Warnings"),
            ],
            rows=[
                [one["model"], one["log_likelihood"], one["bias"], "; ".join(one["warnings"])]
                for one in tested["models"]
            ],
            name="models-then",
        ),
    )  # fmt: skip
    return Section(title="How often, and how much", sentence=figures["amounts"], blocks=[chart])


def _assumed(figures: Mapping[str, Any]) -> Section:
    growth = figures["growth"]
    deposits, lent = growth["balances"]
    if growth["taught"]:
        learned = (
            f"From {growth['pairs']:,} customers who stayed through the past year: a balance in credit comes "
            f"to {deposits[0]:.2f} of what it is now and {deposits[1]:+.2f} of its gain in nine months, "
            f"what is lent to {lent[0]:.2f} and {lent[1]:+.2f}; loans past due go on costing "
            f"{growth['late']:.2f} of their expected loss, loans in good standing come to cost "
            f"{growth['good']:.2%} of what is lent."
        )
    else:
        learned = "No finished year could teach how balances grow: everything is taken to stay as it is."
    return Section(
        title="What the forecast rests on",
        sentence="Margins are each customer's own: half of the year, half of the last quarter.",
        blocks=[
            Statement(learned),
            Statement(f"Survival: {figures['survival']}."),
            Statement(
                "After the first year balances in credit are held and what is lent shrinks at its rate; an "
                "error of the level is taken to last, so limits widen with the horizon."
            ),
        ],
    )


def _interval(one: Mapping[str, float]) -> Interval:
    return Interval(low=one["low"], high=one["high"])


def _money(label: str, currency: str) -> Column:
    return Column(label=label, kind=Kind.MONEY, unit=currency)


def _number(label: str, digits: int = 2) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=digits)
