"""The pictures a report can draw, chosen by the question they answer.

| question | picture |
|---|---|
| how did it change over time? | `Lines` (with interval bands), `SmallMultiples`, `Timeline` |
| how do the parts compare? | `Bars` (sorted, from zero); estimates with intervals: `Estimates` |
| how do two numbers hang together? | `Scatter`; from some thousand points on `Hexagons` |
| how is it distributed? | `Histogram`, with the cutoff marked |
| how good is the model? | `Gain`, `Calibration`, and `Roc` last |
| where in two groupings? | `HeatMap` |

A picture holds data only. `tabulate()` gives the same data as a table, so no chart is without one.
There are no pies, no second axes and no third dimension. Sequences may be lists, tuples or NumPy
arrays; missing values (None, NaN) leave a gap and are never drawn as zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from bankmine.report.values import Baseline, Column, Kind, Tone, Value

Rows: TypeAlias = list[list[Value]]
Tabulated: TypeAlias = tuple[list[Column], Rows]
Numbers: TypeAlias = Sequence[float | int | None]

SHARE = Column(label="Share", kind=Kind.SHARE)
COUNT = Column(label="Count", kind=Kind.NUMBER, digits=0)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A named place on the horizontal axis: a cutoff, a threshold, the day something happened."""

    at: Value
    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line: values in the order of the picture's positions; `low` and `high` draw its interval.

    `quiet` draws it thin and grey, for a baseline that changes over time.
    """

    name: str
    values: Numbers
    low: Numbers = ()
    high: Numbers = ()
    quiet: bool = False


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

    def tabulate(self) -> Tabulated:
        return series_table(self.x, self.y, self.at, self.series)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar; `low` and `high` draw its interval; a tone other than neutral colours and names it."""

    label: str
    value: float | int | None
    low: float | int | None = None
    high: float | int | None = None
    tone: Tone = Tone.NEUTRAL


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
    """A named group of points of a scatter; `labels` name single points on hover."""

    name: str
    x: Numbers
    y: Numbers
    labels: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Scatter:
    """Two numbers of up to some thousand subjects; beyond that use `Hexagons`."""

    kind: ClassVar[str] = "scatter"
    x: Column
    y: Column
    groups: Sequence[Points]
    logarithmic: bool = False

    def tabulate(self) -> Tabulated:
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

    def tabulate(self) -> Tabulated:
        total = sum(self.counts) or 1
        low = Column(label=f"{self.measure.label}, from", kind=self.measure.kind, unit=self.measure.unit)
        high = Column(label="to", kind=self.measure.kind, unit=self.measure.unit)
        rows: Rows = [
            [a, b, n, n / total] for a, b, n in zip(self.edges[:-1], self.edges[1:], self.counts, strict=True)
        ]
        return [low, high, self.count, SHARE], rows


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One curve through `(x, y)` from (0, 0) to (1, 1); `quiet` draws a baseline thin and grey."""

    name: str
    x: Numbers
    y: Numbers
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Gain curve: share of the positives found (`y`) in the best share of subjects (`x`).

    Chance is the diagonal; `marks` name shares of subjects, such as the size of the list worked.
    """

    kind: ClassVar[str] = "gain"
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    x: Column = Column(label="share of subjects, best first", kind=Kind.SHARE)
    y: Column = Column(label="share of positives found", kind=Kind.SHARE)

    def tabulate(self) -> Tabulated:
        return curve_table(self.x, self.y, self.curves)


@dataclass(frozen=True, kw_only=True)
class Roc:
    """Receiver operating characteristic; the area belongs in the chart's title, with its interval."""

    kind: ClassVar[str] = "roc"
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    x: Column = Column(label="false positive rate", kind=Kind.SHARE)
    y: Column = Column(label="true positive rate", kind=Kind.SHARE)

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
    x: Column = Column(label="predicted", kind=Kind.SHARE)
    y: Column = Column(label="observed", kind=Kind.SHARE)

    def tabulate(self) -> Tabulated:
        columns, data = [self.x, self.y], [self.predicted, self.observed]
        if len(self.low):
            columns += [_of(self.y, "low"), _of(self.y, "high")]
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
    row: Column = Column(label="")
    diverging: bool = False

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
)


def largest_first(bars: Sequence[Bar]) -> list[Bar]:
    """Bars by value, largest first; equal values keep their order, missing ones come last."""
    present = [bar for bar in bars if bar.value is not None and bar.value == bar.value]
    missing = [bar for bar in bars if bar.value is None or bar.value != bar.value]
    return sorted(present, key=lambda bar: -float(bar.value or 0)) + missing


def bar_table(label: Column, measure: Column, bars: Sequence[Bar]) -> Tabulated:
    """Label and measure, with the interval where any bar has one."""
    if all(bar.low is None for bar in bars):
        return [label, measure], [[bar.label, bar.value] for bar in bars]
    columns = [label, measure, _of(measure, "low"), _of(measure, "high")]
    return columns, [[bar.label, bar.value, bar.low, bar.high] for bar in bars]


def series_table(x: Column, y: Column, at: Sequence[Value], series: Sequence[Series]) -> Tabulated:
    """One row per position, one column per series and its interval."""
    columns, data = [x], [list(at)]
    for line in series:
        columns.append(_of(y, line.name, whole=True))
        data.append(list(line.values))
        if len(line.low):
            columns += [_of(y, f"{line.name}, low", whole=True), _of(y, f"{line.name}, high", whole=True)]
            data += [list(line.low), list(line.high)]
    return columns, [list(row) for row in zip(*data, strict=True)]


def curve_table(x: Column, y: Column, curves: Sequence[Curve]) -> Tabulated:
    """Long form: curve, x, y; curves need not share their positions."""
    rows: Rows = []
    for curve in curves:
        rows += [[curve.name, a, b] for a, b in zip(curve.x, curve.y, strict=True)]
    return [Column(label="Curve"), x, y], rows


def _of(column: Column, label: str, *, whole: bool = False) -> Column:
    """The column under another label (`whole`), or its label with a suffix."""
    name = label if whole else f"{column.label}, {label}"
    return Column(label=name, kind=column.kind, unit=column.unit, digits=column.digits)
