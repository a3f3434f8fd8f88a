"""Lists in memory against the slow, obvious way: filters, orders, pages, sets and searches."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.access.columns import Keys, Numbers, Sets, Words, column_of
from bankmine.access.conditions import Between, Has, OneOf
from bankmine.access.kept import Kept
from bankmine.access.tables import Shown, Table
from bankmine.errors import UsageError

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            "word": st.one_of(st.none(), st.sampled_from(["", "a", "b", "一", "z"])),
            "number": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            "real": st.one_of(st.none(), st.floats(allow_nan=False)),
            "day": st.one_of(st.none(), st.dates()),
            "yes": st.one_of(st.none(), st.booleans()),
            "set": st.lists(st.sampled_from(["x", "y", "z"]), unique=True),
        }
    ),
    max_size=30,
)
TYPES = {
    "key": pa.int64(), "word": pa.string(), "number": pa.int64(), "real": pa.float64(), "day": pa.date32(),
    "yes": pa.bool_(), "set": pa.list_(pa.string()),
}  # fmt: skip
SHOWN = tuple(Shown(name, name, "text") for name in TYPES)


def table_of(rows: list[dict[str, Any]]) -> Table:
    columns = {
        name: column_of(pa.array([row[name] for row in rows], kind), key=name == "key")
        for name, kind in TYPES.items()
    }
    return Table(columns, SHOWN, len(rows), ("key",))


def plain(row: dict[str, Any]) -> tuple[Any, ...]:
    key = None if row["key"] is None else f"{row['key'] % 2**64:016x}"
    return (key, row["word"], row["number"], row["real"], row["day"], row["yes"], tuple(sorted(row["set"])))


@settings(deadline=None)
@given(ROWS)
def test_what_goes_in_comes_out(rows: list[dict[str, Any]]) -> None:
    assert list(table_of(rows).export()) == [plain(row) for row in rows]


@settings(deadline=None)
@given(ROWS, st.sampled_from(["key", "word", "number", "real", "day", "yes"]), st.booleans())
def test_an_order_is_pythons_with_missing_values_last(
    rows: list[dict[str, Any]], name: str, largest_first: bool
) -> None:
    def value(row: dict[str, Any]) -> Any:
        return row[name] % 2**64 if name == "key" else row[name]

    known = sorted((row for row in rows if row[name] is not None), key=value, reverse=largest_first)
    missing = [row for row in rows if row[name] is None]
    found = list(table_of(rows).export(sort=(name, largest_first)))
    assert found == [plain(row) for row in [*known, *missing]]


@settings(deadline=None)
@given(ROWS, st.one_of(st.none(), st.dates()), st.one_of(st.none(), st.dates()))
def test_a_range_holds_both_ends_and_no_missing_value(
    rows: list[dict[str, Any]], low: date | None, high: date | None
) -> None:
    known = [row["day"] for row in rows if row["day"] is not None]
    inside = [day for day in known if (low is None or low <= day) and (high is None or day <= high)]
    assert table_of(rows).count({"day": Between(low, high)}) == len(inside)


@settings(deadline=None)
@given(ROWS, st.frozensets(st.sampled_from(["a", "b", "一", "nobody", None])))
def test_one_of_some_words(rows: list[dict[str, Any]], words: frozenset[str | None]) -> None:
    assert table_of(rows).count({"word": OneOf(words)}) == sum(row["word"] in words for row in rows)


_WORDS = st.frozensets(st.sampled_from(["x", "y", "z", "nobody"]))


@settings(deadline=None)
@given(ROWS, _WORDS, _WORDS, _WORDS)
def test_sets_hold_all_any_and_none(
    rows: list[dict[str, Any]], every: frozenset[str], some: frozenset[str], none: frozenset[str]
) -> None:
    expected = sum(
        every <= set(row["set"]) and (not some or bool(some & set(row["set"]))) and not none & set(row["set"])
        for row in rows
    )
    assert table_of(rows).count({"set": Has(every, some, none)}) == expected


@settings(deadline=None)
@given(ROWS, st.text("0123456789abcdefABCDEF", max_size=3))
def test_a_search_finds_what_begins_so(rows: list[dict[str, Any]], prefix: str) -> None:
    shown = [plain(row)[0] for row in rows]
    expected = (
        sum(key is not None and key.startswith(prefix.lower()) for key in shown) if prefix else len(rows)
    )
    assert table_of(rows).count(search=prefix) == expected


def test_each_type_becomes_its_column() -> None:
    columns = table_of([]).columns
    kinds = {name: type(column) for name, column in columns.items()}
    assert kinds == {
        "key": Keys, "word": Words, "number": Numbers, "real": Numbers, "day": Numbers,
        "yes": Numbers, "set": Sets,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("word", Between(1, 2)), ("number", Between("a", "b")), ("number", Has()), ("set", OneOf.of("x")),
        ("day", Between(1, 2)), ("key", OneOf.of("no key")), ("nothing", OneOf.of(1)),
        ("number", OneOf.of("9")),
    ],
)  # fmt: skip
def test_a_condition_that_does_not_fit_is_refused(name: str, condition: Any) -> None:
    with pytest.raises(UsageError):
        table_of([]).count({name: condition})


def test_an_export_is_refused_before_its_first_row() -> None:
    with pytest.raises(UsageError):
        table_of([]).export(sort=("no such column", False))


def test_threads_that_ask_for_one_thing_wait_for_one_computation() -> None:
    kept, made, start = Kept(2), [], Barrier(8)

    def ask() -> None:
        start.wait()
        kept.get("key", lambda: made.append(1) or "value")  # type: ignore[func-returns-value]

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_the_least_recently_used_goes_first_and_an_error_keeps_nothing() -> None:
    kept = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key)
    again: list[str] = []
    kept.get("a", lambda: again.append("a"))
    kept.get("b", lambda: again.append("b"))
    assert again == ["b"]
    with pytest.raises(ZeroDivisionError):
        kept.get("d", lambda: 1 // 0)
    assert kept.get("d", lambda: "made") == "made"
