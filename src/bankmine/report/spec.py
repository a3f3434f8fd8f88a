"""Turns a picture into the plain data that `static/pictures.js` draws: the one form of a chart.

Money leaves as major units (the only division, and the last step), dates as milliseconds since 1970
UTC, missing values as null. Colours, fonts and sizes are not here: the page's tokens decide them, so
the same data are drawn light, dark, on paper and as PNG.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bankmine.report import pictures as p
from bankmine.report.binning import hexagons
from bankmine.report.format import exponent
from bankmine.report.network import depths, places
from bankmine.report.parts import COUNT
from bankmine.report.texts import label
from bankmine.report.values import Baseline, Column, Kind, Value, plain

Spec = dict[str, Any]
TIMES = (Kind.DATE, Kind.MONTH, Kind.INSTANT)


def spec(picture: p.Picture, *, language: str = "en") -> Spec:
    """The picture as JSON-ready data, with its kind; the room's own axis labels in the language."""
    data = {"kind": picture.kind, **BUILDERS[type(picture)](picture)}
    for name in ("x", "y", "measure"):
        if name in data:
            data[name]["label"] = label(data[name]["label"], language)
    return data


def script_json(data: Any) -> str:
    """JSON that may stand inside `<script type="application/json">`: no `<`, `>` or `&` is left in it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def is_empty(picture: p.Picture) -> bool:
    """Whether there is nothing to draw: no rows, or only missing values."""
    columns, rows = picture.tabulate()
    numeric = [i for i, column in enumerate(columns) if column.numeric]
    if isinstance(picture, p.Timeline | p.Network):
        return not rows
    return not any(plain(row[i]) is not None for row in rows for i in numeric)


def axis(column: Column) -> Spec:
    return {"label": column.label, "kind": str(column.kind), "unit": column.unit, "digits": column.digits}


def scaled(value: Value, column: Column) -> Any:
    """One value in the units that are drawn."""
    value = plain(value)
    if value is None:
        return None
    if column.kind == Kind.MONEY:
        return value / 10 ** exponent(column.unit)
    if column.kind in TIMES:
        return milliseconds(value)
    return value


def milliseconds(value: Value) -> int | None:
    """Milliseconds since 1970 UTC of a date (its midnight) or instant (taken as UTC where it has no zone)."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        return milliseconds(datetime.fromisoformat(str(value)))
    return round(moment.timestamp() * 1000)


def _all(values: Sequence[Value], column: Column) -> list[Any]:
    return [scaled(value, column) for value in values]


def _baselines(baselines: Sequence[Baseline], column: Column) -> list[Spec]:
    return [{"name": b.name, "value": scaled(b.value, column)} for b in baselines]


def _marks(marks: Sequence[p.Mark], column: Column) -> list[Spec]:
    return [{"at": scaled(m.at, column), "text": m.text, "tone": str(m.tone)} for m in marks]


def _series(series: Sequence[p.Series], y: Column) -> list[Spec]:
    return [
        {
            "name": line.name,
            "values": _all(line.values, y),
            "low": _all(line.low, y),
            "high": _all(line.high, y),
            "quiet": line.quiet,
        }
        for line in series
    ]


def _lines(picture: p.Lines) -> Spec:
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "at": _all(picture.at, picture.x),
        "series": _series(picture.series, picture.y),
        "baselines": _baselines(picture.baselines, picture.y),
        "marks": _marks(picture.marks, picture.x),
        "fromZero": picture.from_zero,
    }


def _bars(picture: p.Bars | p.Estimates) -> Spec:
    measure = picture.measure
    return {
        "measure": axis(measure),
        "baselines": _baselines(picture.baselines, measure),
        "bars": [
            {
                "label": bar.label,
                "value": scaled(bar.value, measure),
                "low": scaled(bar.low, measure),
                "high": scaled(bar.high, measure),
                "tone": str(bar.tone),
            }
            for bar in picture.in_order()
        ],
    }


def _scatter(picture: p.Scatter) -> Spec:
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "size": axis(picture.size),
        "logarithmic": picture.logarithmic,
        "groups": [
            {
                "name": group.name,
                "x": _all(group.x, picture.x),
                "y": _all(group.y, picture.y),
                "labels": list(group.labels),
                "sizes": _all(group.sizes, picture.size),
            }
            for group in picture.groups
        ],
    }


def _hexagons(picture: p.Hexagons) -> Spec:
    bins = hexagons(_all(picture.xs, picture.x), _all(picture.ys, picture.y), columns=picture.columns)
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "cells": [list(cell) for cell in bins.cells],
        "halfWidth": bins.half_width,
        "halfHeight": bins.half_height,
    }


def _histogram(picture: p.Histogram) -> Spec:
    return {
        "x": axis(picture.measure),
        "y": axis(picture.count),
        "edges": _all(picture.edges, picture.measure),
        "counts": _all(picture.counts, picture.count),
        "marks": _marks(picture.marks, picture.measure),
    }


def _curves(picture: p.Gain | p.Roc) -> Spec:
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "marks": _marks(picture.marks, picture.x),
        "curves": [
            {"name": c.name, "x": _all(c.x, picture.x), "y": _all(c.y, picture.y), "quiet": c.quiet}
            for c in picture.curves
        ],
    }


def _calibration(picture: p.Calibration) -> Spec:
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "predicted": _all(picture.predicted, picture.x),
        "observed": _all(picture.observed, picture.y),
        "low": _all(picture.low, picture.y),
        "high": _all(picture.high, picture.y),
        "counts": _all(picture.counts, COUNT),
    }


def _heatmap(picture: p.HeatMap) -> Spec:
    return {
        "measure": axis(picture.measure),
        "columns": list(picture.columns),
        "rows": list(picture.rows),
        "values": [_all(row, picture.measure) for row in picture.values],
        "diverging": picture.diverging,
    }


def _multiples(picture: p.SmallMultiples) -> Spec:
    return {
        "x": axis(picture.x),
        "y": axis(picture.y),
        "at": _all(picture.at, picture.x),
        "series": _series(picture.series, picture.y),
    }


def _timeline(picture: p.Timeline) -> Spec:
    return {
        "x": axis(picture.x),
        "lanes": list(picture.lanes),
        "marks": _marks(picture.marks, picture.x),
        "moments": [
            {
                "lane": picture.lanes.index(m.lane),
                "at": scaled(m.at, picture.x),
                "until": scaled(m.until, picture.x),
                "text": m.text,
                "tone": str(m.tone),
            }
            for m in picture.moments
        ],
    }


def _network(picture: p.Network) -> Spec:
    at = places([node.source for node in picture.nodes])
    return {
        "rings": max(depths([node.source for node in picture.nodes]), default=0),
        "nodes": [
            {"name": node.name, "at": [round(x, 4), round(y, 4)], "tone": str(node.tone)}
            for node, (x, y) in zip(picture.nodes, at, strict=True)
        ],
        "edges": [{"ends": [one.one, one.other], "text": one.text} for one in picture.edges],
    }


BUILDERS: dict[type, Callable[[Any], Spec]] = {
    p.Lines: _lines,
    p.Bars: _bars,
    p.Estimates: _bars,
    p.Scatter: _scatter,
    p.Hexagons: _hexagons,
    p.Histogram: _histogram,
    p.Gain: _curves,
    p.Roc: _curves,
    p.Calibration: _calibration,
    p.HeatMap: _heatmap,
    p.SmallMultiples: _multiples,
    p.Timeline: _timeline,
    p.Network: _network,
}
