"""On data made by others: features at T equal those from data cut off at T, and from data spoilt after T."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.civil import DAY
from bankmine.bank.columns import Kind, Type
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.config import Config
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix
from bankmine.customers.population import customers_at
from bankmine.sources import load, load_mapping, warehouse_folder
from customers.honesty import differing
from shared_data import shared

ABSURD = 10**9
BANKS = {"cdnow": ("cdnow", "1998-01-15"), "berka": ("berka-pkdd99", "1994-02-15")}
INSTANT = pa.timestamp("us", tz="UTC")

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]


@pytest.fixture(scope="module", params=BANKS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, int]:
    """A loaded bank and a cutoff."""
    data, cutoff = BANKS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    mapping = load_mapping(request.param)
    config = Config(
        folder=folder, name=request.param, mapping=request.param, extracts=shared(data),
        time_zone=mapping.time_zone, currency=mapping.currency, keys=folder / "keys",
    )  # fmt: skip
    load(config)
    warehouse = Warehouse.open(warehouse_folder(config))
    return warehouse, warehouse.zone.parse(cutoff)


def micros(column: Any) -> Any:
    return pc.fill_null(column.cast(INSTANT).cast(pa.int64()), np.iinfo(np.int64).max).to_numpy()


def is_past(name: str, rows: Any, cutoff: int) -> Any:
    kind = bank_table(name).kind
    past = micros(rows.column("known_at")) <= cutoff
    if kind is Kind.EVENT:
        past &= micros(rows.column("event_time")) < cutoff
    if kind is Kind.VERSIONED:
        past &= micros(rows.column("valid_from")) <= cutoff
    return past


def with_absurd(name: str, rows: Any, where: Any) -> Any:
    """The rows with absurd amounts, turned directions, other codes and moved dates where marked."""
    keys = {*bank_table(name).primary_key, "customer_id", "kind"}
    for column in bank_table(name).columns:
        if column.name in keys or column.encrypted:
            continue
        value: Any = {Type.MONEY: ABSURD, Type.REAL: 0.5, Type.INTEGER: 1900, Type.KEY: 1}.get(column.type)
        if column.type is Type.CODE:
            value = column.allowed[0] if column.allowed else "poison"
        if value is None:
            continue
        place = rows.column_names.index(column.name)
        plain = rows.column(place).cast(column.arrow_type())
        spoilt = pc.if_else(pa.array(where), pa.scalar(value, plain.type), plain)
        rows = rows.set_column(place, column.name, spoilt)
    return rows


def copied(warehouse: Warehouse, folder: Path, change: Any) -> Warehouse:
    """A warehouse with changed rows, the same coverage and number of loads."""
    made = Warehouse.create(
        folder, time_zone=warehouse.manifest.time_zone, currency=warehouse.currency, key_identity="copy"
    )
    with writing(made.folder) as writer:
        for name in warehouse.tables():
            rows = change(name, warehouse.read(name))
            writer.append(name, rows.drop(["load_number"]).cast(_schema(name)))
        (first,) = warehouse.manifest.loads
        return writer.commit(replace(first, load_id="copy"))


def _schema(name: str) -> Any:
    return pa.schema([field for field in bank_table(name).schema() if field.name != "load_number"])


def test_features_equal_those_of_data_cut_off_at_the_cutoff(
    case: tuple[Warehouse, int], tmp_path: Path
) -> None:
    warehouse, cutoff = case
    short = copied(
        warehouse, tmp_path / "short", lambda name, rows: rows.filter(pa.array(is_past(name, rows, cutoff)))
    )
    names = CATALOGUE.available(warehouse, as_of=cutoff).names_of("customer")
    assert len(names) > 40
    rows, _ = customers_at(warehouse, cutoff)
    assert rows.num_rows > 1000
    assert customers_at(short, cutoff)[0].equals(rows)
    assert differing(matrix(warehouse, rows, names), matrix(short, rows, names), names) == []


def test_absurd_values_after_the_cutoff_change_nothing(case: tuple[Warehouse, int], tmp_path: Path) -> None:
    """Also corrections of every past row that became known a day after the cutoff."""
    warehouse, cutoff = case

    def spoilt(name: str, rows: Any) -> Any:
        past = is_past(name, rows, cutoff)
        late = with_absurd(name, rows.filter(pa.array(past)), np.ones(int(past.sum()), bool))
        known = pa.repeat(pa.scalar(cutoff + DAY, INSTANT), late.num_rows)
        late = late.set_column(late.column_names.index("known_at"), "known_at", known)
        parts = [part.cast(bank_table(name).schema()) for part in (with_absurd(name, rows, ~past), late)]
        return pa.concat_tables(parts)

    poison = copied(warehouse, tmp_path / "poison", spoilt)
    names = CATALOGUE.available(warehouse, as_of=cutoff).names_of("customer")
    rows, _ = customers_at(warehouse, cutoff)
    honest = matrix(warehouse, rows, names)
    assert differing(honest, matrix(poison, rows, names), names) == []
    later = matrix(poison, rows, names, as_of=cutoff + 2 * DAY)
    assert len(differing(honest, later, names)) > 20  # the poison is there for who looks too far
