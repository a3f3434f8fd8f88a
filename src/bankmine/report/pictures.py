"""The pictures a report can draw, chosen by the question they answer.

| question | picture |
|---|---|
| how did it change over time? | `Lines` (with interval bands), `SmallMultiples`, `Timeline` |
| how do the parts compare? | `Bars` (sorted, from zero); estimates with intervals: `Estimates` |
| how do two numbers hang together? | `Scatter`; from some thousand points on `Hexagons` |
| how is it distributed? | `Histogram`, with the cutoff marked |
| how good is the model? | `Gain`, `Calibration`, and `Roc` last |
| where in two groupings? | `HeatMap` |
| who is linked to whom? | `Network` |

A picture holds data only. `tabulate()` gives the same data as a table, so no chart is without one.
There are no pies, no second axes and no third dimension. Sequences may be lists, tuples or NumPy
arrays; missing values (None, NaN) leave a gap and are never drawn as zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from bankmine.errors import UsageError
from bankmine.report.network import Edge, Network, Node
from bankmine.report.parts import (
    BEST_FIRST,
    COUNT,
    FALSE_POSITIVE_RATE,
    OBSERVED,
    POSITIVES_FOUND,
    PREDICTED,
    SHARE,
    TRUE_POSITIVE_RATE,
    UNNAMED,
    Bar,
    Curve,
    Mark,
    Numbers,
    Rows,
    Series,
    Tabulated,
    bar_table,
    bounds,
    check_series,
    curve_table,
    largest_first,
    same_length,
    series_table,
)
from bankmine.report.values import Baseline, Column, Kind, Tone, Value

__all__ = [
    "Bar",
    "Bars",
    "Calibration",
    "Curve",
    "Edge",
    "Estimates",
    "Gain",
    "HeatMap",
    "Hexagons",
    "Histogram",
    "Lines",
    "Mark",
    "Moment",
    "Network",
    "Node",
    "Picture",
    "Points",
    "Roc",
    "Scatter",
    "Series",
    "SmallMultiples",
    "Timeline",
]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Change over time (or over any ordered axis). Baselines are constant levels with a name.

    `from_zero` starts the vertical axis at zero; lines may start elsewhere.
    """

    kind: ClassVar[str] = "lines"
    x: Column
    y: Column
    at: Sequence[Value]
    series: Sequence[Series]
    baselines: Sequence[Baseline] = ()
    marks: Sequence[Mark] = ()
    from_zero: bool = False

    def __post_init__(self) -> None:
        check_series(self.at, self.series)

    def tabulate(self) -> Tabulated:
        return series_table(self.x, self.y, self.at, self.series)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Parts against each other: horizontal bars from zero, largest first unless `ordered` is set
    (the labels have an order of their own, such as age bands).
    """

    kind: ClassVar[str] = "bars"
    label: Column
    measure: Column
    bars: Sequence[Bar]
    baselines: Sequence[Baseline] = ()
    ordered: bool = False

    def in_order(self) -> list[Bar]:
        """The bars as drawn from top to bottom; missing values last."""
        return list(self.bars) if self.ordered else largest_first(self.bars)

    def tabulate(self) -> Tabulated:
        return bar_table(self.label, self.measure, self.in_order())


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Estimates with intervals as dots and whiskers; the axis need not begin at zero."""

    kind: ClassVar[str] = "estimates"
    label: Column
    measure: Column
    bars: Sequence[Bar]
    baselines: Sequence[Baseline] = ()
    ordered: bool = False

    def in_order(self) -> list[Bar]:
        """The estimates as drawn from top to bottom; missing values last."""
        return list(self.bars) if self.ordered else largest_first(self.bars)

    def tabulate(self) -> Tabulated:
        return bar_table(self.label, self.measure, self.in_order())


@dataclass(frozen=True, kw_only=True)
class Points:
    """A named group of points of a scatter; `labels` name single points on hover.

    With `sizes` (none negative) each point is a disc of that area, and its label stands beside it.
    """

    name: str
    x: Numbers
    y: Numbers
    labels: Sequence[str] = ()
    sizes: Numbers = ()

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise UsageError(f"the points {self.name!r} differ in x and y", hint="Give one y for each x.")
        same_length(f"the group {self.name!r}", points=self.x, labels=self.labels)
        same_length(f"the group {self.name!r}", points=self.x, sizes=self.sizes)


@dataclass(frozen=True, kw_only=True)
class Scatter:
    """Two numbers of up to some thousand subjects; beyond that `Hexagons`. `size` says what sizes mean."""

    kind: ClassVar[str] = "scatter"
    x: Column
    y: Column
    groups: Sequence[Points]
    logarithmic: bool = False
    size: Column = COUNT

    def tabulate(self) -> Tabulated:
        if any(group.sizes for group in self.groups):
            return [Column(label="Name"), self.x, self.y, self.size], [
                [label, *of]
                for group in self.groups
                for label, *of in zip(group.labels, group.x, group.y, group.sizes, strict=True)
            ]
        rows: Rows = []
        for group in self.groups:
            labels = group.labels or [""] * len(group.x)
            rows += [[group.name, name, x, y] for name, x, y in zip(labels, group.x, group.y, strict=True)]
        columns = [Column(label="Group"), Column(label="Name"), self.x, self.y]
        if not any(row[1] for row in rows):
            return [columns[0], *columns[2:]], [[row[0], *row[2:]] for row in rows]
        return columns, rows


