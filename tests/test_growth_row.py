"""The row of growth says what it measured and what it did not reach."""

from typing import Any

from benchmarks.customer_growth import _grows_slowly, table_lines

SIZES = [5_000, 50_000]


def seen(cpu: float, megabytes: int) -> dict[str, Any]:
    return {"cpu_s": cpu, "wall_s": 1.0, "peak_mb": megabytes, "questions": 1, "scored": 1}


def test_cpu_may_grow_as_the_customers_do_and_no_faster() -> None:
    assert _grows_slowly({"5000": seen(10, 500), "50000": seen(100, 2_000)}, SIZES)
    assert not _grows_slowly({"5000": seen(10, 500), "50000": seen(101, 2_000)}, SIZES)


def test_memory_has_a_limit() -> None:
    assert not _grows_slowly({"5000": seen(10, 500), "50000": seen(20, 8_193)}, SIZES)


def test_what_was_refused_stopped_or_not_reached_does_not_meet_the_bar() -> None:
    for one in ({}, {"stopped": "not finished"}, seen(20, 600) | {"refused": "too few"}):
        assert not _grows_slowly({"5000": seen(10, 500), "50000": one}, SIZES)


def test_the_table_has_a_row_a_task_and_says_what_was_not_measured() -> None:
    found = {
        "value": {"5000": seen(10, 512), "50000": seen(40, 1_024)},
        "churn": {"5000": seen(20, 512), "50000": {}},
    }
    assert table_lines(found, SIZES) == [
        "| task | 5,000: CPU s | GiB | 50,000: CPU s | GiB | ×10: CPU | memory |",
        "|---|--:|--:|--:|--:|--:|--:|",
        "| value | 10 | 0.50 | 40 | 1.00 | ×4.0 | ×2.0 |",
        "| churn | 20 | 0.50 | not measured | – | – | – |",
    ]
