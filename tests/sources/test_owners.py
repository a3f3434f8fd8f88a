"""Who owned an account when, against a slow and obvious twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.sources.contract import load_order
from bankmine.sources.owners import MOST_OWNERS, Owners

spans = st.lists(
    st.tuples(st.integers(-2, 2), st.integers(-6, 6), st.integers(0, 9), st.integers(0, 12)), max_size=40
)
events = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 12)), max_size=12)


def naive(
    owned: list[tuple[int, int, int, int]], happened: list[tuple[int, int]]
) -> list[tuple[int, int, bool, bool]]:
    rows = []
    for row, (account, time) in enumerate(happened):
        found = sorted({c for a, c, start, end in owned if a == account and start <= time < end})
        if not found:
            rows.append((row, 0, False, False))
        elif len(found) > MOST_OWNERS:
            rows.append((row, found[0], True, True))
        else:
            rows += [(row, customer, customer == found[0], True) for customer in found]
    return rows


@settings(max_examples=300, deadline=None)
@given(spans, events)
def test_owners_equal_the_twin(
    owned: list[tuple[int, int, int, int]], happened: list[tuple[int, int]]
) -> None:
    columns = np.array(owned, np.int64).reshape(-1, 4).T
    asked = np.array(happened, np.int64).reshape(-1, 2).T
    row, customer, primary, is_owned = Owners.of(*columns).expand(asked[0], asked[1])
    got = list(zip(row.tolist(), customer.tolist(), primary.tolist(), is_owned.tolist(), strict=True))
    assert got == naive(owned, happened)


def test_tables_are_loaded_after_those_they_point_at() -> None:
    order = load_order(
        ["transaction", "loan", "account", "account_party", "card", "customer", "region", "branch"]
    )
    assert sorted(order) == sorted(set(order))
    for first, then in [
        ("region", "customer"), ("customer", "account_party"), ("account", "account_party"),
        ("account_party", "transaction"), ("account", "card"), ("branch", "account"), ("account", "loan"),
    ]:  # fmt: skip
        assert order.index(first) < order.index(then)
