"""The report: one chart a part of a shape, the simulated bank beside the real sets, distances under it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np

from bankmine.report import (
    Chart,
    Column,
    HowComputed,
    Kind,
    Metric,
    Page,
    Report,
    Reproducibility,
    Section,
    Table,
    Tone,
    build_report,
)
from bankmine.report.pictures import Lines, Series
from benchmarks.shapes.bookings import Bookings, Floats
from benchmarks.shapes.compare import BAR, Compared
from benchmarks.shapes.shapes import WEEK, Curve, pair

DISTANCE = Column(label="distance", kind=Kind.NUMBER, digits=3)
_WIDEST = {"balances": 5.0}  # how far the axis goes, in the shape's unit; else _FAR
_FAR, _LOWEST = 4.0, -1.0
_TENFOLD = "amounts"  # drawn over powers of ten
_PROFILES = ("weekday", "month end", "categories")  # drawn as shares, measured cumulated


def write_report(
    folder: Path,
    found: list[Compared],
    real: Mapping[str, Bookings],
    simulated: Mapping[str, Bookings],
    command: str,
) -> Path:
    """Writes the report and returns the path of its first page."""
    page = Page(
        slug="shapes",
        title="Is the simulated bank believable?",
        sentence="How far eight shapes of the simulated bank's bookings lie from those of data made by "
        "others, and those from each other.",
        metrics=_metrics(found),
        sections=[
            Section(
                title="All distances",
                blocks=[_table(found)],
                sentence="The simulated bank to each real set, then the real sets to each other.",
            ),
            *(_section(one, real, simulated) for one in found),
        ],
        how_computed=HowComputed(
            goal=f"For each shape a Kolmogorov–Smirnov distance of at most {BAR} to one of the real sets.",
            population="Berka: 49,102 bookings of 1,229 current accounts, 1993–94. ANZ: 12,043 bookings of "
            "100 persons, three months of 2018. Cards: the fraud handbook's 1,754,155 card payments, six "
            "months of 2018. The simulated bank is cut to what each set holds before it is compared with it.",
            method="Each shape is put on a scale by one number, the set's median or mean; spread is left as "
            "it is. Whole numbers are spread over their unit. A shape of two parts has the larger distance.",
        ),
    )
    report = Report(
        bank="Simulated bank",
        as_of=date(2025, 1, 1),
        pages=[page],
        reproducibility=Reproducibility(command=command),
    )
    return build_report(report, folder)


def _metrics(found: list[Compared]) -> list[Metric]:
    measured = [one for one in found if one.simulated]
    met = sum(one.met for one in measured)
    metrics = [
        Metric(
            label="Shapes within the bar", value=f"{met} of {len(found)}", kind=Kind.TEXT,
            note=f"distance at most {BAR} to the nearest real set",
            tone=Tone.GOOD if met == len(found) else Tone.WATCH,
        )
    ]  # fmt: skip
    if measured:
        worst = max(measured, key=lambda one: one.smallest)
        metrics.append(
            Metric(
                label="Largest distance",
                value=worst.smallest,
                digits=3,
                note=f"{worst.shape.name}, to {worst.nearest}",
            )
        )
    between = [max(parts) for one in found for parts in one.real.values()]
    if between:
        metrics.append(
            Metric(
                label="Real sets to each other", value=float(np.median(between)), digits=3,
                note=f"median of {len(between)} distances, {min(between):.3f} to {max(between):.3f}",
            )
        )  # fmt: skip
    return metrics


def _table(found: list[Compared]) -> Table:
    """A row a shape: the nearest real set, the simulated bank to each, then the real sets to each other."""
    sets = sorted({name for one in found for name in one.simulated})
    pairs = sorted({names for one in found for names in one.real})
    columns = [
        Column(label="shape"),
        Column(label="nearest"),
        _distance("distance"),
        Column(label=f"at most {BAR}"),
        *(_distance(f"to {name}") for name in sets),
        *(_distance(f"{a}–{b}") for a, b in pairs),
    ]
    rows = []
    for one in found:
        nearest = (one.nearest, one.smallest, "yes" if one.met else "no") if one.simulated else ("", None, "")
        own = (_largest(one.simulated.get(name)) for name in sets)
        rows.append([one.shape.name, *nearest, *own, *(_largest(one.real.get(names)) for names in pairs)])
    return Table(columns=columns, rows=rows, caption="Kolmogorov–Smirnov distances", name="distances")


def _distance(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=3)


def _largest(parts: list[float] | None) -> float | None:
    return max(parts) if parts else None


def _section(one: Compared, real: Mapping[str, Bookings], simulated: Mapping[str, Bookings]) -> Section:
    charts = [_chart(one, part, real, simulated) for part in range(len(one.shape.parts))]
    return Section(
        title=one.shape.name.capitalize(), blocks=charts, sentence=f"Standardised: {one.shape.standard}."
    )


def _chart(
    one: Compared, part: int, real: Mapping[str, Bookings], simulated: Mapping[str, Bookings]
) -> Chart:
    """The simulated bank as cut for its nearest real set, and every real set that shows the shape."""
    curves: dict[str, Curve] = {}
    if one.simulated:
        two = pair(one.shape, simulated[one.nearest], real[one.nearest])
        if two is not None:
            curves["simulated"] = two[0][part]
    for name, these in real.items():
        own = one.shape.curves(these)
        if own is not None:
            curves[name] = own[part]
    name, axis = one.shape.parts[part], one.shape.axis[part]
    at = _axis(name, list(curves.values()))
    drawn = at
    if name == _TENFOLD:
        at, drawn, axis = 10.0**at, at, f"{axis}, as a power of ten"
    shares = name in _PROFILES
    rows = [["simulated", other, parts[part]] for other, parts in one.simulated.items()]
    rows += [[a, b, parts[part]] for (a, b), parts in one.real.items()]
    return Chart(
        title=_finding(one, part),
        subtitle=f"share at each {axis}" if shares else f"share of {name} up to each value, {axis}",
        picture=Lines(
            x=Column(label=axis, kind=Kind.TEXT if name == "weekday" else Kind.NUMBER),
            y=Column(label="share", kind=Kind.SHARE),
            at=list(WEEK) if name == "weekday" else [float(place) for place in drawn],
            series=[Series(name=who, values=_heights(curve, at, shares)) for who, curve in curves.items()],
            from_zero=True,
        ),
        table=Table(columns=[Column(label="one"), Column(label="other"), DISTANCE], rows=rows, name=name),
        name=name,
        wide=len(one.shape.parts) == 1,
    )  # fmt: skip


def _heights(curve: Curve, at: Floats, shares: bool) -> list[float]:
    """The curve's heights, or its steps where a profile is drawn as the shares it is made of."""
    heights = curve.at(at)
    return [float(one) for one in (np.diff(heights, prepend=0.0) if shares else heights)]


def _finding(one: Compared, part: int) -> str:
    name = one.shape.parts[part].capitalize()
    others = [parts[part] for parts in one.real.values()]
    apart = f"real sets {min(others):.2f} to {max(others):.2f} from each other" if others else ""
    if len(others) == 1:
        apart = f"the two real sets {others[0]:.2f} from each other"
    if not one.simulated:
        return f"{name}: {apart}"
    return f"{name}: {one.simulated[one.nearest][part]:.2f} from {one.nearest}, {apart}"


def _axis(name: str, curves: list[Curve]) -> Floats:
    """Places to draw at: all of a profile's, or a fine grid over a sample's range."""
    fixed = [curve for curve in curves if curve.y is not None]
    if fixed:
        return max((curve.x for curve in fixed), key=len)
    if name == _TENFOLD:
        return np.round(np.linspace(-3.0, 2.5, 166), 4)
    lowest = max(_LOWEST, min(0.0, *(float(np.quantile(curve.x, 0.005)) for curve in curves)))
    return np.round(np.linspace(lowest, _WIDEST.get(name, _FAR), 161), 4)