@dataclass(frozen=True, kw_only=True)
class Hexagons:
    """Two numbers of many subjects, counted in hexagons; `columns` is the number across."""

    kind: ClassVar[str] = "hexagons"
    x: Column
    y: Column
    xs: Numbers
    ys: Numbers
    columns: int = 36

    def tabulate(self) -> Tabulated:
        from bankmine.report.binning import hexagons

        centres = hexagons(self.xs, self.ys, columns=self.columns).cells
        return [self.x, self.y, COUNT], [[x, y, n] for x, y, n in centres]


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """A distribution: `counts` between consecutive `edges` (one more edge than counts; each bin is
    closed below and open above, the last closed), with cutoffs or medians marked.
    """

    kind: ClassVar[str] = "histogram"
    measure: Column
    edges: Sequence[float]
    counts: Sequence[int]
    marks: Sequence[Mark] = ()
    count: Column = COUNT

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1:
            raise UsageError(
                f"a histogram has {len(self.edges)} edges and {len(self.counts)} counts",
                hint="Give one more edge than counts.",
            )

    def tabulate(self) -> Tabulated:
        total = sum(self.counts) or 1
        low = Column(label=f"{self.measure.label}, from", kind=self.measure.kind, unit=self.measure.unit)
        high = Column(label="to", kind=self.measure.kind, unit=self.measure.unit)
        rows: Rows = [
            [a, b, n, n / total] for a, b, n in zip(self.edges[:-1], self.edges[1:], self.counts, strict=True)
        ]
        return [low, high, self.count, SHARE], rows


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Gain curve: share of the positives found (`y`) in the best share of subjects (`x`).

    Chance is the diagonal; `marks` name shares of subjects, such as the size of the list worked.
    """

    kind: ClassVar[str] = "gain"
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    x: Column = BEST_FIRST
    y: Column = POSITIVES_FOUND

    def tabulate(self) -> Tabulated:
        return curve_table(self.x, self.y, self.curves)


@dataclass(frozen=True, kw_only=True)
class Roc:
    """Receiver operating characteristic; the area belongs in the chart's title, with its interval."""

    kind: ClassVar[str] = "roc"
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    x: Column = FALSE_POSITIVE_RATE
    y: Column = TRUE_POSITIVE_RATE

    def tabulate(self) -> Tabulated:
        return curve_table(self.x, self.y, self.curves)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Predicted against observed share per bin, with the observed share's interval and the counts."""

    kind: ClassVar[str] = "calibration"
    predicted: Numbers
    observed: Numbers
    counts: Sequence[int]
    low: Numbers = ()
    high: Numbers = ()
    x: Column = PREDICTED
    y: Column = OBSERVED

    def __post_init__(self) -> None:
        same_length("a calibration", bins=self.predicted, observed=self.observed, counts=self.counts)
        same_length("a calibration", bins=self.predicted, low=self.low, high=self.high)

    def tabulate(self) -> Tabulated:
        columns, data = [self.x, self.y], [self.predicted, self.observed]
        if len(self.low):
            columns += bounds(self.y)
            data += [self.low, self.high]
        return [*columns, COUNT], [list(row) for row in zip(*data, self.counts, strict=True)]


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """A measure over two groupings; `values[row][column]`. `diverging` centres the colours on zero."""

    kind: ClassVar[str] = "heatmap"
    measure: Column
    columns: Sequence[str]
    rows: Sequence[str]
    values: Sequence[Numbers]
    row: Column = UNNAMED
    diverging: bool = False

    def __post_init__(self) -> None:
        if len(self.values) != len(self.rows) or any(len(row) != len(self.columns) for row in self.values):
            raise UsageError(
                f"the values of a heat map are not {len(self.rows)} rows of {len(self.columns)}",
                hint="Give one row of values for each row name, one value for each column name.",
            )

    def tabulate(self) -> Tabulated:
        cells = [
            Column(label=name, kind=self.measure.kind, unit="", digits=self.measure.digits)
            if self.measure.kind != Kind.MONEY
            else Column(label=name, kind=Kind.MONEY, unit=self.measure.unit)
            for name in self.columns
        ]
        body = [[name, *values] for name, values in zip(self.rows, self.values, strict=True)]
        return [self.row, *cells], body


@dataclass(frozen=True, kw_only=True)
class SmallMultiples:
    """The same measure over time for many groups, one small panel each, on one scale."""

    kind: ClassVar[str] = "multiples"
    x: Column
    y: Column
    at: Sequence[Value]
    series: Sequence[Series]

    def __post_init__(self) -> None:
        check_series(self.at, self.series)

    def tabulate(self) -> Tabulated:
        return series_table(self.x, self.y, self.at, self.series)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened at an instant, or from `at` to `until`, on a lane of a timeline."""

    lane: str
    at: Value
    text: str
    until: Value = None
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What happened when, one lane per kind of thing, lanes in the order given."""

    kind: ClassVar[str] = "timeline"
    x: Column
    lanes: Sequence[str]
    moments: Sequence[Moment]
    marks: Sequence[Mark] = ()

    def __post_init__(self) -> None:
        lost = sorted({m.lane for m in self.moments} - set(self.lanes))
        if lost:
            raise UsageError(
                f"a timeline has no lane {lost[0]!r}", hint=f"Its lanes: {', '.join(self.lanes)}."
            )

    def tabulate(self) -> Tabulated:
        when = Column(label="From", kind=self.x.kind)
        until = Column(label="Until", kind=self.x.kind)
        columns = [Column(label="Lane"), when, until, Column(label="What")]
        return columns, [[m.lane, m.at, m.until, m.text] for m in self.moments]


Picture: TypeAlias = (
    Lines
    | Bars
    | Estimates
    | Scatter
    | Hexagons
    | Histogram
    | Gain
    | Roc
    | Calibration
    | HeatMap
    | SmallMultiples
    | Timeline
    | Network
)
