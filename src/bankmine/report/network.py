"""A picture of who is linked to whom around one: the middle, a ring a step, drawn without crossing rings.

Each follower gets the share of its source's angle that its own followers need (a radial tree, Eades 1992), so
places are the same every time and no two meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bankmine.errors import UsageError
from bankmine.report.parts import Tabulated
from bankmine.report.values import Column, Kind, Tone


@dataclass(frozen=True, kw_only=True)
class Node:
    """One of the picture; `source` is the place of the node it was reached from, None for the middle."""

    name: str
    source: int | None = None
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A link between two nodes, by their places, and what it is."""

    one: int
    other: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Network:
    """Nodes around the first of them, each after its source, and the edges between them."""

    kind: ClassVar[str] = "network"
    nodes: Sequence[Node]
    edges: Sequence[Edge]

    def __post_init__(self) -> None:
        for place, node in enumerate(self.nodes):
            if (node.source is None) != (place == 0) or (node.source is not None and node.source >= place):
                raise UsageError(
                    f"node {place} of a network has no source before it", hint="List sources first."
                )
        if any(max(edge.one, edge.other) >= len(self.nodes) for edge in self.edges):
            raise UsageError("an edge leads to no node of the network", hint="List all nodes.")

    def tabulate(self) -> Tabulated:
        columns = [
            Column(label="Linked"), Column(label="Linked to"), Column(label="Link"),
            Column(label="Steps", kind=Kind.NUMBER),
        ]  # fmt: skip
        depth = depths([node.source for node in self.nodes])
        rows = [
            [self.nodes[one.one].name, self.nodes[one.other].name, one.text,
             max(depth[one.one], depth[one.other])]
            for one in self.edges
        ]  # fmt: skip
        return columns, rows


def depths(sources: Sequence[int | None]) -> list[int]:
    """Steps of each node from the first."""
    found: list[int] = []
    for source in sources:
        found.append(0 if source is None else found[source] + 1)
    return found


def places(sources: Sequence[int | None]) -> list[tuple[float, float]]:
    """Where each node stands, from −1 to 1 across and up; the first at 0, 0, the last ring at 1."""
    depth, count = depths(sources), len(sources)
    leaves, followers = [0] * count, [[] for _ in range(count)]  # type: tuple[list[int], list[list[int]]]
    for place, source in enumerate(sources):
        if source is not None:
            followers[source].append(place)
    for place in reversed(range(count)):
        leaves[place] = max(1, sum(leaves[one] for one in followers[place]))
    middle, low = [0.0] * count, [0.0] * count
    turn = 2 * math.pi / leaves[0]
    for place in range(count):
        middle[place] = low[place] + turn * leaves[place] / 2
        begin = low[place]
        for one in followers[place]:
            low[one] = begin
            begin += turn * leaves[one]
    rings = max(1, *depth)
    return [
        (d / rings * math.sin(angle), d / rings * math.cos(angle))
        for d, angle in zip(depth, middle, strict=True)
    ]
