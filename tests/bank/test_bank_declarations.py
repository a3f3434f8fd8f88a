"""What every bank table's declaration must hold to."""

import pytest

from bankmine.bank.catalogue import TABLES, table
from bankmine.bank.columns import Kind, Type
from bankmine.errors import UsageError


@pytest.mark.parametrize("name", TABLES)
def test_a_declaration_is_consistent(name: str) -> None:
    declared = TABLES[name]
    names = [column.name for column in declared.all_columns]
    assert len(names) == len(set(names))
    assert set(declared.primary_key) <= set(names)
    assert declared.sentence.endswith(".")
    for column in declared.columns:
        assert column.sentence.endswith("."), column.name
        if column.type is Type.KEY:
            assert column.domain, column.name
        if column.type is Type.MONEY:
            assert column.unit == "minor units", column.name
        if column.references:
            other = TABLES[column.references]
            first = other.column(other.primary_key[0])
            assert (first.type, first.domain) == (column.type, column.domain), column.name
        if column.known_by:
            assert declared.column(column.known_by).type is Type.INSTANT
        if column.encrypted:
            assert column.personal is not None
            assert declared.has("customer_id")
    if declared.per_owner:
        assert declared.has("account_id")
        assert declared.has("is_primary")


@pytest.mark.parametrize("name", [name for name, one in TABLES.items() if one.kind is Kind.EVENT])
def test_an_event_table_has_a_bucket_key(name: str) -> None:
    assert TABLES[name].column(str(TABLES[name].bucket_key)).type is Type.KEY


def test_a_near_name_is_offered() -> None:
    with pytest.raises(UsageError, match="transaction"):
        table("transactions")
