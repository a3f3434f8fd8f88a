"""A small line chart as SVG: both axes logarithmic, each line named at its end, no script, no font."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 840, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 640, 60, 380
GRID, TEXT, QUIET, PAPER = "#DDE4E4", "#1D1F21", "#5B6770", "#FBFBFA"
STEPS = (1, 2, 5)
APART = 17  # least distance of two names, in pixels


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its name, colour, points (x, y above 0, x ascending), and whether it is drawn strong."""

    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    strong: bool = False


def chart(title: str, x_name: str, y_name: str, lines: Sequence[Line]) -> str:
    """The chart as SVG text, ending with a line break."""
    across = _Axis([x for line in lines for x, _ in line.points], LEFT, RIGHT)
    up = _Axis([y for line in lines for _, y in line.points], BOTTOM, TOP)
    parts = [_text(LEFT, 30, title, "head"), _text(LEFT, 50, f"{y_name}; both axes logarithmic", "quiet")]
    parts += [_rule(LEFT, up.at(y), RIGHT, up.at(y)) for y in up.ticks]
    parts += [_text(LEFT - 8, up.at(y) + 4, _short(y), "quiet", "end") for y in up.ticks]
    xs = sorted({x for line in lines for x, _ in line.points})
    parts += [_rule(across.at(x), TOP, across.at(x), BOTTOM) for x in xs]
    parts += [_text(across.at(x), BOTTOM + 20, _short(x), "quiet", "middle") for x in xs]
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 44, x_name, "quiet", "middle"))
    for line in sorted(lines, key=lambda one: one.strong):
        parts += _drawn(line, across, up)
    parts += _names(lines, across, up)
    return _picture(title, parts)


class _Axis:
    """A logarithmic axis from one pixel to another, over the values and the round numbers around them."""

    def __init__(self, values: Sequence[float], start: int, end: int) -> None:
        self._start, self._end = start, end
        round_ones = [
            step * 10.0**power
            for power in range(floor(log10(min(values))) - 1, ceil(log10(max(values))) + 2)
            for step in STEPS
        ]
        low = max(one for one in round_ones if one <= min(values))
        high = min(one for one in round_ones if one >= max(values))
        self.ticks = [one for one in round_ones if low <= one <= high]
        self._low, self._high = log10(low), log10(high)

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = (log10(value) - self._low) / ((self._high - self._low) or 1)
        return self._start + share * (self._end - self._start)


def _drawn(line: Line, across: _Axis, up: _Axis) -> list[str]:
    places = [(across.at(x), up.at(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    width = 3.5 if line.strong else 2
    drawn = [f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="{width}"/>']
    for (x, y), (_, value) in zip(places, line.points, strict=True):
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="{line.colour}">'
                     f"<title>{escape(line.name)}: {value:g}</title></circle>")  # fmt: skip
    return drawn


def _names(lines: Sequence[Line], across: _Axis, up: _Axis) -> list[str]:
    """The names at the lines' ends, moved apart where they would cover each other."""
    ends = sorted(((up.at(line.points[-1][1]), line) for line in lines), key=lambda one: one[0])
    named, last = [], float("-inf")
    for y, line in ends:
        last = max(y, last + APART)
        x = across.at(line.points[-1][0]) + 10
        named.append(
            _text(x, last + 4, f"{line.name}  {_short(line.points[-1][1])}", "name", fill=line.colour)
        )
    return named


def _short(number: float) -> str:
    """A number in few letters: 50,000,000 is 50 M."""
    for least, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= least:
            return f"{number / least:g}{letter}"
    return f"{number:g}"


def _rule(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{GRID}"/>'


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start", fill: str = "") -> str:
    colour = f' fill="{fill}"' if fill else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{colour}>{escape(words)}</text>'
    )


def _picture(title: str, parts: Sequence[str]) -> str:
    style = (
        f".head{{font:600 16px system-ui;fill:{TEXT}}}.quiet{{font:12px system-ui;fill:{QUIET}}}"
        ".name{font:600 13px system-ui}"
    )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{style}</style>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )
