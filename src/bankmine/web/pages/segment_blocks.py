"""The pictures and tables of the segments' pages, made of what `access` answers for this person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.report import Baseline, Chart, Column, Kind, Table
from bankmine.report import format as fmt
from bankmine.report.pictures import Bar, Bars, HeatMap, Lines, Points, Scatter, Series

if TYPE_CHECKING:
    from bankmine.access.rule_counts import Counted, Moves
    from bankmine.access.segments import Contrast, Place2D, Portrait
    from bankmine.web.visit import Visit
    from bankmine.work.segment_names import Given

LEAST_ON_MAP, MOST_TRAITS = 1, 12
LABELS: Mapping[str, str] = {
    "profit_minor": "Profit, past year", "value_minor": "Lifetime value", "churn_chance": "Chance to close",
    "years": "Years as customer", "kind": "Kind", "families": "Families", "flags": "Flag",
    "value_grade": "Value grade", "churn_grade": "Churn grade", "region_id": "Region",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What segments found are called on a page: as people named them, else as the run did."""

    visit: Visit
    given: Mapping[int, Given]
    numbers: Mapping[str, int]

    def of(self, number: int, name: str) -> str:
        """The name of a segment by its number and the run's name."""
        own = self.given.get(number)
        return own.name if own and own.name else self.visit.t.term(name)

    def by_run(self, name: str) -> str:
        """The name of a segment by the run's name."""
        return self.of(self.numbers.get(name, 0), name)

    def sentence(self, number: int) -> str:
        """The sentence somebody gave."""
        own = self.given.get(number)
        return own.sentence if own else ""


def the_map(visit: Visit, found: Sequence[Portrait], names: Names) -> Iterator[Chart]:
    """Segments by profit and chance to close a customer; by years where one of them may not be read."""
    axes = [one for one in ("profit", "churn", "years") if _known(found, one)][:2]
    if len(axes) < 2:
        return
    shown = [one for one in found if all(_at(one, axis) is not None for axis in axes)]
    x, y = (_axis(visit, axis) for axis in axes)
    yield Chart(
        title=visit.t("segments.map"),
        subtitle=visit.t("segments.map_says", x=x.label, y=y.label),
        picture=Scatter(
            x=x, y=y,
            groups=[
                Points(
                    name=visit.t("segments.segment"),
                    x=[_at(one, axes[0]) for one in shown],
                    y=[_at(one, axes[1]) for one in shown],
                    labels=[names.of(one.number, one.name) for one in shown],
                    sizes=[one.customers for one in shown],
                )
            ],
            size=_count(visit),
        ),
        name="map",
    )  # fmt: skip


def _known(found: Sequence[Portrait], axis: str) -> bool:
    return sum(_at(one, axis) is not None for one in found) >= LEAST_ON_MAP


def _at(one: Portrait, axis: str) -> Any:
    if axis == "profit":
        each = one.each("profit")
        return None if each is None else round(each)
    return one.churn if axis == "churn" else one.years


def _axis(visit: Visit, axis: str) -> Column:
    if axis == "profit":
        return Column(label=visit.t("segments.profit_each"), kind=Kind.MONEY, unit=visit.view.currency)
    if axis == "churn":
        return Column(label=visit.t("segments.churn_mean"), kind=Kind.SHARE)
    return Column(label=visit.t("segments.years_mean"), kind=Kind.NUMBER, digits=1)


def _count(visit: Visit) -> Column:
    return Column(label=visit.t("segments.customers"), kind=Kind.NUMBER, digits=0)


def _segment(visit: Visit) -> Column:
    return Column(label=visit.t("segments.segment"))


