"""What is done for all customers of a large bank at once says what a loop over them says."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.mining.association.sequences import Sequences
from bankmine.tasks.behaviour.steps import Walks
from bankmine.tasks.cross_sell.holdings import Openings, _look, _openings
from bankmine.tasks.cross_sell.listing import FamilyOffers, _best, _ranked
from bankmine.tasks.cross_sell.margins import Product
from bankmine.tasks.cross_sell.offering import PRIOR, Chosen, Customers, preferences

QUICKLY = settings(max_examples=60, deadline=timedelta(seconds=5), derandomize=True)
FAMILIES = ("card", "fund", "savings")
names = st.sampled_from([*FAMILIES, "current", None])
held = st.lists(st.tuples(st.integers(-9, 9), names), max_size=40)


@QUICKLY
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), max_size=40, unique=True),
       st.lists(st.tuples(st.integers(-6, 6), st.integers(-1, 4)), max_size=40))  # fmt: skip
def test_the_row_of_a_customer_at_a_cutoff_is_found_wherever_it_is(
    rows: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    rows = sorted(rows, key=lambda one: one[::-1])
    customer, cutoff = (np.array([one[place] for one in rows], dtype=np.int64) for place in (0, 1))
    walks = Walks(customer, cutoff, Sequences.of([[] for _ in rows]))
    places = {one: place for place, one in enumerate(rows)}
    who, when = (np.array([one[place] for one in asked], dtype=np.int64) for place in (0, 1))
    assert walks.place(who, when).tolist() == [places.get(one, -1) for one in asked]


@QUICKLY
@given(held)
def test_a_look_holds_what_each_row_says(rows: list[tuple[int, str | None]]) -> None:
    table = pa.table({"customer_id": pa.array([one for one, _ in rows], pa.int64()),
                      "family": pa.array([name for _, name in rows], pa.string())})  # fmt: skip
    found = _look(7, table, FAMILIES)
    assert found.customers.tolist() == sorted({one for one, _ in rows})
    for place, customer in enumerate(found.customers.tolist()):
        assert found.holds[place].tolist() == [(customer, name) in rows for name in FAMILIES]


@QUICKLY
@given(held)
def test_openings_are_those_of_the_families_asked_about(rows: list[tuple[int, str | None]]) -> None:
    day = np.arange(len(rows))
    found = _openings(
        pa.table({"customer_id": pa.array([one for one, _ in rows], pa.int64()),
                  "family": pa.array([name for _, name in rows], pa.string()),
                  "product_code": pa.array([f"p{one}" for one in day], pa.string()),
                  "opened_on": pa.array(day, pa.int32()).cast(pa.date32()),
                  "joining": pa.array(day % 2 == 0)}), FAMILIES)  # fmt: skip
    kept = [place for place, (_, name) in enumerate(rows) if name in FAMILIES]
    assert found.day.tolist() == kept
    assert found.product.tolist() == [f"p{one}" for one in kept]
    assert [FAMILIES[one] for one in found.family] == [rows[one][1] for one in kept]
    assert found.only(found.day % 3 == 0).product.tolist() == [f"p{one}" for one in kept if one % 3 == 0]


@QUICKLY
@given(st.permutations(range(8)), st.lists(st.sampled_from(["low", "high", None]), min_size=8, max_size=8),
       st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["a", "b", "c"])), max_size=30))  # fmt: skip
def test_a_product_is_liked_as_often_as_customers_of_the_band_opened_it(
    ids: list[int], band: list[str | None], rows: list[tuple[int, str]]
) -> None:
    none = np.zeros(len(rows), np.int64)
    opened = Openings(
        np.array([one for one, _ in rows], dtype=np.int64), none, none, none.astype(bool),
        np.array([code for _, code in rows], dtype=object), FAMILIES,
    )  # fmt: skip
    products = [Product(code=one, name=one, family="fund", risk_class=None, margin_minor=1.0, how="")
                for one in ("a", "b")]  # fmt: skip
    who = Customers(np.array(ids), [""] * 8, None, [None] * 8, band, pa.table({}))
    of_band = dict(zip(ids, band, strict=True))
    mine = [(of_band[one], code) for one, code in rows if one in of_band and code in ("a", "b")]
    whole = np.array([sum(code == one for _, code in mine) for one in ("a", "b")], dtype=float)
    usual = whole / whole.sum() if mine else np.array([0.5, 0.5])
    for place, one in enumerate(band):
        own = np.array([mine.count((one, code)) for code in ("a", "b")])
        expected = (own + PRIOR * usual) / (own.sum() + PRIOR)
        assert np.allclose(preferences(products, opened, who)[place], expected, rtol=1e-12)


def offers(family: str, rows: list[tuple[int, int, bool]]) -> FamilyOffers:
    """Rows of a family: customer, profit, whether it may be offered."""
    count = len(rows)
    asked = SimpleNamespace(
        rows=pa.table({"customer_id": pa.array([one for one, _, _ in rows], pa.int64())}),
        probability=np.arange(count) / max(count, 1),
    )
    refused = ["" if may else "no" for _, _, may in rows]
    empty = np.zeros(count)
    chosen = Chosen([family] * count, [""] * count, [""] * count, empty, empty, refused)
    return FamilyOffers(family, cast("Any", asked), chosen, np.array([float(one) for _, one, _ in rows]), 0.1)


of_family = st.dictionaries(st.integers(0, 6), st.tuples(st.integers(-2, 3), st.booleans()), max_size=7).map(
    lambda found: [(one, *found[one]) for one in sorted(found)]
)


@QUICKLY
@given(of_family, of_family, of_family, st.integers(1, 3))
def test_offers_are_ranked_as_a_loop_over_customers_ranks_them(
    savings: list[tuple[int, int, bool]], card: list[tuple[int, int, bool]],
    fund: list[tuple[int, int, bool]], most: int,
) -> None:  # fmt: skip
    rows = {"savings": savings, "card": card, "fund": fund}
    families = [offers(name, one) for name, one in rows.items()]
    slow = []
    for customer in range(7):
        own = sorted((-profit, name) for name, each in rows.items() for who, profit, may in each
                     if who == customer and may and profit > 0)  # fmt: skip
        slow += [(minus, customer, rank, name) for rank, (minus, name) in enumerate(own[:most], start=1)]
    number, row, rank = _ranked(families, most)
    told = [(families[one].family, int(families[one].customers[at]), int(place))
            for one, at, place in zip(number, row, rank, strict=True)]  # fmt: skip
    assert told == [(name, customer, place) for _, customer, place, name in sorted(slow)]


@QUICKLY
@given(of_family, of_family)
def test_the_best_offer_is_the_one_that_brings_most(
    card: list[tuple[int, int, bool]], fund: list[tuple[int, int, bool]]
) -> None:
    families = [offers("card", card), offers("fund", fund)]
    profit, chance, place, row = _best(families, np.arange(7))
    for customer in range(7):
        may = [(-gain, at) for at, each in enumerate((card, fund)) for who, gain, open_ in each
               if who == customer and open_]  # fmt: skip
        if not may:
            assert (place[customer], row[customer]) == (-1, -1)
            continue
        gain, at = min(may)
        assert (profit[customer], place[customer]) == (-gain, at)
        assert families[at].customers[row[customer]] == customer
        assert chance[customer] == families[at].asked.probability[row[customer]]
