"""From bank columns to extract columns: every shipped mapping, what the load fills in, what is not read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bankmine.bank.catalogue import table
from bankmine.sources import load_mapping, mappings
from bankmine.sources.lineage import NOT_FILLED, MappingLineage


@pytest.mark.parametrize("mapping", mappings(), ids=lambda one: one.name)
def test_every_column_of_a_shipped_mapping_is_traced_or_says_why_not(mapping) -> None:  # type: ignore[no-untyped-def]
    lineage = MappingLineage(mapping)
    for name in mapping.tables:
        for column in table(name).all_columns:
            one = lineage.trace(name, column.name)[0]
            assert one.extracts or one.expressions or one.note, one.name
            assert "cannot be traced" not in one.note, one.name
            for extract in one.extracts:
                source, _, given = extract.partition(".")
                headers = [form.columns for form in mapping.extracts[source].alternatives if form.columns]
                assert not headers or any(given in header for header in headers), extract


def test_a_column_is_followed_through_joins_unions_and_common_table_expressions() -> None:
    lineage = MappingLineage(load_mapping("berka"))
    status = lineage.trace("loan", "status")[0]
    assert status.extracts == ("loans.status",)
    assert status.expressions[0] == "NULL"
    assert "WHEN 'A' THEN 'finished'" in status.expressions[1]
    assert lineage.trace("loan", "customer_id")[0].extracts == ("dispositions.client_id",)
    counterparty = lineage.trace("transaction", "counterparty_id")[0]
    assert counterparty.extracts == ("trans.account", "trans.bank")
    assert counterparty.note == "kept as a pseudonym"


def test_what_the_load_fills_in_leads_on_to_what_it_is_made_of() -> None:
    lineage = MappingLineage(load_mapping("berka"))
    names = [one.name for one in lineage.trace("transaction", "base_minor")]
    assert names == ["transaction.base_minor", "transaction.amount_minor", "transaction.currency"]
    base, amount, currency = lineage.trace("transaction", "base_minor")
    assert base.note == "the load converts amount_minor to CZK, at the last rate known"
    assert (amount.expressions, amount.extracts) == (("as_minor(amount)",), ("trans.amount",))
    assert (currency.expressions, currency.extracts) == (("'CZK'",), ())
    owner = lineage.trace("transaction", "customer_id")
    assert [one.name for one in owner][2:] == ["account_party.customer_id", "account_party.role"]
    handbook = MappingLineage(load_mapping("fraud_handbook"))
    assert handbook.trace("transaction", "is_primary")[0].note.startswith("true")
    assert lineage.trace("transaction", "mcc")[0].note == NOT_FILLED
    assert lineage.trace("contact", "response")[0].note == "the mapping fills no table contact"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT FROM WHERE", "branch.sql is not understood"),
        ("SELECT * FROM loose", "selects * from an extract"),
    ],
)
def test_sql_that_cannot_be_read_is_said_so(tmp_path: Path, sql: str, why: str) -> None:
    shipped = load_mapping("berka")
    loose = replace(shipped.extracts["trans"], name="loose", alternatives=())
    own = replace(shipped, folder=tmp_path, extracts={"loose": loose})
    (tmp_path / "branch.sql").write_text(sql, encoding="utf-8")
    assert why in MappingLineage(own).trace("branch", "region_id")[0].note
