"""The parts of pictures: marks, series, bars and curves, and the tables made of them."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import TypeAlias

from bankmine.errors import UsageError
from bankmine.report.values import Column, Kind, Tone, Value

Rows: TypeAlias = list[list[Value]]
Tabulated: TypeAlias = tuple[list[Column], Rows]
Numbers: TypeAlias = Sequence[float | int | None]

SHARE = Column(label="Share", kind=Kind.SHARE)
COUNT = Column(label="Count", kind=Kind.NUMBER, digits=0)
BEST_FIRST = Column(label="share of subjects, best first", kind=Kind.SHARE)
POSITIVES_FOUND = Column(label="share of positives found", kind=Kind.SHARE)
FALSE_POSITIVE_RATE = Column(label="false positive rate", kind=Kind.SHARE)
TRUE_POSITIVE_RATE = Column(label="true positive rate", kind=Kind.SHARE)
PREDICTED = Column(label="predicted", kind=Kind.SHARE)
OBSERVED = Column(label="observed", kind=Kind.SHARE)
UNNAMED = Column(label="")


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
class Bar:
    """One bar; `low` and `high` draw its interval; a tone other than neutral colours and names it."""

    label: str
    value: float | int | None
    low: float | int | None = None
    high: float | int | None = None
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One curve through `(x, y)` from (0, 0) to (1, 1); `quiet` draws a baseline thin and grey."""

    name: str
    x: Numbers
    y: Numbers
    quiet: bool = False


def same_length(what: str, **parts: Sized) -> None:
    """Raises UsageError naming the first part that is neither empty nor as long as the first."""
    (first, whole), *others = parts.items()
    for name, part in others:
        if len(part) not in (0, len(whole)):
            raise UsageError(
                f"{what} has {len(whole)} {first} and {len(part)} {name}", hint="Give one for each, or none."
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
    columns = [label, measure, *bounds(measure)]
    return columns, [[bar.label, bar.value, bar.low, bar.high] for bar in bars]


def series_table(x: Column, y: Column, at: Sequence[Value], series: Sequence[Series]) -> Tabulated:
    """One row per position, one column per series and its interval."""
    columns, data = [x], [list(at)]
    for line in series:
        columns.append(relabelled(y, line.name))
        data.append(list(line.values))
        if len(line.low):
            columns += [relabelled(y, f"{line.name}, low"), relabelled(y, f"{line.name}, high")]
            data += [list(line.low), list(line.high)]
    return columns, [list(row) for row in zip(*data, strict=True)]


def curve_table(x: Column, y: Column, curves: Sequence[Curve]) -> Tabulated:
    """Long form: curve, x, y; curves need not share their positions."""
    rows: Rows = []
    for curve in curves:
        rows += [[curve.name, a, b] for a, b in zip(curve.x, curve.y, strict=True)]
    return [Column(label="Curve"), x, y], rows


def relabelled(column: Column, label: str) -> Column:
    """The column under another label."""
    return Column(label=label, kind=column.kind, unit=column.unit, digits=column.digits)


def bounds(column: Column) -> list[Column]:
    """The columns of an interval's low and high end."""
    return [relabelled(column, f"{column.label}, {end}") for end in ("low", "high")]


def check_series(at: Sequence[Value], series: Sequence[Series]) -> None:
    """Raises UsageError where there is no series, or one is not as long as the positions."""
    if not series:
        raise UsageError("a picture has no series", hint="Give it at least one.")
    for line in series:
        what = f"the series {line.name!r}"
        if len(line.values) != len(at):
            raise UsageError(
                f"{what} has {len(line.values)} values for {len(at)} positions", hint="Give one for each."
            )
        same_length(what, values=line.values, low=line.low, high=line.high)
