"""Pictures of a report as charts of Word itself (DrawingML, ECMA-376 part 1, section 21.2).

A chart of Word stays sharp, can be restyled and copied, and needs no drawing library. Its figures are written
into the chart; the table under it has them too. Lines, bars, estimates with whiskers, gain curves and
calibrations are drawn; for any other picture the table stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from bankmine.report import pictures as p
from bankmine.report.format import amount
from bankmine.report.values import Column, Kind, Value, plain

COLOURS = ("0B6E6E", "D08A1D", "4C6FB1", "B23A48", "6B8E23", "8A5A9E", "7A7A7A", "2E9BC6")
GREY = "7A7A7A"
NAMESPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
Points = Sequence[Value]


def chart_xml(picture: p.Picture) -> str | None:
    """The chart part of a picture; None where Word has no like chart here."""
    match picture:
        case p.Lines():
            plot = _lines(picture)
        case p.Bars() | p.Estimates():
            plot = _bars(picture) if isinstance(picture, p.Bars) else _estimates(picture)
        case p.Gain() | p.Roc():
            plot = _curves(picture)
        case p.Calibration():
            plot = _calibration(picture)
        case _:
            return None
    several = isinstance(picture, p.Lines | p.Gain | p.Roc | p.Calibration)
    legend = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' if several else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {NAMESPACES}>'
        f'<c:roundedCorners val="0"/><c:chart><c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>{plot}'
        f'</c:plotArea>{legend}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        '<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="800"/></a:pPr><a:endParaRPr lang="en-GB"/></a:p>'
        "</c:txPr>"
        "</c:chartSpace>"
    )


def _lines(picture: p.Lines) -> str:
    names = [amount(one, picture.x) for one in picture.at]
    every: list[tuple[str, Points, bool]] = [(one.name, one.values, one.quiet) for one in picture.series]
    every += [(one.name, [one.value] * len(names), True) for one in picture.baselines]
    drawn = "".join(
        f"{_head(i, name)}{_line(GREY if quiet else COLOURS[i % 8])}"
        f'<c:marker><c:symbol val="circle"/><c:size val="5"/>{_fill(GREY if quiet else COLOURS[i % 8])}'
        f'</c:marker>{_categories(names)}{_values("val", values)}<c:smooth val="0"/></c:ser>'
        for i, (name, values, quiet) in enumerate(every)
    )
    least = 0.0 if picture.from_zero else None
    return (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{drawn}<c:marker val="1"/>{_ids()}'
        f"</c:lineChart>{_category_axis('b', picture.x.label)}{_value_axis('l', picture.y, least=least)}"
    )


def _bars(picture: p.Bars) -> str:
    bars = picture.in_order()
    drawn = (
        f'{_head(0, picture.measure.label)}{_fill(COLOURS[0])}<c:invertIfNegative val="0"/>'
        f"{_categories([one.label for one in bars])}{_values('val', [one.value for one in bars])}</c:ser>"
    )
    return (
        f'<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>{drawn}'
        f'<c:gapWidth val="40"/>{_ids()}</c:barChart>{_category_axis("l", picture.label.label, down=True)}'
        f"{_value_axis('b', picture.measure, least=0.0)}"
    )


def _estimates(picture: p.Estimates) -> str:
    """Dots with whiskers: a line chart whose line is not drawn."""
    bars = picture.in_order()
    error = _errors([(one.value, one.low, one.high) for one in bars])
    drawn = (
        f"{_head(0, picture.measure.label)}<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
        f'<c:marker><c:symbol val="circle"/><c:size val="8"/>{_fill(COLOURS[0])}</c:marker>{error}'
        f"{_categories([one.label for one in bars])}{_values('val', [one.value for one in bars])}"
        '<c:smooth val="0"/></c:ser>'
    )
    return (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{drawn}<c:marker val="1"/>{_ids()}'
        f"</c:lineChart>{_category_axis('b', picture.label.label)}{_value_axis('l', picture.measure)}"
    )


def _curves(picture: p.Gain | p.Roc) -> str:
    curves = [(one.name, list(one.x), list(one.y), GREY if one.quiet else COLOURS[i % 8])
              for i, one in enumerate(picture.curves)]  # fmt: skip
    curves.append(("Chance", [0.0, 1.0], [0.0, 1.0], GREY))
    drawn = "".join(_curve(i, *one) for i, one in enumerate(curves))
    return _scatter(drawn, picture.x, picture.y, most=1.0)


def _calibration(picture: p.Calibration) -> str:
    points = list(zip(picture.predicted, picture.observed, strict=True))
    error = ""
    if len(picture.low):
        error = _errors(list(zip(picture.observed, picture.low, picture.high, strict=True)))
    seen = [plain(one) for side in (picture.predicted, picture.observed, picture.high) for one in side]
    top = max([1e-9, *(one for one in seen if one is not None)])
    dots = (
        f"{_head(0, picture.y.label)}<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
        f'<c:marker><c:symbol val="circle"/><c:size val="7"/>{_fill(COLOURS[0])}</c:marker>{error}'
        f"{_values('xVal', [one for one, _ in points])}{_values('yVal', [one for _, one in points])}"
        '<c:smooth val="0"/></c:ser>'
    )
    line = _curve(1, "As said", [0.0, top], [0.0, top], GREY)
    return _scatter(dots + line, picture.x, picture.y)


def _scatter(drawn: str, x: Column, y: Column, *, most: float | None = None) -> str:
    return (
        f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{drawn}{_ids()}'
        f"</c:scatterChart>{_value_axis('b', x, number=1, least=0.0, most=most)}"
        f"{_value_axis('l', y, least=0.0, most=most)}"
    )


def _curve(number: int, name: str, x: Points, y: Points, colour: str) -> str:
    return (
        f'{_head(number, name)}{_line(colour)}<c:marker><c:symbol val="none"/></c:marker>'
        f'{_values("xVal", x)}{_values("yVal", y)}<c:smooth val="0"/></c:ser>'
    )


def _head(number: int, name: str) -> str:
    return f'<c:ser><c:idx val="{number}"/><c:order val="{number}"/><c:tx><c:v>{escape(name)}</c:v></c:tx>'


def _line(colour: str) -> str:
    return f'<c:spPr><a:ln w="22225"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:ln></c:spPr>'


def _fill(colour: str) -> str:
    return f'<c:spPr><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></c:spPr>'


def _points(values: Points) -> str:
    known = [(i, plain(value)) for i, value in enumerate(values)]
    drawn = "".join(f'<c:pt idx="{i}"><c:v>{float(v)!r}</c:v></c:pt>' for i, v in known if v is not None)
    return f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{drawn}'


def _values(tag: str, values: Points) -> str:
    return f"<c:{tag}><c:numLit>{_points(values)}</c:numLit></c:{tag}>"


def _categories(names: Sequence[str]) -> str:
    drawn = "".join(f'<c:pt idx="{i}"><c:v>{escape(name)}</c:v></c:pt>' for i, name in enumerate(names))
    return f'<c:cat><c:strLit><c:ptCount val="{len(names)}"/>{drawn}</c:strLit></c:cat>'


def _errors(rows: Sequence[tuple[Value, Value, Value]]) -> str:
    """Whiskers from low to high."""
    known = [tuple(plain(one) for one in row) for row in rows]
    up = [None if None in row else max(0.0, row[2] - row[0]) for row in known]
    down = [None if None in row else max(0.0, row[0] - row[1]) for row in known]
    sides = "".join(
        f"<c:{side}><c:numLit>{_points(v)}</c:numLit></c:{side}>"
        for side, v in (("plus", up), ("minus", down))
    )
    return (
        '<c:errBars><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="0"/>{sides}</c:errBars>'
    )


def _ids() -> str:
    return '<c:axId val="1"/><c:axId val="2"/>'


def _axis_title(text: str) -> str:
    return (
        '<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr b="0"/></a:pPr><a:r><a:t>'
        f'{escape(text)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>'
    )


def _category_axis(side: str, title: str, *, down: bool = False) -> str:
    order = "maxMin" if down else "minMax"
    return (
        f'<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="{order}"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{side}"/>{_axis_title(title)}<c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        '<c:crossAx val="2"/><c:crosses val="autoZero"/></c:catAx>'
    )


def _value_axis(
    side: str, column: Column, *, number: int = 2, least: float | None = None, most: float | None = None
) -> str:
    code = {Kind.SHARE: "0.0%"}.get(column.kind, "General")
    limits = "".join(
        f'<c:{tag} val="{value}"/>' for tag, value in (("max", most), ("min", least)) if value is not None
    )
    where = "max" if side == "b" and number == 2 else "autoZero"
    grid = (
        '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="E4E4E0"/></a:solidFill></a:ln>'
    )
    return (
        f'<c:valAx><c:axId val="{number}"/><c:scaling><c:orientation val="minMax"/>{limits}</c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{side}"/>{grid}</c:spPr></c:majorGridlines>'
        f'{_axis_title(column.heading)}<c:numFmt formatCode={quoteattr(code)} sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f'<c:crossAx val="{3 - number}"/><c:crosses val="{where}"/><c:crossBetween val="'
        f'{"between" if number == 2 else "midCat"}"/></c:valAx>'
    )
