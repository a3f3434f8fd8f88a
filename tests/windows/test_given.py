"""Keys, positions and instants are read exactly as given, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from memory_warehouse import MemoryWarehouse

from bankmine.bank.civil import DAY
from bankmine.errors import UsageError
from bankmine.windows import events, replay, snapshot, windows
from bankmine.windows.given import instant, instants, whole_numbers
from bankmine.windows.parts import part_table, question

COUNTS = windows(events("transaction"), over=["30d"], aggregate=["count"])
AT = 40 * DAY
NO_NUMBERS: dict[str, Any] = {
    "floats of NumPy": np.array([1.0, np.nan]),
    "floats": [1, 2.0],
    "texts": ["1"],
    "booleans": [True],
    "a missing value": [1, None],
    "a missing value in Arrow": pa.array([1, None]),
    "a masked value": np.ma.masked_array([1, 2], [False, True]),  # type: ignore[no-untyped-call]
    "a number beyond 64 bits": [2**63],
    "a number far beyond 64 bits": [2**70, -1],
    "an unsigned number beyond 64 bits": np.array([2**63], np.uint64),
    "a number beyond 64 bits beside a negative one": [-1, 2**63],
    "a list of lists": [[1, 2]],
    "a ragged list": [[1], [2, 3]],
    "a set": {1},
    "a date": [date(2024, 1, 1)],
}


@pytest.fixture(scope="module")
def bank() -> MemoryWarehouse:
    rows = [{"transaction_id": n, "event_time": 30 * DAY, "seq": n} for n in range(3)]
    return MemoryWarehouse({"transaction": rows}, coverage=(0, 90 * DAY))


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_whole_number_is_refused(kind: str) -> None:
    for read in (whole_numbers, instants):
        with pytest.raises(UsageError, match="subjects"):
            read(NO_NUMBERS[kind], "subjects")


def test_floats_are_asked_whether_the_ids_held_nulls() -> None:
    with pytest.raises(UsageError, match="an id column that held nulls"):
        whole_numbers(np.array([1.0]), "subjects")


def test_every_whole_number_of_64_bits_is_read_exactly() -> None:
    given = [-(2**63) + 1, -1, 2**53 + 1, 2**63 - 1]
    for column in (given, tuple(given), np.array(given), np.array(given, object), pa.array(given)):
        assert whole_numbers(column, "keys").tolist() == given
    assert whole_numbers(np.array([5], np.uint64), "keys").tolist() == [5]
    assert whole_numbers([], "keys").tolist() == []
    with pytest.raises(UsageError, match="marks what is missing"):
        whole_numbers([-(2**63)], "keys")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "D"])
def test_datetimes_of_every_unit_are_the_same_microseconds(unit: Any) -> None:
    column = np.array([AT], "datetime64[us]").astype(f"datetime64[{unit}]")
    assert instants(column, "cutoffs").tolist() == [AT]


def test_arrow_and_python_instants_are_microseconds() -> None:
    when = datetime(2024, 3, 1, 12, tzinfo=UTC)
    expected = [int(when.timestamp()) * 1_000_000]
    for given in (pa.array([when]), [when], when, [when.astimezone(timezone(timedelta(hours=5)))]):
        assert instants(given, "cutoffs").tolist() == expected
    assert instant(when, "as_of") == expected[0]


@pytest.mark.parametrize(
    "given",
    [
        np.array(["NaT"], "datetime64[us]"), np.array([1], "datetime64[ns]"),
        np.array([2**60], "datetime64[s]"),
        [datetime(2024, 3, 1)], [datetime(2024, 3, 1, tzinfo=UTC), 5], pa.array([None], pa.timestamp("us")),
    ],
)  # fmt: skip
def test_instants_that_are_none_exactly_are_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="cutoffs"):
        instants(given, "cutoffs")


def test_snapshots_and_replays_read_instants_of_any_unit(bank: MemoryWarehouse) -> None:
    seconds = np.array([AT // 1_000_000], "datetime64[s]")
    assert snapshot(bank, COUNTS, [1], seconds, as_of=seconds).column(0).to_pylist() == [3]
    asked = question(bank, COUNTS, [*seconds, *seconds])
    assert asked.cutoffs == (AT,)
    assert replay(bank, COUNTS, since=seconds).num_rows == 0
    assert replay(bank, COUNTS, until=seconds).num_rows == 3


def test_float_keys_are_refused_wherever_they_are_given(bank: MemoryWarehouse) -> None:
    asked = question(bank, COUNTS, [AT])
    for wrong in (
        lambda: snapshot(bank, COUNTS, np.array([1.0]), [AT]),
        lambda: snapshot(bank, COUNTS, [1], np.array([float(AT)])),
        lambda: snapshot(bank, COUNTS, [1], [AT], seqs=[1.0], seq_table="transaction"),
        lambda: question(bank, COUNTS, [float(AT)]),
        lambda: part_table(bank, asked, 0, np.array([1.0])),
        lambda: replay(bank, COUNTS, since=0.5),
    ):
        with pytest.raises(UsageError, match="hold floats"):
            wrong()


def test_a_seq_table_no_feature_looks_at_is_refused(bank: MemoryWarehouse) -> None:
    with pytest.raises(UsageError, match="no table of the features"):
        snapshot(bank, COUNTS, [1], [AT], seqs=[1], seq_table="balance")
    assert snapshot(bank, COUNTS, [1], [AT], seq_table="transaction").num_rows == 1


def test_a_part_that_does_not_exist_is_refused(bank: MemoryWarehouse) -> None:
    asked = question(bank, COUNTS, [AT])
    for part in (-1, asked.parts):
        with pytest.raises(UsageError, match="there is no part"):
            part_table(bank, asked, part)


def test_a_replay_that_ends_before_it_begins_is_refused(bank: MemoryWarehouse) -> None:
    with pytest.raises(UsageError, match="since lies after until"):
        replay(bank, COUNTS, since=AT, until=0)
