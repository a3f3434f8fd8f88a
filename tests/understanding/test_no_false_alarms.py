"""What looks like a defect and is none: rows in batches, survivors, outcomes not known yet, refunds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from banks import Extract, write
from made_up import made_up

from bankmine.bank.catalogue import TABLES
from bankmine.understanding import Understanding, understand
from bankmine.understanding.detectors.direction import _against
from bankmine.understanding.detectors.keys import _turning_day

START = date(2022, 1, 1)
NOON = datetime(2022, 1, 1, 12, tzinfo=UTC)


def _rows(table: str, rows: int, /, **columns: Any) -> Any:
    """A table of the catalogue with these columns, the others empty."""
    schema = [field for field in TABLES[table].schema() if field.name != "load_number"]
    filled = [
        pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(filled, names=[field.name for field in schema])


def _contacts(rng: np.random.Generator) -> Any:
    """Eighteen campaigns of three weeks and 200 contacts, each with its own channel and price."""
    campaign = np.repeat(np.arange(18), 200)
    day = campaign * 81 + rng.integers(0, 21, campaign.size)
    at = [NOON + timedelta(days=int(d), minutes=i % 300) for i, d in enumerate(day)]
    channel = np.array(["email"] * 9 + ["phone"] * 8 + ["branch"])[campaign]
    cost = np.array([5] * 9 + [55] * 8 + [1050])[campaign]
    return _rows(
        "contact", campaign.size, contact_id=np.arange(campaign.size) + 1,
        customer_id=rng.integers(1, 400, campaign.size),
        campaign_id=[f"C{c:02d}" for c in campaign], channel=channel, cost_minor=cost, event_time=at,
        known_at=at, seq=np.arange(campaign.size), cancelled=np.zeros(campaign.size, bool),
    )  # fmt: skip


def _cards(rng: np.random.Generator) -> Any:
    """Cards of four years, each closed after some years unless that day is still to come."""
    size = 2_000
    issued = np.sort(rng.integers(0, 1_460, size))
    closed = issued + rng.integers(30, 500, size)
    at = [NOON + timedelta(days=int(d)) for d in issued]
    return _rows(
        "card", size, card_id=np.arange(size) + 1, account_id=np.arange(size) + 1,
        issued_on=[START + timedelta(days=int(d)) for d in issued],
        closed_on=[START + timedelta(days=int(d)) if d < 1_460 else None for d in closed],
        valid_from=at, known_at=at,
    )  # fmt: skip


def _loans(rng: np.random.Generator) -> Any:
    """Of what was granted in the first two years only mortgages still run, ten times as large."""
    size = 2_000
    granted = np.sort(rng.integers(0, 1_460, size))
    mortgage = (granted < 500) | (rng.random(size) < 0.1)
    principal = np.exp(rng.normal(np.where(mortgage, np.log(2e7), np.log(2e6)), 0.5)).astype(np.int64)
    at = [NOON + timedelta(days=int(d)) for d in granted]
    return _rows(
        "loan", size, loan_id=np.arange(size) + 1, account_id=np.arange(size) + 1,
        customer_id=np.arange(size) + 1,
        granted_on=[START + timedelta(days=int(d)) for d in granted], principal_minor=principal,
        valid_from=at, known_at=at,
    )  # fmt: skip


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory) -> Understanding:
    rng = np.random.default_rng(3)
    tables = {"contact": _contacts(rng), "card": _cards(rng), "loan": _loans(rng)}
    return understand(write(Extract("UTC", "EUR", tables), tmp_path_factory.mktemp("bank") / "warehouse"))


def test_campaigns_with_channels_and_prices_of_their_own_are_no_defect(understood: Understanding) -> None:
    assert [f.sentence for f in understood.defects if f.table == "contact"] == []


def test_cards_not_closed_yet_are_a_notice(understood: Understanding) -> None:
    told = [f for f in understood.findings if f.table == "card"]
    assert [f.is_defect for f in told] == [False]
    assert "closed_on is not yet filled" in told[0].sentence


def test_old_loans_that_still_run_are_not_in_another_unit(understood: Understanding) -> None:
    assert [f.sentence for f in understood.defects if f.table == "loan"] == []


def test_refunds_by_card_are_not_reversed(tmp_path: Path) -> None:
    extract = made_up(5, 200)
    rows = extract.tables["transaction"]
    channel, category = (np.array(rows.column(name).to_pylist(), object) for name in ("channel", "category"))
    direction = np.array(rows.column("direction").to_pylist(), object)
    refund = (channel == "card") & (np.random.default_rng(1).random(rows.num_rows) < 0.02)
    category[refund], direction[refund] = "refund", "in"
    channel[category == "salary"] = "giro"  # a channel that only pays in
    filled = {"channel": channel, "category": category, "direction": direction}
    for name, values in filled.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(name), pa.array(values, pa.string()))
    bank = write(Extract("UTC", "CZK", {"transaction": rows}), tmp_path / "warehouse")
    defects = understand(bank).defects
    assert [f.sentence for f in defects if f.kind == "reversed_direction"] == []


def test_directions_against_and_with_a_level_are_mirror_images() -> None:
    usual = {"channel": ("'salary'", "'card'")}
    salary, card = "\"channel\" IN ('salary')", "\"channel\" IN ('card')"
    condition = "((direction = '{}' AND " + salary + ") OR (direction = '{}' AND " + card + "))"
    assert _against("channel", usual) == condition.format("out", "in")
    assert _against("channel", usual, inward="out") == condition.format("in", "out")


class _Days:
    """Stands for a scan of 100 days with ten rows each."""

    days = np.arange(100)

    def by_day(self, conditions: list[str]) -> Any:
        return np.full((len(conditions), 100), 10)


def _spans(first: Any, last: Any) -> Any:
    return pa.table({"first_day": first, "last_day": last, "n": np.full(len(first), 4.0)})


def test_keys_renumbered_late_are_found_and_a_quiet_end_is_not() -> None:
    rng = np.random.default_rng(2)
    first = rng.integers(0, 90, 4_000)
    last = np.minimum(first + rng.integers(5, 60, 4_000), 99)
    inside = (last < 80) | (first >= 80)
    assert _turning_day(_Days(), _spans(first[inside], last[inside])) is not None  # type: ignore[arg-type]
    fading = np.minimum(first + rng.integers(20, 70, 4_000), 78 + rng.integers(0, 12, 4_000))
    late = rng.integers(88, 100, 350)  # keys seen for two days each, as of one incident
    starts = np.concatenate((np.minimum(first, fading), late))
    ends = np.concatenate((fading, np.minimum(late + 1, 99)))
    assert _turning_day(_Days(), _spans(starts, ends)) is None  # type: ignore[arg-type]