def living_map(
    visit: Visit, places: Sequence[Place2D], kept: float, sizes: Mapping[int, int], names: Names
) -> Iterator[Chart]:
    """Where the ways of life lie to each other; nothing where they may not be seen."""
    if not places:
        return
    axis = [Column(label=visit.t(f"segments.directions.{one}"), kind=Kind.NUMBER, digits=1) for one in "ab"]
    yield Chart(
        title=visit.t("segments.living_map"),
        subtitle=visit.t("segments.living_map_says", share=fmt.share(kept)),
        picture=Scatter(
            x=axis[0], y=axis[1],
            groups=[
                Points(
                    name=visit.t("segments.segment"),
                    x=[one.x for one in places], y=[one.y for one in places],
                    labels=[names.of(one.number, one.name) for one in places],
                    sizes=[sizes.get(one.number, 0) for one in places],
                )
            ],
            size=_count(visit),
        ),
        name="ways-of-life",
    )  # fmt: skip


def worth(visit: Visit, found: Sequence[Portrait], names: Names) -> Iterator[Chart]:
    """Where customers, profit and value lie: their shares by segment, with the table of sums."""
    money = {
        name: sum(max(getattr(one, name) or 0, 0) for one in found)
        for name in ("profit_minor", "value_minor")
    }
    if not money["profit_minor"]:
        return
    yield Chart(
        title=visit.t("segments.worth"),
        subtitle=visit.t("segments.worth_says"),
        picture=Bars(
            label=_segment(visit),
            measure=Column(label=visit.t("segments.profit"), kind=Kind.MONEY, unit=visit.view.currency),
            bars=[Bar(label=names.of(one.number, one.name), value=one.profit_minor) for one in found],
        ),
        name="worth",
        table=worth_table(visit, found, names),
    )


def worth_table(visit: Visit, found: Sequence[Portrait], names: Names) -> Table:
    """Each segment with its customers and money."""
    currency, t = visit.view.currency, visit.t
    columns = [
        _segment(visit), _count(visit), Column(label=t("segments.share"), kind=Kind.SHARE),
        Column(label=t("segments.profit"), kind=Kind.MONEY, unit=currency),
        Column(label=t("segments.value"), kind=Kind.MONEY, unit=currency),
        Column(label=t("segments.churn_mean"), kind=Kind.SHARE),
        Column(label=t("segments.years_mean"), kind=Kind.NUMBER, digits=1),
    ]  # fmt: skip
    rows = [
        [
            names.of(one.number, one.name), one.customers, one.share, one.profit_minor, one.value_minor,
            one.churn, one.years,
        ]
        for one in found
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="worth")


def traits(visit: Visit, found: Sequence[Portrait], names: Names) -> Iterator[Chart]:
    """How each segment lives against all others, as the run found it; nothing for whoever sees a part."""
    told = [one for one in found if one.whole and one.whole["traits"]]
    if not told:
        return
    effects = [{each["feature"]: each["effect"] for each in (one.whole or {})["traits"]} for one in told]
    words = {each["feature"]: each["words"] for one in told for each in (one.whole or {})["traits"]}
    strength = {name: max(abs(own.get(name, 0.0)) for own in effects) for name in words}
    features = sorted(strength, key=lambda name: -strength[name])[:MOST_TRAITS]
    yield Chart(
        title=visit.t("segments.apart"),
        subtitle=visit.t("segments.apart_says"),
        picture=HeatMap(
            measure=Column(label=visit.t("segments.effect"), kind=Kind.NUMBER, digits=1),
            columns=[names.of(one.number, one.name) for one in told],
            rows=[visit.t.term(_trait(name)) for name in features],
            values=[[own.get(name) for own in effects] for name in features],
            row=Column(label=visit.t("segments.trait")),
            diverging=True,
        ),
        name="apart",
    )


def _trait(feature: str) -> str:
    """A feature's name in words: `bought_share_fuel_24mo` is the share of fuel."""
    front = feature.rpartition("_")[0] if feature.endswith("mo") else feature
    return front.removeprefix("bought_share_").removeprefix("bought_").replace("_", " ")


