"""A picture of a party's neighbourhood at a cutoff: SVG, the same bytes every time.

The party stands in the middle, neighbours on a ring, those two hops away on the next; each has the part of
the ring that its own followers need, so no two nodes meet and lines do not cross between rings. Bads are
squares, elements small circles: shapes tell them apart, not colour alone. No script, no style, no font file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.network.around import Neighbourhood, neighbourhood
from bankmine.mining.network.bads import bads_of
from bankmine.mining.network.links import FOREVER, Links

_GAP, _WIDEST = 110.0, 240.0  # between rings
_ARC = 62.0  # wanted between neighbours of the first ring
_HALO = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
_LONGEST = 18


def picture(
    links: Links,
    party: int,
    cutoff: int,
    *,
    names: Sequence[str] | None = None,
    bad_known_at: Any = None,
    hops: int = 2,
    most: int = 60,
) -> str:
    """SVG of who stands within `hops` of a party at a cutoff, at most `most` nodes.

    `names` (nodes): what to write at each node, cut to 18 signs and escaped; None: its number. The title says
    how many are shown and how many of them were known to be bad.
    """
    if names is not None and len(names) != links.nodes:
        raise UsageError(f"{len(names)} names were given", hint=f"Give one for each of {links.nodes} nodes.")
    around = neighbourhood(links, party, cutoff, hops=hops, most=most)
    party_of = np.where(around.node < links.parties, around.node, -1)
    bad = (bads_of(links.parties, bad_known_at).began(party_of, cutoff) != FOREVER).tolist()
    depth = _depths(around)
    x, y = _places(around, depth)
    title = f"{around.node.size} nodes within {hops} hops, {sum(bad)} of them known to be bad"
    lines = [_line(links, around, place, x, y) for place in range(1, around.node.size)]
    marks = [
        _mark(x[place], y[place], bad[place], int(node) >= links.parties, place == 0)
        for place, node in enumerate(around.node)
    ]
    words = [_word(x[place], y[place], _name(names, int(node))) for place, node in enumerate(around.node)]
    left, top = min(x) - 70, min(y) - 30
    size = f"{left:.0f} {top:.0f} {max(x) - left + 70:.0f} {max(y) - top + 40:.0f}"
    how = f'viewBox="{size}" role="img" font-size="14" font-family="sans-serif"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {how}>'
    return "\n".join([head, f"<title>{title}</title>", *lines, *marks, *words, "</svg>\n"])


def _depths(around: Neighbourhood) -> list[int]:
    """Steps from the middle; an element is a step of its own."""
    depth = [0]
    for place in range(1, around.node.size):
        depth.append(depth[around.source[place]] + 1)
    return depth


def _places(around: Neighbourhood, depth: list[int]) -> tuple[list[float], list[float]]:
    """Each node gets the share of its parent's angle that its leaves are of the parent's leaves."""
    count = around.node.size
    leaves = [0] * count
    followers: list[list[int]] = [[] for _ in range(count)]
    for place in range(1, count):
        followers[around.source[place]].append(place)
    for place in sorted(range(count), key=lambda one: -depth[one]):
        leaves[place] = max(1, sum(leaves[one] for one in followers[place]))
    angle, low = [0.0] * count, [0.0] * count
    turn = 2 * math.pi / leaves[0]
    for place in sorted(range(count), key=lambda one: depth[one]):
        angle[place] = low[place] + turn * leaves[place] / 2
        begin = low[place]
        for one in followers[place]:
            low[one] = begin
            begin += turn * leaves[one]
    gap = min(_WIDEST, max(_GAP, _ARC * leaves[0] / (2 * math.pi)))
    x = [gap * d * math.sin(a) for d, a in zip(depth, angle, strict=True)]
    y = [-gap * d * math.cos(a) for d, a in zip(depth, angle, strict=True)]
    return x, y


def _line(links: Links, around: Neighbourhood, place: int, x: list[float], y: list[float]) -> str:
    source, kind = around.source[place], links.kinds[links.kind[around.link[place]]]
    ends = f'x1="{x[source]:.1f}" y1="{y[source]:.1f}" x2="{x[place]:.1f}" y2="{y[place]:.1f}"'
    at = f'x="{0.4 * x[source] + 0.6 * x[place]:.1f}" y="{0.4 * y[source] + 0.6 * y[place]:.1f}"'
    word = f'<text {at} fill="#5b6573" text-anchor="middle" font-size="12" {_HALO}>{_safe(kind)}</text>'
    return f'<line {ends} stroke="#9aa4b2"/>{word}'


def _mark(x: float, y: float, bad: bool, element: bool, middle: bool) -> str:
    if bad:
        return f'<rect x="{x - 7:.1f}" y="{y - 7:.1f}" width="14" height="14" fill="#b3261e"/>'
    fill = "#1f5fbf" if middle else "#ffffff" if element else "#7fa7dd"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if element else 7}" fill="{fill}" stroke="#1f5fbf"/>'


def _word(x: float, y: float, name: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y + 22:.1f}" text-anchor="middle" fill="#1c2430" {_HALO}>{_safe(name)}</text>'
    )


def _name(names: Sequence[str] | None, node: int) -> str:
    return str(node) if names is None else str(names[node])


def _safe(text: str) -> str:
    """Printable, short and escaped."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    short = clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
    return escape(short)
