"""What cannot be meant is refused, with what is allowed and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from subprocess import run
from typing import Any

import numpy as np
import pytest
from memory_warehouse import MemoryWarehouse

from bankmine.bank.civil import DAY, FIRST, LAST
from bankmine.errors import BankmineError, ConfigurationError, CutoffError, FeasibilityError, UsageError
from bankmine.windows import events, learnt, ratio, replay, snapshot, windows
from bankmine.windows.entries import all_together
from bankmine.windows.parts import question

spent = events("transaction").measure("base_minor")
MANY = [str(level) for level in range(257)]
REFUSED: dict[str, Callable[[], Any]] = {
    "there is no bank table": lambda: events("transactions"),
    "is a versioned table": lambda: events("account"),
    "is not a key": lambda: events("transaction", key="category"),
    "has no column 'colour'": lambda: events("transaction").where(colour="red"),
    "is never 'sideways'": lambda: events("transaction").where(direction="sideways"),
    "is compared with 5": lambda: events("transaction").where(category=5),
    "has no order": lambda: events("transaction").at_least(category=5),
    "cannot be a condition": lambda: events("transaction").where(lat=5),
    "cannot be summed exactly": lambda: events("transaction").measure("lat"),
    "cannot be counted": lambda: events("transaction").distinct("lat"),
    "cannot be 'all'": lambda: events("transaction").delayed("all"),
    "is not a length of time": lambda: windows(spent, over=["3 months"], aggregate=["sum"]),
    "there is no aggregate": lambda: windows(spent, over=["3mo"], aggregate=["median"]),
    "lacks its measure": lambda: windows(events("transaction"), over=["3mo"], aggregate=["sum"]),
    "lacks its distinct": lambda: windows(spent, over=["3mo"], aggregate=["distinct"]),
    "lacks its by": lambda: windows(spent, over=["3mo"], aggregate=["share"]),
    "cannot be told apart": lambda: windows(spent, over=["3mo"], aggregate=["sum"], by="category"),
    "a value twice": lambda: windows(spent, over=["1d"], aggregate=["sum"], by="mcc", levels=["a", "a"]),
    "has no months to compare": lambda: windows(spent, over=["30d"], aggregate=["trend"]),
    "cannot be part of a ratio": lambda: ratio(*windows(spent, over=["1d", "2d"], aggregate=["mean"])),
    "no single key": lambda: events("balance").verdict("fraud"),
    "longer than transaction events are valid": lambda: windows(spent, over=["25mo"], aggregate=["sum"]),
    "of 731d is longer": lambda: windows(spent, over=["731d"], aggregate=["sum"]),
    "of 61mo is longer": lambda: windows(spent.valid("60mo"), over=["61mo"], aggregate=["sum"]),
    "longer than a hundred years": lambda: windows(spent.valid("all"), over=["1201mo"], aggregate=["sum"]),
    "cannot be valid for '90d'": lambda: spent.valid("90d"),
    "asked whether it is missing": lambda: events("credit_application").lacking("bad"),
    "takes no scale": lambda: events("transaction").measure("base_minor", scale=100),
    "are too many": lambda: windows(spent, over=["1d"], aggregate=["sum"], by="mcc", levels=MANY),
    "257 levels cannot be learnt": lambda: learnt(257),
    "a levels cannot be learnt": lambda: learnt("a"),  # type: ignore[arg-type]
    "1.5 levels cannot be learnt": lambda: learnt(1.5),  # type: ignore[arg-type]
    "compared with no value": lambda: events("transaction").where(category=[]),
    "compared with None": lambda: events("transaction").where(category=None),  # type: ignore[arg-type]
    "compared with 1.5": lambda: events("transaction").where(base_minor=1.5),  # type: ignore[arg-type]
    "compared with 1180591620717411303424": lambda: events("transaction").where(merchant_id=2**70),
    "compared with 9223372036854775808": lambda: events("transaction").at_least(base_minor=2**63),
    "'100' is no scale": lambda: events("transaction").measure("lat", scale="100"),  # type: ignore[arg-type]
    "100.5 is no scale": lambda: events("transaction").measure("lat", scale=100.5),  # type: ignore[arg-type]
    "has no column 5": lambda: events("transaction").measure(5),  # type: ignore[arg-type]
    "5 is not a length of time": lambda: events("transaction").delayed(5),  # type: ignore[arg-type]
    "over holds 1": lambda: windows(spent, over=[1], aggregate=["sum"]),  # type: ignore[list-item]
    "over is None": lambda: windows(spent, over=None, aggregate=["sum"]),  # type: ignore[arg-type]
    r"aggregate is \[\]": lambda: windows(spent, over="1d", aggregate=[]),
    "levels holds 5": lambda: windows(spent, over="1d", aggregate="sum", by="mcc", levels=[5]),  # type: ignore[list-item]
    "is never 'up'": lambda: windows(spent, over="1d", aggregate="sum", by="direction", levels=["up"]),
    "levels are given without by": lambda: windows(spent, over="1d", aggregate="sum", levels=["a"]),
    "5 is no name": lambda: windows(spent, over="1d", aggregate="sum", name=5),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_a_declaration_that_cannot_be_meant_is_refused(message: str) -> None:
    with pytest.raises(BankmineError, match=message):
        REFUSED[message]()


def test_a_single_text_is_a_list_of_one_and_what_is_listed_twice_counts_once() -> None:
    once = windows(spent, over=["1mo"], aggregate=["count"], by="mcc", levels=["food"])
    assert windows(spent, over="1mo", aggregate="count", by="mcc", levels="food") == once
    assert windows(spent, over=["1mo"] * 2, aggregate=["count"] * 2, by="mcc", levels=["food"]) == once


def test_numbers_of_numpy_are_whole_numbers() -> None:
    plain = events("transaction").where(merchant_id=[5, 6], is_primary=True).at_least(base_minor=7)
    numpy = events("transaction").where(merchant_id=np.array([5, 6]), is_primary=np.True_)
    assert numpy.at_least(base_minor=np.int64(7)) == plain  # type: ignore[arg-type]
    assert learnt(np.int64(5)) == learnt(5)  # type: ignore[arg-type]


def bank(*amounts: int) -> MemoryWarehouse:
    rows = [
        {"transaction_id": n, "event_time": DAY, "seq": n, "base_minor": amount}
        for n, amount in enumerate(amounts)
    ]
    return MemoryWarehouse({"transaction": rows}, coverage=(0, 90 * DAY))


SUMS = windows(spent, over=["30d"], aggregate=["sum"])


def ask(warehouse: MemoryWarehouse, features: Any = SUMS, **more: Any) -> Any:
    return snapshot(warehouse, features, np.array([1]), np.array([40 * DAY]), **more)


def test_a_sum_beyond_64_bits_is_refused_not_wrapped() -> None:
    with pytest.raises(ConfigurationError, match="exceed 64 bits"):
        ask(bank(2**62, 2**62))


def test_amounts_too_large_for_sums_are_still_counted_and_compared() -> None:
    asked = windows(spent, over="30d", aggregate=["count", "max", "min"], name="n")
    found = snapshot(bank(2**63 - 1, 2**63 - 1), asked, [1], [20 * DAY])
    assert found.to_pylist() == [dict.fromkeys(found.column_names)]
    asked = windows(spent, over="10d", aggregate=["count", "max", "min"], name="n")
    found = snapshot(bank(2**63 - 1, 2**63 - 1), asked, [1], [11 * DAY])
    assert found.to_pylist() == [{"n_count_10d": 2, "n_max_10d": 2**63 - 1, "n_min_10d": 2**63 - 1}]
    for aggregate in ("sum", "mean", "variance", "std"):
        with pytest.raises(ConfigurationError, match=r"transaction\.base_minor .*up to 9223372036854775807"):
            ask(bank(2**63 - 1, 2**63 - 1), windows(spent, over="30d", aggregate=aggregate))


def test_the_number_that_marks_what_is_missing_is_refused_where_it_is_read() -> None:
    counts = windows(events("transaction"), over="30d", aggregate="count")
    warehouse = bank(1)
    warehouse.raw["transaction"][0]["customer_id"] = -(2**63)
    for read in (lambda: ask(warehouse, counts), lambda: replay(warehouse, counts)):
        with pytest.raises(ConfigurationError, match=r"transaction\.customer_id holds -2"):
            read()
    with pytest.raises(ConfigurationError, match=r"transaction\.base_minor holds -2"):
        ask(bank(-(2**63)), windows(spent, over="30d", aggregate="max"))
    distinct = windows(events("transaction").distinct("base_minor"), over="30d", aggregate="distinct")
    with pytest.raises(ConfigurationError, match=r"transaction\.base_minor holds -2"):
        ask(bank(-(2**63)), distinct)


def test_a_feature_named_as_a_column_beside_it_is_refused() -> None:
    counts = windows(events("transaction"), over="30d", aggregate="count")
    for name in ("customer_id", "cutoff"):
        with pytest.raises(ConfigurationError, match=f"named '{name}', as a column"):
            question(bank(1), [replace(counts[0], name=name)], [40 * DAY])
    for name in ("transaction_id", "customer_id", "event_time", "seq", "known_at"):
        with pytest.raises(ConfigurationError, match=f"named '{name}', as a column"):
            replay(bank(1), [replace(counts[0], name=name)])


def test_a_sum_just_within_64_bits_is_exact() -> None:
    cutoff = np.array([20 * DAY])
    count = windows(spent, over=["10d"], aggregate=["sum"])
    rows = [{"transaction_id": n, "event_time": 15 * DAY, "base_minor": 2**62 - 1} for n in (1, 2)]
    warehouse = MemoryWarehouse({"transaction": rows}, coverage=(0, 90 * DAY))
    assert snapshot(warehouse, count, np.array([1]), cutoff).column(0).to_pylist() == [2**63 - 2]


def test_one_large_amount_among_many_small_ones_is_summed() -> None:
    amounts = [2**61, *([1] * 9)]
    found = snapshot(bank(*amounts), SUMS, np.array([1]), np.array([31 * DAY]))
    assert found.column(0).to_pylist() == [2**61 + 9]


def test_a_trend_is_guarded_by_its_weights() -> None:
    trend = windows(spent, over=["2mo"], aggregate=["trend"])
    with pytest.raises(ConfigurationError, match="exceed 64 bits"):
        ask(bank(2**62), trend)


def test_magnitudes_are_added_exactly() -> None:
    amounts = np.array([-(2**63), 2**63 - 1, 2**62, -1, 0], np.int64)
    assert all_together(amounts) == sum(abs(amount) for amount in amounts.tolist())


def test_a_window_longer_than_the_history_is_missing_not_shortened() -> None:
    years = windows(spent.valid("all"), over=["4mo", "24mo"], aggregate=["count"], name="n")
    found = snapshot(bank(5), years, np.array([1]), np.array([90 * DAY]))
    assert found.to_pylist() == [{"n_count_4mo": None, "n_count_24mo": None}]


@pytest.mark.parametrize("cutoff", [np.iinfo(np.int64).min, FIRST - 1, LAST, np.iinfo(np.int64).max])
def test_a_cutoff_outside_the_calendar_is_refused(cutoff: int) -> None:
    with pytest.raises(CutoffError, match="before 1900 or after 2199"):
        snapshot(bank(5), SUMS, np.array([1]), np.array([cutoff]))


def test_events_outside_the_calendar_count_in_no_window() -> None:
    instants = [FIRST - 400 * DAY, FIRST - 1, FIRST, LAST + DAY]
    rows = [{"transaction_id": n, "event_time": at, "base_minor": 1} for n, at in enumerate(instants)]
    warehouse = MemoryWarehouse({"transaction": rows}, coverage=(FIRST - 999 * DAY, LAST + 999 * DAY))
    sums = windows(spent.valid("all"), over=["30d", "all"], aggregate=["sum"], name="s")
    found = snapshot(
        warehouse, sums, np.ones(3, np.int64), np.array([FIRST + DAY, FIRST + 40 * DAY, LAST - 1])
    )
    assert found.column("s_sum_30d").to_pylist() == [None, 0, 0]  # the first begins before the calendar
    assert found.column("s_sum_all").to_pylist() == [1, 1, 1]


def test_a_table_the_bank_lacks_is_named() -> None:
    with pytest.raises(FeasibilityError, match="loan_event"):
        ask(bank(1), windows(events("loan_event"), over=["1mo"], aggregate=["count"]))


def test_an_as_of_before_a_cutoff_is_refused() -> None:
    with pytest.raises(CutoffError, match="as_of lies before"):
        ask(bank(1), as_of=39 * DAY)


def test_rows_that_do_not_match_are_refused() -> None:
    with pytest.raises(UsageError, match="cutoffs were given"):
        snapshot(bank(1), SUMS, np.array([1, 2]), np.array([40 * DAY]))
    with pytest.raises(UsageError, match="need their table"):
        ask(bank(1), seqs=np.array([1]))


def test_two_features_of_one_name_are_refused() -> None:
    other = windows(events("transaction"), over=["30d"], aggregate=["count"], name="n")
    same = windows(spent, over=["30d"], aggregate=["count"], name="n")
    with pytest.raises(ConfigurationError, match="named 'n_count_30d'"):
        ask(bank(1), [*other, *same])


def test_several_keys_need_a_mapping_of_subjects() -> None:
    features = [*SUMS, *windows(events("transaction", key="card_id"), over=["30d"], aggregate=["count"])]
    with pytest.raises(UsageError, match="features have the keys"):
        ask(bank(1), features)
    found = snapshot(
        bank(5), features, {"customer_id": np.array([1]), "card_id": np.array([3])}, np.array([20 * DAY])
    )
    assert found.to_pylist() == [
        {"transaction_base_minor_sum_30d": None, "transaction_by_card_id_count_30d": None}
    ]


def test_a_replay_of_two_tables_needs_the_table() -> None:
    features = [*SUMS, *windows(events("contact"), over=["1mo"], aggregate=["count"])]
    warehouse = bank(1)
    warehouse.raw["contact"] = [dict(warehouse.raw["transaction"][0]) | {"contact_id": 1}]
    with pytest.raises(UsageError, match="Name the table"):
        replay(warehouse, features)


def test_declaring_windows_loads_no_compiler() -> None:
    code = "import sys, bankmine.windows; print('numba' in sys.modules or 'pyarrow' in sys.modules)"
    found = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