def contrasts(visit: Visit, one: Portrait) -> Table | None:
    """What sets one segment apart over own rows, strongest first."""
    if not one.contrasts:
        return None
    t = visit.t
    columns = [
        Column(label=t("segments.what")), Column(label=t("segments.inside")),
        Column(label=t("segments.others")),
        Column(label=t("segments.effect_delta"), kind=Kind.NUMBER, digits=2),
    ]  # fmt: skip
    rows = [
        [said(visit, each), _value(visit, each, each.inside), _value(visit, each, each.outside), each.effect]
        for each in one.contrasts
    ]
    return Table(columns=columns, rows=rows, name="contrasts", caption=t("segments.contrasts"))


def said(visit: Visit, each: Contrast) -> str:
    """What a contrast is about, in words."""
    label = visit.t.term(LABELS.get(each.column, each.column))
    if not each.word:
        return label
    return visit.t("segments.pair", what=label, word=visit.t.term(each.word))


def _value(visit: Visit, each: Contrast, value: float) -> str:
    if each.word or each.column == "churn_chance":
        return fmt.share(value)
    if each.column.endswith("_minor"):
        return fmt.money(round(value), visit.view.currency, language=visit.language)
    return fmt.number(value, digits=1)


def why_moved(visit: Visit, names: Names) -> Table | None:
    """The run's moves of at least five customers, with what changed for them: a table of the whole bank."""
    if not visit.view.everything or "moves" not in visit.view.lists("segmentation"):
        return None
    rows = list(visit.view.list("segmentation", "moves").rows(size=1_000))
    columns = [
        Column(label=visit.t("segments.from")), Column(label=visit.t("segments.to")), _count(visit),
        Column(label=visit.t("segments.money_moved"), kind=Kind.MONEY, unit=visit.view.currency),
        Column(label=visit.t("segments.what_changed")),
    ]  # fmt: skip
    cells = [
        [
            names.by_run(row["source"]), names.by_run(row["target"]), row["customers"], round(row["money"]),
            visit.t.term(row["why"]),
        ]
        for row in rows
    ]  # fmt: skip
    return Table(
        columns=columns, rows=cells, name="why-moved", caption=visit.t("segments.why_moved"), shown=12
    )


def moved(
    visit: Visit, found: Moves, label: Callable[[str], str], then: str, now: str, name: str = "moves"
) -> Chart:
    """Who went from where to where: shares of each row, and the table of counts."""
    last = len(found.names)
    used = [at for at in range(last + 1) if any(found.cells[at]) or any(row[at] for row in found.cells)]
    names = [label(found.names[at]) if at < last else visit.t("segments.none_of_them") for at in used]
    sums = [sum(found.cells[at]) for at in used]
    values = [
        [found.cells[a][b] / total if total else None for b in used]
        for a, total in zip(used, sums, strict=True)
    ]
    rows = [
        [names[i], names[j], found.cells[a][b]]
        for i, a in enumerate(used)
        for j, b in enumerate(used)
        if found.cells[a][b]
    ]
    table = Table(
        columns=[
            Column(label=visit.t("segments.then", day=then)), Column(label=visit.t("segments.now", day=now)),
            _count(visit),
        ],
        rows=sorted(rows, key=lambda row: (row[0] == row[1], -row[2])), name=name,
    )  # fmt: skip
    return Chart(
        title=visit.t(
            "segments.moved", moved=fmt.number(found.moved, digits=0), both=fmt.number(found.both, digits=0)
        ),
        subtitle=visit.t("segments.moved_says"),
        picture=HeatMap(
            measure=Column(label=visit.t("segments.share"), kind=Kind.SHARE),
            columns=names,
            rows=[f"{name} ({fmt.number(total, digits=0)})" for name, total in zip(names, sums, strict=True)],
            values=values,
            row=Column(label=visit.t("segments.then", day=then)),
        ),
        name=name,
        table=table,
    )


