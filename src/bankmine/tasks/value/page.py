"""The value page's own part: the bank's result, the 80/20 curve, who moved, what is foreseen and how well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import (
    Baseline,
    Chart,
    Column,
    Kind,
    Metric,
    Section,
    Statement,
    Table,
    Tone,
)
from bankmine.report.format import money
from bankmine.report.pictures import Bar, Bars, Lines, Series
from bankmine.tasks.contract import Shown
from bankmine.tasks.value.said import LEAST_RANK, MODEL, MOST_BIAS, rates_words, rule_of, signed, verdict
from bankmine.tasks.value.tested_page import interval_of, money_column, number_column, tested_section


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    statements = [Statement(line, tone=Tone.NEUTRAL) for line in figures["said"]]
    if figures["basis"] == "purchases":
        sections = [_curve(figures, currency), _purchase_models(figures), tested_section(figures, currency)]
        return Shown(metrics=_purchase_metrics(figures, currency), statements=statements, sections=sections)
    sections = [_result(figures, currency), _curve(figures, currency)]
    if figures["moves"]:
        sections.append(_moves(figures, currency))
    if figures["back_test"]:
        sections.append(tested_section(figures, currency))
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
    biases = [tested[name]["bias"] for name in ("model", "model at rates") if name in tested]
    used = verdict(figures)[0] == MODEL
    narrow = all(max(-one["low"], one["high"]) <= MOST_BIAS for one in biases)
    instead = "" if used else f"; {words} is used instead"
    rank = model["rank_correlation"]
    return [
        Metric(
            label="Bias of the forecast", value=model["bias"]["value"], kind=Kind.SHARE,
            interval=interval_of(model["bias"]), baseline=Baseline(name=words, value=rule["bias"]["value"]),
            note=f"of {tested['cutoff']}, seen since" + (
                f"; at the rates that came {signed(tested['model at rates']['bias'])}"
                if "model at rates" in tested else ""
            ) + instead,
            tone=Tone.GOOD if used and narrow else Tone.WATCH,
        ),
        Metric(
            label="Rank correlation", value=rank["value"], digits=2, interval=interval_of(rank),
            baseline=Baseline(name=words, value=rule["rank_correlation"]["value"]),
            note=instead.removeprefix("; "),
            tone=Tone.GOOD if used and rank["value"] >= LEAST_RANK else Tone.WATCH,
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
    columns = [
        Column(label="Item"),
        money_column("Past year", currency),
        money_column("Running total", currency),
    ]
    if known:
        columns.append(money_column("Year before", currency))
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
            label=Column(label="Item"), measure=money_column("Amount", currency), bars=bars, ordered=True
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
            label=Column(label="Customers"), measure=money_column("Change", currency), ordered=True,
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
                Column(label="Model"), number_column("Log-likelihood"), Column(label="Bias", kind=Kind.SHARE),
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
    learned = "No finished year could teach how balances grow: everything is taken to stay as it is."
    if growth["taught"]:
        deposits, lent = growth["levels"]
        learned = (
            f"From {growth['pairs']:,} customers who stayed through the past year: what lies in credit now "
            f"will earn {deposits:.2f} of its margin, what is lent {lent:.2f} (growth, new products, money "
            f"moving to products that earn less; without the {growth['left_out']:,} farthest off); loans "
            f"come to lose {growth['lost']:.2%} of what is lent, those past due their part of it."
        )
    return Section(
        title="What the forecast rests on",
        sentence="Margins are each customer's own, half of the year and half of the last quarter, moved to "
        "the rates to come.",
        blocks=[
            Statement(rates_words(figures["rates"])),
            Statement(learned),
            Statement(f"Survival: {figures['survival']}; the chance itself is that of churn."),
            Statement(
                "After the first year balances in credit are held and what is lent shrinks to "
                f"{growth['kept']:.2f} a year; an error of the level is taken to last, so limits widen with "
                "the horizon."
            ),
        ],
    )
