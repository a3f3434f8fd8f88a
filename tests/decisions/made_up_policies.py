"""Policies made up at random for property tests, and applicants at and around every edge of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from bankmine.decisions.credit_policy.conditions import Field, parse_condition
from bankmine.decisions.credit_policy.policy import Policy, Row
from bankmine.decisions.credit_policy.reading import read_policy

SHIPPED = (
    Path(__file__).parents[2] / "src" / "bankmine" / "decisions" / "credit_policy" / "tables"
    / "personal_loans.toml"
)  # fmt: skip
EDGES = (0.0, 0.03, 0.1, 0.25, 0.5, 1.0)
FIELDS = (
    Field("probability", "number", 0.0, 1.0, missing=True),
    Field("months", "whole", 0.0, 6.0),
    Field("product", "category", levels=("card", "loan"), others=True, missing=True),
)


def shipped() -> Policy:
    """The policy that is shipped as an example."""
    return read_policy(SHIPPED)


def _spans(edges: tuple[float, ...]) -> st.SearchStrategy[str]:
    ends = st.tuples(st.sampled_from(edges), st.sampled_from(edges)).map(sorted)
    closed = ends.map(lambda pair: f"[{pair[0]}, {pair[1]}]")
    half = ends.filter(lambda pair: pair[0] < pair[1]).flatmap(
        lambda pair: st.sampled_from([f"[{pair[0]}, {pair[1]})", f"({pair[0]}, {pair[1]}]"])
    )
    return st.one_of(closed, half, st.sampled_from(edges[1:-1]).map(lambda e: f">= {e} or = {edges[0]}"))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """One to six rows under either hit policy."""
    texts = {
        "probability": _spans(EDGES) | st.just("missing") | _spans(EDGES).map(lambda s: s + " or missing"),
        "months": _spans((0.0, 1.0, 2.0, 3.0, 5.0, 6.0)),
        "product": st.sampled_from(["card", "card | loan", "others", "not card", "loan | missing"]),
    }  # fmt: skip
    rows = []
    for place in range(draw(st.integers(1, 6))):
        named = draw(st.lists(st.sampled_from([field.name for field in FIELDS]), unique=True))
        when = {
            f.name: parse_condition(f, draw(texts[f.name]), where="row") for f in FIELDS if f.name in named
        }
        rows.append(Row(f"r{place}", when, draw(st.sampled_from(["approve", "decline"])), f"why{place}"))
    return Policy("made up", draw(st.sampled_from(["first", "unique"])), FIELDS, tuple(rows))


def everybody() -> list[dict[str, Any]]:
    """Applicants on, just below and just above every edge, with every category, and values not allowed."""
    around = sorted({x for e in EDGES for x in (e, math.nextafter(e, -9), math.nextafter(e, 9))})
    return [
        {"probability": probability, "months": months, "product": product}
        for probability in (*around, None, math.nan, math.inf)
        for months in (-1, 0, 1, 2, 2.5, 3, 4, 5, 6, 7)
        for product in ("card", "loan", "house", None)
    ]


def as_table(people: list[dict[str, Any]]) -> pa.Table:
    """Applicants as columns."""
    types = {"probability": pa.float64(), "months": pa.float64(), "product": pa.string()}
    return pa.table({name: pa.array([one[name] for one in people], kind) for name, kind in types.items()})