def miners(visit: Visit, figures: Mapping[str, Any]) -> Chart:
    """The miners tried on the same customers, side by side, with their verdicts."""
    t, seen = visit.t, figures["miners"]
    columns = [
        Column(label=t("segments.miner")), Column(label=t("segments.groups"), kind=Kind.NUMBER, digits=0),
        Column(label=t("segments.again"), kind=Kind.NUMBER, digits=2),
        Column(label=t("segments.silhouette"), kind=Kind.NUMBER, digits=3),
        Column(label=t("segments.cost"), kind=Kind.NUMBER, digits=3),
        Column(label=t("segments.noise"), kind=Kind.SHARE), Column(label=t("segments.verdict")),
    ]  # fmt: skip
    rows = [
        [
            t.term(one["miner"]), one["clusters"], one["stability"], one["silhouette"], one["cost"],
            one["noise_share"], t("segments.usable") if one["usable"] else t("segments.not_usable"),
        ]
        for one in seen
    ]  # fmt: skip
    known = [one for one in seen if one["stability"] is not None]
    return Chart(
        title=t("segments.miners", n=len(seen)),
        subtitle=t("segments.miners_says"),
        picture=Bars(
            label=columns[0], measure=columns[2],
            bars=[Bar(label=t.term(one["miner"]), value=one["stability"]) for one in known],
            baselines=[Baseline(name=t("segments.needed"), value=figures["stability"]["threshold"])],
        ),
        name="miners",
        table=Table(columns=columns, rows=rows, name="miners"),
    )  # fmt: skip


def how_many(visit: Visit, figures: Mapping[str, Any]) -> Chart:
    """For each number of segments tried: how far all, and the weakest, is found again; the silhouette."""
    t, tried = visit.t, figures["candidates_k"]
    lines = (("all", "adjusted_rand"), ("weakest", "weakest"), ("silhouette", "silhouette"))
    return Chart(
        title=t("segments.how_many", n=figures["clusters"]),
        subtitle=t("segments.how_many_says"),
        picture=Lines(
            x=Column(label=t("segments.number_of"), kind=Kind.NUMBER, digits=0),
            y=Column(label=t("segments.index"), kind=Kind.NUMBER, digits=2),
            at=[one["clusters"] for one in tried],
            series=[
                Series(name=t(f"segments.lines.{name}"), values=[one[key] for one in tried])
                for name, key in lines
            ],
            baselines=[Baseline(name=t("segments.needed"), value=figures["stability"]["threshold"])],
        ),
        name="how-many",
    )


def crossing(visit: Visit, found: Counted, names: Names) -> Chart | None:
    """Segments by rule beside the segments found: the share of each rule's customers in each."""
    if not found.crossing or not any(map(sum, found.crossing)):
        return None
    rows = [*(one.name for one in found.rules), visit.t("segment_rules.no_rule")]
    values = [[cell / (sum(row) or 1) for cell in row] for row in found.crossing]
    return Chart(
        title=visit.t("segment_rules.crossing", index=fmt.number(found.agreement, digits=2)),
        subtitle=visit.t("segment_rules.crossing_says"),
        picture=HeatMap(
            measure=Column(label=visit.t("segments.share"), kind=Kind.SHARE),
            columns=[names.by_run(one) for one in found.found],
            rows=[f"{name} ({sum(row):,})" for name, row in zip(rows, found.crossing, strict=True)],
            values=values,
            row=Column(label=visit.t("segment_rules.rule")),
        ),
        name="crossing",
    )


def overlap(visit: Visit, found: Counted) -> Chart | None:
    """For how many customers two rules hold at once."""
    if len(found.rules) < 2:
        return None
    names = [one.name for one in found.rules]
    return Chart(
        title=visit.t("segment_rules.overlap", n=fmt.number(found.twice, digits=0)),
        subtitle=visit.t("segment_rules.overlap_says"),
        picture=HeatMap(
            measure=_count(visit), columns=names, rows=names, values=[list(row) for row in found.overlap],
            row=Column(label=visit.t("segment_rules.rule")),
        ),
        name="overlap",
    )  # fmt: skip
