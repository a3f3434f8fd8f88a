"""Nodes of a network's picture stand on rings by steps, each in its own place, and edges know their ends."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.report.network import depths, places
from bankmine.report.pictures import Edge, Network, Node


@st.composite
def sources(draw) -> list[int | None]:
    """A tree of at most sixty nodes and three rings, each node after its source."""
    made: list[int | None] = [None]
    for _ in range(draw(st.integers(0, 59))):
        near = [place for place, depth in enumerate(depths(made)) if depth < 3]
        made.append(draw(st.sampled_from(near)))
    return made


@given(sources())
def test_no_two_nodes_meet_and_each_stands_on_its_ring(given):
    found, depth = places(given), depths(given)
    rings = max(1, *depth)
    for (x, y), steps in zip(found, depth, strict=True):
        assert math.hypot(x, y) == pytest.approx(steps / rings)
    apart = [math.dist(a, b) for place, a in enumerate(found) for b in found[:place]]
    assert not apart or min(apart) > 1e-3


def test_the_table_has_a_row_for_each_edge_with_its_steps():
    nodes = [Node(name="a"), Node(name="b", source=0), Node(name="c", source=1)]
    edges = [Edge(one=0, other=1, text="phone"), Edge(one=1, other=2, text="household")]
    _, rows = Network(nodes=nodes, edges=edges).tabulate()
    assert rows == [["a", "b", "phone", 1], ["b", "c", "household", 2]]


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ([Node(name="a", source=0)], []),
        ([Node(name="a"), Node(name="b")], []),
        ([Node(name="a"), Node(name="b", source=2), Node(name="c", source=0)], []),
        ([Node(name="a")], [Edge(one=0, other=1, text="phone")]),
    ],
)
def test_a_node_without_a_source_before_it_or_an_edge_to_nowhere_is_refused(nodes, edges):
    with pytest.raises(UsageError):
        Network(nodes=nodes, edges=edges)
