"""The score in money, as the page shows it: decisions turned round, and what refusing would have saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Block, Chart, Column, Kind, Section, Table
from bankmine.report.pictures import Bar, Estimates
from bankmine.tasks.contract import exponent_of

_PARTS = (
    ("today", "Approved today"), ("by_score", "Approved by the score"),
    ("swapped_in", "Declined today, approved by the score"),
    ("swapped_out", "Approved today, declined by the score"),
)  # fmt: skip


def saved_words(figures: Mapping[str, Any], currency: str) -> list[str]:
    """What the score would have saved at today's approval rate, in sentences."""
    swap, unit = figures["money"], 10 ** exponent_of(currency)
    if not swap:
        return []
    today = swap["today"]["expected_loss_minor"]
    made = [
        f"At today's approval rate of {swap['approval_rate']:.0%} the score would approve "
        f"{swap['swapped_in']['applications']:,.0f} of the declined and decline as many of the approved; the "
        f"expected loss would be {currency} {swap['by_score']['expected_loss_minor'] / unit:,.0f} instead of "
        f"{currency} {today / unit:,.0f}."
    ]
    if figures["seen_before"]:
        made.append(
            f"Tested on what followed: {'; '.join(_seen(one, currency) for one in figures['seen_before'])}."
        )
    return made


def _seen(one: Mapping[str, Any], currency: str) -> str:
    """What refusing by one ranking would have caught, saved and lost."""
    unit = 10 ** exponent_of(currency)
    return (
        f"{one['by']} refuses {one['bad_refused']} of {one['bad']} bads with {one['refused']:,} "
        "applications, saves "
        f"{currency} {one['saved_minor'] / unit:,.0f} ({one['low'] / unit:,.0f}–{one['high'] / unit:,.0f}) "
        "and "
        f"turns away {currency} {one['good_refused_minor'] / unit:,.0f} of good credit"
    )


def money_section(figures: Mapping[str, Any], currency: str) -> Section:
    """Today's decisions against as many by the score; what it would have saved on the tested applications."""
    swap, share = figures["money"], figures["loss_given_default"]
    blocks: list[Block] = []
    if swap:
        blocks.append(_swap_table(swap, currency))
    if figures["seen_before"]:
        blocks.append(_saved_chart(figures["seen_before"], currency))
    sentence = (
        f"Expected loss is chance × amount × {share:.0%} lost where a credit goes bad, at the share of "
        "applications "
        "approved today. The chances of the declined are those of granted ones who look like them."
        if swap
        else "No application was declined, or none was approved: there is no decision of today to compare "
        "with."
    )
    return Section(title="In money", sentence=sentence, blocks=blocks)


def _swap_table(swap: Mapping[str, Any], currency: str) -> Table:
    money = [Column(label=one, kind=Kind.MONEY, unit=currency) for one in ("Amount", "Expected loss")]
    return Table(
        columns=[Column(label="Applications"), Column(label="Number", kind=Kind.NUMBER, digits=0),
                 Column(label="Expected bads", kind=Kind.NUMBER, digits=1), *money],
        rows=[
            [words, round(one["applications"]), one["expected_bad"], round(one["amount_minor"]),
             round(one["expected_loss_minor"])]
            for name, words in _PARTS
            if (one := swap[name])
        ],
        caption=f"Of {swap['decided']:,} decided applications whose outcome is open", name="swap",
    )  # fmt: skip


def _saved_chart(found: Any, currency: str) -> Chart:
    first = found[0]
    bars = [
        Bar(label=one["by"], value=round(one["saved_minor"]), low=round(one["low"]), high=round(one["high"]))
        for one in found
    ]
    columns = [
        Column(label="Refused by"), Column(label="Refused", kind=Kind.NUMBER, digits=0),
        Column(label="Bads among them", kind=Kind.NUMBER, digits=0),
        Column(label="Bad, refused", kind=Kind.SHARE), Column(label="Bad, kept", kind=Kind.SHARE),
        *(Column(label=one, kind=Kind.MONEY, unit=currency)
          for one in ("Saved", "Low", "High", "Good credit refused")),
        Column(label="Saved of good credit refused", kind=Kind.SHARE),
    ]  # fmt: skip
    rows = [
        [one["by"], one["refused"], one["bad_refused"], one["rate_refused"], one["rate_kept"],
         round(one["saved_minor"]), round(one["low"]), round(one["high"]), round(one["good_refused_minor"]),
         one["saved_minor"] / one["good_refused_minor"] if one["good_refused_minor"] else None]
        for one in found
    ]  # fmt: skip
    return Chart(
        title=f"{first['bad_refused']} of {first['bad']} bads lie among the {first['refused']:,} granted "
        f"applications {first['by']} would have refused",
        subtitle="Loss saved on the tested applications by refusing as many as the swap turns round, 95 % "
        "interval",
        picture=Estimates(
            label=Column(label="Refused by"), measure=Column(label="Saved", kind=Kind.MONEY, unit=currency),
            bars=bars,
        ),
        table=Table(columns=columns, rows=rows, name="saved-before"), name="saved-before",
    )  # fmt: skip
