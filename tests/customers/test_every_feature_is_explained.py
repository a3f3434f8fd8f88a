"""Every feature of the catalogue can be told back to the columns it is made of."""

import pytest

from bankmine.bank.catalogue import TABLES
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.explain import explain
from bankmine.sources.lineage import tracing


@pytest.fixture(scope="module")
def trace():
    return tracing("simulated")


def test_every_feature_is_explained_down_to_columns_that_exist(trace):
    for name in CATALOGUE:
        said = explain(name, None, catalogue=CATALOGUE, trace=trace)
        assert said.columns or said.kind == "calendar", name
        for column in said.columns:
            table, _, field = column.partition(".")
            assert TABLES[table].has(field), (name, column)
