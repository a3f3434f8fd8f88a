"""Small drawings made as SVG while the page is written: sparklines and bars in table cells.

They need no script, print well and obey the strict policy (attributes only, no inline style).
"""

from collections.abc import Sequence

from markupsafe import Markup

from bankmine.report.values import Value, plain


def sparkline(values: Sequence[Value], *, width: int = 96, height: int = 20) -> Markup:
    """A line over the values in order, its last point marked; gaps where values are missing."""
    known = [plain(value) for value in values]
    present = [v for v in known if v is not None]
    if len(present) < 2:
        return Markup("")
    low, span = min(present), (max(present) - min(present)) or 1
    step = (width - 6) / (len(known) - 1)
    points = [
        None
        if v is None
        else (round(3 + i * step, 1), round(height - 3 - (v - low) / span * (height - 6), 1))
        for i, v in enumerate(known)
    ]
    last = next(point for point in reversed(points) if point)
    return Markup(
        '<svg class="spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true">'
        '<path d="{path}"/><circle cx="{x}" cy="{y}" r="2"/></svg>'
    ).format(w=width, h=height, path=_path(points), x=last[0], y=last[1])


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    parts, drawing = [], False
    for point in points:
        if point:
            parts.append(f"{'L' if drawing else 'M'}{point[0]} {point[1]}")
        drawing = point is not None
    return "".join(parts)


def bar(value: Value, largest: float, *, width: int = 64) -> Markup:
    """A bar of the value against the largest of its column; nothing for missing or negative values."""
    size = plain(value)
    if size is None or size < 0 or largest <= 0:
        return Markup("")
    length = round(min(1.0, size / largest) * width, 1)
    return Markup(
        '<svg class="bar" width="{w}" height="8" viewBox="0 0 {w} 8" aria-hidden="true">'
        '<rect width="{n}" height="8"/></svg>'
    ).format(w=width, n=length)
