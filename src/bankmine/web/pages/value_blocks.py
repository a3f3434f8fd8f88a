"""The pictures and tiles of the value page, made of what `access` answers for this person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bankmine.access import value as worth
from bankmine.report import Baseline, Chart, Column, Kind, Table
from bankmine.report import format as fmt
from bankmine.report.pictures import Bar, Bars, Lines, Series
from bankmine.web.pages import segment_blocks

if TYPE_CHECKING:
    from bankmine.access.segments import Portrait
    from bankmine.web.pages.segment_blocks import Names
    from bankmine.web.visit import Visit

TENTHS = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)


@dataclass(frozen=True)
class Tile:
    """One figure at the head of the page."""

    label: str
    value: str
    note: str
    tone: str = "neutral"
    address: str = ""


def tiles(visit: Visit, sums: worth.Totals) -> list[Tile]:
    """Profit, lifetime value, those who cost more than they earn, what is at risk."""
    t, money = visit.t, _money(visit)
    made = [
        Tile(
            t("value.profit"), money(sums.profit_minor), t("value.of_customers", n=_count(sums.customers)),
            address=visit.link("/value/top"),
        ),
        Tile(t("value.lifetime"), money(sums.value_minor), t("value.lifetime_note")),
        Tile(t("value.losing"), _count(sums.losing), t("value.losing_note", money=money(sums.lost_minor))),
    ]  # fmt: skip
    if sums.risky is not None and sums.stake_minor is not None:
        note = t("value.risk_note", money=money(sums.stake_minor))
        made.append(Tile(t("value.at_risk"), _count(sums.risky), note, "bad", visit.link("/value/at-risk")))
    return made


def _money(visit: Visit) -> Callable[[int], str]:
    return lambda minor: fmt.money(minor, visit.view.currency, language=visit.language)


def _count(number: int) -> str:
    return fmt.number(number, digits=0)


def curve(visit: Visit) -> Iterator[Chart]:
    """Which share of customers brings which share of the profit, with its table."""
    found, t = visit.view.value_curve(), visit.t
    if found is None:
        return
    share, profit = (
        Column(label=t("value.share_customers"), kind=Kind.SHARE),
        Column(label=t("value.share_profit"), kind=Kind.SHARE),
    )
    places = [round(one / 100 * (len(found.customers) - 1)) for one in TENTHS]
    rows = [
        [
            found.customers[at], round(found.count * found.customers[at]), found.profit[at],
            round(found.total_minor * found.profit[at]),
        ]
        for at in places
    ]  # fmt: skip
    columns = [
        share, Column(label=t("segments.customers"), kind=Kind.NUMBER, digits=0), profit,
        Column(label=t("value.profit"), kind=Kind.MONEY, unit=visit.view.currency),
    ]  # fmt: skip
    yield Chart(
        title=t("value.curve", share=fmt.share(found.top_fifth)),
        subtitle=t("value.curve_says", n=_count(found.count)),
        picture=Lines(
            x=share, y=profit, at=list(found.customers),
            series=[
                Series(name=t("value.these"), values=list(found.profit)),
                Series(name=t("value.even"), values=list(found.customers), quiet=True),
            ],
            baselines=[Baseline(name=t("value.all_of_it"), value=1.0)],
            from_zero=True,
        ),
        name="curve",
        table=Table(columns=columns, rows=rows, name="curve"),
    )  # fmt: skip


def by_segment(visit: Visit, found: Sequence[Portrait], names: Names) -> Iterator[Chart]:
    """Lifetime value by segment."""
    known = [one for one in found if one.value_minor is not None]
    if not known:
        return
    yield Chart(
        title=visit.t("value.by_segment"),
        subtitle=visit.t("value.by_segment_says"),
        picture=Bars(
            label=Column(label=visit.t("segments.segment")),
            measure=Column(label=visit.t("value.lifetime"), kind=Kind.MONEY, unit=visit.view.currency),
            bars=[Bar(label=names.of(one.number, one.name), value=one.value_minor) for one in known],
        ),
        name="by-segment",
        table=segment_blocks.worth_table(visit, found, names),
    )


def made_of(visit: Visit) -> Iterator[Chart]:
    """What the past year's profit is made of; a year before beside it for whoever sees the whole bank."""
    found, t = worth.components(visit.view), visit.t
    if not found:
        return
    measure = Column(label=t("value.profit"), kind=Kind.MONEY, unit=visit.view.currency)
    columns = [Column(label=t("value.part")), measure]
    rows: list[list[object]] = [[t(f"value.parts.{one.name}"), one.minor] for one in found]
    if any(one.before_minor is not None for one in found):
        columns.append(Column(label=t("value.year_before"), kind=Kind.MONEY, unit=visit.view.currency))
        rows = [[*row, one.before_minor] for row, one in zip(rows, found, strict=True)]
    yield Chart(
        title=t("value.made_of"),
        subtitle=t("value.made_of_says"),
        picture=Bars(
            label=columns[0], measure=measure,
            bars=[Bar(label=t(f"value.parts.{one.name}"), value=one.minor) for one in found],
        ),
        name="made-of",
        table=Table(columns=columns, rows=rows, name="made-of"),
    )  # fmt: skip


def history(visit: Visit) -> Table | None:
    """Who entered and left the most profitable fifth within a year: a table of the whole bank."""
    found, t = worth.moves(visit.view), visit.t
    if not found:
        return None
    currency = visit.view.currency
    columns = [
        Column(label=t("value.move")),
        Column(label=t("segments.customers"), kind=Kind.NUMBER, digits=0),
        Column(label=t("value.year_before"), kind=Kind.MONEY, unit=currency),
        Column(label=t("value.past_year"), kind=Kind.MONEY, unit=currency),
        Column(label=t("value.change"), kind=Kind.MONEY, unit=currency),
    ]
    rows = [
        [
            t.term(one["move"]), one["customers"],
            *(round(one[name]) for name in ("before_minor", "now_minor", "change_minor")),
        ]
        for one in found
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="top-fifth", caption=t("value.top_fifth"))
