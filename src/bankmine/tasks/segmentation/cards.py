"""The cards of the segments page: how each segment lives and banks, its money, and its typical customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Card, Cards, Chart, Column, Kind, Metric, Section, Statement, Table
from bankmine.report.pictures import Bar, Bars
from bankmine.tasks.contract import exponent_of
from bankmine.tasks.segmentation.words import said_name

CARD_TRAITS, CARD_FINDINGS = 3, 3


def portraits(about: Mapping[str, Any]) -> Section:
    """A card for each segment, and where the money lies."""
    figures = about["figures"]
    cards = [_card(about, one) for one in figures["segments"]]
    sentence = (
        "Each card opens with how the segment's customers live, which is what it was found by; below, how "
        "they bank, which was not. The typical customer is a real one, under a pseudonym."
    )
    if not figures["usable"]:
        sentence = "Do not use these segments: other draws of customers give others."
    return Section(title="Portraits", sentence=sentence, blocks=[Cards(cards), _worth(figures)])


def _worth(figures: Mapping[str, Any]) -> Chart:
    """Where the profit lies, or the money moved where profit cannot be told."""
    told = all(one["profit_share"] is not None for one in figures["segments"])
    share, what = ("profit_share", "profit") if told else ("money_share", "money moved")
    return Chart(
        title="Customers and money lie in different segments",
        subtitle=f"Share of the {what}, by segment",
        picture=Bars(
            label=Column(label="Segment"),
            measure=Column(label=f"Share of the {what}", kind=Kind.SHARE),
            bars=[Bar(label=one["name"], value=one[share]) for one in figures["segments"]],
        ),
        name="money",
        table=_worth_table(figures),
    )


def _worth_table(figures: Mapping[str, Any]) -> Table:
    shares = ("share", "money_share", "profit_share")
    columns = [
        Column(label="Segment"), Column(label="Customers", kind=Kind.NUMBER, digits=0),
        *(Column(label=label, kind=Kind.SHARE) for label in ("Of customers", "Of money moved", "Of profit")),
    ]  # fmt: skip
    rows = [[one["name"], one["size"], *(one[name] for name in shares)] for one in figures["segments"]]
    return Table(columns=columns, rows=rows, name="money")


def _card(about: Mapping[str, Any], one: Mapping[str, Any]) -> Card:
    return Card(
        title=one["name"],
        tag=f"{one['share']:.0%}",
        sentence=_card_sentence(about, one),
        figures=_card_figures(about, one),
        traits=[Statement(text) for text in _card_traits(about, one)],
    )


def _card_sentence(about: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    text = f"{one['size']:,} customers who moved {one['money_share']:.0%} of the money."
    typical = one["typical"]
    if typical is None:
        return text
    bought = ", ".join(f"{part['share']:.0%} {part['what']}" for part in typical["bought"])
    bought = bought.replace("share of ", "")
    age = typical["facts"].get("age")
    who = f"{age:.0f} years old" if age is not None else ""
    told = "; ".join(part for part in (who, bought) if part)
    return f"{text} Typical: {typical['customer']}{f' ({told})' if told else ''}."


def _card_figures(about: Mapping[str, Any], one: Mapping[str, Any]) -> list[Metric]:
    minor, months = 10 ** exponent_of(about["currency"]), about["figures"]["months"]
    made = [
        Metric(
            label="Money moved",
            value=round(one["money_minor"]),
            kind=Kind.MONEY,
            unit=about["currency"],
            note=f"in {months} months; {one['money_minor'] / max(one['size'], 1) / minor:,.0f} a customer",
        )
    ]
    for label, name, span in (("Balances", "balance_minor", ""), ("Profit", "profit_minor", "a year; ")):
        if one[name] is not None:
            made.append(
                Metric(
                    label=label,
                    value=round(one[name]),
                    kind=Kind.MONEY,
                    unit=about["currency"],
                    note=f"{span}{one[name] / max(one['size'], 1) / minor:,.0f} a customer",
                )
            )
    if one["stability"]:
        made.append(
            Metric(
                label="Same customers again",
                value=one["stability"]["jaccard"]["mean"],
                digits=2,
                note=one["stability"]["verdict"],
            )
        )
    return made


def _card_traits(about: Mapping[str, Any], one: Mapping[str, Any]) -> list[str]:
    """The strongest traits of living, then what banking shows, then how to reach them."""
    lives = [_living(about, trait) for trait in one["traits"] if abs(trait["effect"]) >= 0.5]
    banks = [_banking(about, each) for each in one["banking"] if each["feature"] != "customer_kind"]
    said = [*lives[:CARD_TRAITS], *banks[:CARD_FINDINGS]]
    if one["reach"]:
        said.append(f"Reach them {one['reach']}.")
    return said


def _living(about: Mapping[str, Any], trait: Mapping[str, Any]) -> str:
    share = "share" in trait["feature"]
    values = [_amount(about, trait[side], "share" if share else _unit(trait)) for side in _SIDES]
    return f"{said_name(trait['feature']).capitalize()}: {values[0]} (others {values[1]})"


_SIDES = ("inside", "outside")


def _unit(trait: Mapping[str, Any]) -> str:
    money = ("bought_mean", "out_mean", "in_sum")
    return "minor units" if trait["feature"].startswith(money) else ""


def _banking(about: Mapping[str, Any], each: Mapping[str, Any]) -> str:
    inside, outside = (_amount(about, each[side], each["unit"]) for side in _SIDES)
    what = said_name(each["feature"])
    what = f"{what.removeprefix('customer ')}: {each['level']}" if each["level"] is not None else what
    return f"{what.capitalize()}: {inside} (others {outside}); {each['size']} effect"


def _amount(about: Mapping[str, Any], value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    if unit == "share":
        return f"{value:.0%}"
    if unit == "minor units":
        return f"{about['currency']} {value / 10 ** exponent_of(about['currency']):,.0f}"
    return f"{value:,.3g} {unit}".strip() if abs(value) < 1_000 else f"{value:,.0f} {unit}".strip()
