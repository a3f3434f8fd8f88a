"""The network as it stood at a cutoff: kernels against a graph built anew, features, reasons, bad input."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_network import component, graph, neighbours

from bankmine.errors import UsageError
from bankmine.mining.network.around import neighbour_reasons, neighbourhood, network_features
from bankmine.mining.network.components import Components, components_at
from bankmine.mining.network.links import FOREVER, UNKNOWN, Links, links_from_table, links_of, sightings
from bankmine.mining.network.page_rank import page_rank
from bankmine.mining.network.picture import picture

PARTIES, ELEMENTS = 9, 4
KINDS = ("phone", "device", "household")


@st.composite
def networks(draw: st.DrawFn) -> Links:
    node = st.integers(0, PARTIES + ELEMENTS - 1)
    row = st.tuples(node, node, st.integers(0, 2), st.integers(0, 12), st.integers(1, 9))
    rows = [r for r in draw(st.lists(row, max_size=40)) if min(r[0], r[1]) < PARTIES]
    one, other, kind, since, lasts = (
        (np.array(c, dtype=np.int64) for c in zip(*rows, strict=True))
        if rows
        else (np.zeros(0, dtype=np.int64) for _ in range(5))
    )
    until = np.where(lasts == 9, FOREVER, since + lasts)
    return links_of(one, other, kind, since, until, kinds=KINDS, parties=PARTIES, elements=ELEMENTS)


ROW = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.integers(0, 1), st.integers(0, 9), st.integers(-1, 6)
)


@given(st.lists(ROW, max_size=30))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_clean_links_stand_exactly_when_a_raw_one_does(rows: list[tuple[int, ...]]) -> None:
    one, other, kind, since, lasts = (np.array([r[c] for r in rows], dtype=np.int64) for c in range(5))
    links = links_of(one, other, kind, since, since + lasts, kinds=("a", "b"), parties=4)
    for cutoff in range(-1, 17):
        raw = {
            (min(a, b), max(a, b), k)
            for a, b, k, begin, lasting in rows
            if a != b and begin <= cutoff < begin + lasting
        }
        here = links.at(cutoff)
        clean = list(zip(links.one[here], links.other[here], links.kind[here], strict=True))
        assert set(clean) == raw
        assert len(clean) == len(raw)
    assert len(links) + sum(links.left_out.values()) == len(rows)


EVERY = [(party, cutoff) for party in range(PARTIES) for cutoff in range(-1, 15)]
PARTY, CUTOFF = (np.array(column) for column in zip(*EVERY, strict=True))


@given(networks())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_components_of_standing_links_are_those_of_a_graph_built_anew(links: Links) -> None:
    found = components_at(links, PARTY, CUTOFF)
    for place, (party, cutoff) in enumerate(EVERY):
        near = graph(links, cutoff)
        inside = {node for node in component(near, party) if node < PARTIES}
        assert found.size[place] == len(inside)
        same = (cutoff == CUTOFF) & (found.root == found.root[place])
        assert set(PARTY[same].tolist()) == inside


@given(networks())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_components_of_all_links_ever_begun_are_those_of_a_graph_built_anew(links: Links) -> None:
    found = Components.of(links).at(PARTY, CUTOFF)
    for place, (party, cutoff) in enumerate(EVERY):
        near = graph(links, cutoff, forget=False)
        inside = {node for node in component(near, party) if node < PARTIES}
        assert found.size[place] == len(inside)
        same = (cutoff == CUTOFF) & (found.root == found.root[place])
        assert set(PARTY[same].tolist()) == inside


@given(networks(), st.lists(st.integers(0, 16), min_size=PARTIES, max_size=PARTIES))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_features_count_what_a_graph_built_anew_shows(links: Links, bad: list[int]) -> None:
    table = network_features(links, PARTY, CUTOFF, window=3, bad_known_at=bad)
    rows = table.to_pylist()
    for row, (party, cutoff) in zip(rows, EVERY, strict=True):
        near = graph(links, cutoff)
        first = neighbours(links, near, party)
        second = {far for one in first for far in neighbours(links, near, one)} - set(first) - {party}
        bads = [one for one in first if bad[one] <= cutoff]
        assert row["neighbours"] == len(first)
        assert row["new_neighbours"] == sum(since > cutoff - 3 for since, _ in first.values())
        assert row["bad_neighbours"] == len(bads)
        assert row["bad_share"] == (len(bads) / len(first) if first else None)
        assert row["since_last_bad"] == (cutoff - max(bad[one] for one in bads) if bads else None)
        assert row["second_neighbours"] == len(second)
        assert row["bad_second_neighbours"] == sum(bad[one] <= cutoff for one in second)
        for place, kind in enumerate(KINDS):
            assert row[f"neighbours_by_{kind}"] == sum(place in kinds for _, kinds in first.values())
        around = neighbourhood(links, party, cutoff, hops=2)
        shown = {int(n) for n, h in zip(around.node, around.hop, strict=True) if h > 0 and n < PARTIES}
        assert shown == set(first) | second


@given(networks(), st.integers(0, 12))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_comes_after_the_cutoff_changes_nothing(links: Links, cutoff: int) -> None:
    before = links.since <= cutoff
    one, other, kind, since, until = (
        part[before] for part in (links.one, links.other, links.kind, links.since, links.until)
    )
    until = np.where(until > cutoff, FOREVER, until)
    cut = Links(one, other, kind, since, until, links.kinds, links.parties, links.nodes)
    bad = np.arange(PARTIES)
    late = np.where(bad > cutoff, FOREVER, bad)
    every = np.arange(PARTIES)
    whole = network_features(links, every, cutoff, window=3, bad_known_at=bad)
    assert whole.equals(network_features(cut, every, cutoff, window=3, bad_known_at=late))
    assert page_rank(links, cutoff).tobytes() == page_rank(cut, cutoff).tobytes()


def star(leaves: int, most: int) -> Links:
    every = np.arange(1, leaves + 1)
    return links_of(
        np.zeros(leaves), every, np.zeros(leaves), every, kinds=("employer",), parties=leaves + 1, most=most
    )


def test_a_hub_ends_when_it_becomes_one_and_not_before() -> None:
    links = star(10, most=4)
    assert [(hub.node, hub.links, hub.since) for hub in links.hubs] == [(0, 10, 5)]
    assert components_at(links, [0, 0], [4, 5]).size.tolist() == [5, 1]
    assert links.left_out["hub"] == 6
    assert star(4, most=4).hubs == ()


def test_a_hub_is_an_element_too() -> None:
    parties = np.arange(50)
    links = links_of(
        parties, np.full(50, 50), np.zeros(50), parties, kinds=("phone",), parties=50, elements=1, most=9
    )
    assert links.hubs[0].node == 50
    assert network_features(links, [3], 49, window=5)["neighbours"].to_pylist() == [0]


def test_rows_that_are_no_links_are_left_out_and_counted() -> None:
    links = links_of(
        [0, 0, 0, 0, 0, 1, 0], [0, 1, 1, 2, 2, 0, 1], [0] * 7, [1, 1, UNKNOWN, 99, 5, 2, 9],
        [UNKNOWN, 4, 9, UNKNOWN, 5, 6, 10], kinds=("phone",), parties=3, as_of=50,
    )  # fmt: skip
    assert links.left_out == {
        "self link": 1, "unknown time": 1, "dated later": 1, "ends before it begins": 1, "duplicate": 1,
        "hub": 0,
    }  # fmt: skip
    assert list(zip(links.since.tolist(), links.until.tolist(), strict=True)) == [(1, 6), (9, 10)]


def test_a_link_is_seen_from_when_it_was_known() -> None:
    links = links_of([0], [1], [0], [3], known=[8], kinds=("phone",), parties=2)
    assert components_at(links, [0, 0], [7, 8]).size.tolist() == [1, 2]


def test_sightings_expire_and_are_renewed() -> None:
    links = sightings([0, 0, 1], [1, 1, 0], [0, 0, 0], [0, 5, 30], lasts=10, kinds=("device",), parties=2)
    assert list(zip(links.since.tolist(), links.until.tolist(), strict=True)) == [(0, 15), (30, 40)]
    assert components_at(links, [0] * 4, [14, 15, 30, 40]).size.tolist() == [2, 1, 2, 1]


def test_links_of_a_table_read_dates_names_and_nulls() -> None:
    table = pa.table(
        {
            "from_id": ["b", "a"], "to_id": ["c", "b"], "kind": ["phone", "household"],
            "valid_from": pa.array([19_000, None], pa.date32()),
            "valid_to": pa.array([None, None], pa.date32()),
        }
    )  # fmt: skip
    links, names = links_from_table(table, as_of=FOREVER - 1)
    assert names.to_pylist() == ["a", "b", "c"]
    assert links.since.tolist() == [19_000 * 86_400_000_000]
    assert links.left_out["unknown time"] == 1
    with pytest.raises(UsageError, match="lack the column 'kind'"):
        links_from_table(table.drop_columns(["kind"]), as_of=0)


def test_wrong_asks_are_refused() -> None:
    links = star(3, most=9)
    with pytest.raises(UsageError, match="party"):
        components_at(links, [4], 1)
    with pytest.raises(UsageError, match="cutoffs"):
        components_at(links, [1, 2, 3], [1, 2])
    with pytest.raises(UsageError, match="node that does not exist"):
        links_of([0], [5], [0], [0], kinds=("a",), parties=2)
    with pytest.raises(UsageError, match="two elements"):
        links_of([2], [3], [0], [0], kinds=("a",), parties=2, elements=2)
    with pytest.raises(UsageError, match="not positive"):
        network_features(links, [0], 1, window=0)
    with pytest.raises(UsageError, match="cutoff is unknown"):
        network_features(links, [0], float("nan"), window=3)
    with pytest.raises(UsageError, match="by a mask"):
        page_rank(links, 1, restart=np.ones(4, dtype=bool))
    with pytest.raises(UsageError, match="1 names"):
        picture(links, 0, 1, names=["Ann"])


def test_a_table_is_read_as_of_a_date_and_its_parties_have_one_type() -> None:
    day = datetime.date(2024, 1, 2)
    table = pa.table({"from_id": ["a", "a"], "to_id": ["b", "c"], "kind": ["phone"] * 2,
                      "valid_from": [day, day + datetime.timedelta(1)]})  # fmt: skip
    links, names = links_from_table(table, as_of=day)
    assert (len(links), links.left_out["dated later"], names.to_pylist()) == (1, 1, ["a", "b", "c"])
    with pytest.raises(UsageError, match="parties are int64 and string"):
        links_from_table(table.set_column(0, "from_id", pa.array([1, 2])), as_of=day)


def test_fractions_and_words_are_refused_dates_and_missing_numbers_read() -> None:
    with pytest.raises(UsageError, match="fraction"):
        links_of([0], [1], [0], [0.5], kinds=("a",), parties=2)
    with pytest.raises(UsageError, match="given as"):
        links_of(["0"], [1], [0], [0], kinds=("a",), parties=2)
    days = np.array(["2024-01-02", "NaT"], dtype="datetime64[D]")
    links = links_of([0, 0], [1, 1], [0, 0], days, [np.nan, np.inf], kinds=("a",), parties=2)
    assert links.since.tolist() == [19_724 * 86_400_000_000]
    assert links.until.tolist() == [FOREVER]
    assert links.left_out["unknown time"] == 1


def test_who_is_bad_from_an_unknown_time_is_never_seen_and_times_may_be_negative() -> None:
    links = links_of([0, 0], [1, 2], [0, 0], [-50, -50], kinds=("a",), parties=3)
    row = network_features(links, [0], -10, window=5, bad_known_at=[FOREVER, UNKNOWN, -30]).to_pylist()[0]
    assert (row["bad_neighbours"], row["since_last_bad"]) == (1, 20)


def test_an_empty_network_leaves_everybody_alone() -> None:
    links = links_of([], [], [], [], kinds=KINDS, parties=3)
    row = network_features(links, [1], 5, window=2).to_pylist()[0]
    assert (row["component_size"], row["neighbours"], row["bad_share"]) == (1, 0, None)
    assert page_rank(links, 5).tolist() == pytest.approx([1 / 3] * 3)


def test_page_rank_of_a_star_is_that_of_the_formula() -> None:
    links = star(4, most=9)
    rank = page_rank(links, 10)
    middle = (0.15 / 5 + 0.85 * 4 * 0.15 / 5) / (1 - 0.85**2)  # r0 = .03 + .85·4·r, r = .03 + .85·r0/4
    assert rank[0] == pytest.approx(middle, abs=1e-9)
    assert rank.sum() == pytest.approx(1.0)
    near = page_rank(links, 10, restart=[1])
    assert near[1] > near[2] > 0


def test_reasons_name_the_bad_neighbours_last_known_first() -> None:
    links = links_of([0, 0, 0], [1, 2, 3], [0, 1, 2], [1, 1, 1], kinds=KINDS, parties=4)
    reasons = neighbour_reasons(links, [0, 1], 9, bad_known_at=[FOREVER, 2, 7, 10])
    told = [(reason.feature, reason.value, reason.contribution) for reason in reasons.row(0)]
    assert told == [("device", 2.0, 1 / 3), ("phone", 1.0, 1 / 3)]
    assert reasons.row(1) == []


def test_the_picture_is_safe_readable_and_the_same_every_time() -> None:
    links = links_of(
        [0, 0, 1], [1, 4, 4], [0, 1, 1], [1, 2, 3], kinds=("<phone>", "device"), parties=4, elements=1
    )
    names = ["<script>alert(1)</script>", "B&B", "c", "d", "device\x00 9"]
    first = picture(links, 0, 9, names=names, bad_known_at=[FOREVER, 3, FOREVER, FOREVER])
    assert first == picture(links, 0, 9, names=names, bad_known_at=[FOREVER, 3, FOREVER, FOREVER])
    assert "<script" not in first
    assert "\x00" not in first
    assert "B&amp;B" in first
    assert "3 nodes within 2 hops, 1 of them known to be bad" in first
    import xml.etree.ElementTree as tree

    assert tree.fromstring(first).tag.endswith("svg")


def test_no_two_nodes_of_a_picture_meet() -> None:
    draw = np.random.default_rng(4)
    one = np.concatenate([np.zeros(12), draw.integers(1, 13, 40)])
    other = np.concatenate([np.arange(1, 13), draw.integers(13, 90, 40)])
    links = links_of(one, other, np.zeros(52), np.arange(52), kinds=("phone",), parties=90)
    svg = picture(links, 0, 99, most=50)
    marks = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="(-?[\d.]+)" cy="(-?[\d.]+)"', svg)]
    assert len(marks) == neighbourhood(links, 0, 99, most=50).node.size > 40
    gaps = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(marks) for b in marks[:i]]
    assert min(gaps) > 20
