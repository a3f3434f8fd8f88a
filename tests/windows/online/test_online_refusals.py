"""What an online state refuses, in one line, and in what condition it then is; large keys, plain events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from memory_warehouse import full_row
from streams import ZONE, as_table
from test_online_long import BEGIN, FEATURES, history

from bankmine.bank.civil import DAY
from bankmine.errors import ConfigurationError, UsageError
from bankmine.windows import events, windows
from bankmine.windows.online import OnlineState
from bankmine.windows.online.answer import Answer
from bankmine.windows.online.words import MISSING

SUMS = windows(
    events("transaction").measure("base_minor"), over=["24h", "7d"], aggregate=["count", "sum"], name="s"
)

WHEN = {"event_time": BEGIN + 9 * DAY, "known_at": BEGIN + 9 * DAY}


def begin(features: Any = SUMS, **more: Any) -> OnlineState:
    return OnlineState.start(
        features,
        **({"zone": ZONE, "covered_from": BEGIN, "limit": 1 << 26} | more),  # type: ignore[arg-type]
    )


def payments(*rows: dict[str, Any]) -> pa.Table:
    return as_table("transaction", [
        full_row("transaction", {"transaction_id": number, "event_time": BEGIN + 9 * DAY + number} | row)
        for number, row in enumerate(rows)
    ])  # fmt: skip


def test_events_known_before_those_entered_are_refused() -> None:
    state = begin()
    state.enter(payments({}, {}))
    with pytest.raises(UsageError, match="row 0 of the transaction events given was known before"):
        state.enter(payments({"transaction_id": 8, "event_time": BEGIN + DAY}))
    with pytest.raises(UsageError, match="row 1"):
        state.enter(payments({"event_time": BEGIN + 20 * DAY}, {"event_time": BEGIN + 19 * DAY}))
    assert state.offset == 3


@pytest.mark.parametrize("year", ["1899-12-31", "2200-01-02"])
def test_events_outside_the_calendar_are_refused(year: str) -> None:
    at = int(np.datetime64(year, "us").astype(np.int64))
    with pytest.raises(UsageError, match="before 1900 or after 2199"):
        begin().enter(payments({"event_time": at, "known_at": max(at, BEGIN)}))


def test_a_sum_that_could_exceed_64_bits_is_refused_before_the_event_enters() -> None:
    state = begin()
    large = {"base_minor": 2**62 - 1}
    assert state.enter(payments(large))["s_sum_7d"].to_pylist() == [0]
    with pytest.raises(ConfigurationError, match="a sum could exceed 64 bits"):
        state.enter(payments({"base_minor": 1, "transaction_id": 5, "event_time": BEGIN + 10 * DAY},
                             large | {"transaction_id": 6, "event_time": BEGIN + 11 * DAY},
                             large | {"transaction_id": 7, "event_time": BEGIN + 12 * DAY}))  # fmt: skip
    assert state.events == state.offset == 2
    later = state.enter(payments({"transaction_id": 9, "event_time": BEGIN + 13 * DAY}))
    assert later["s_sum_7d"].to_pylist() == [2**62]


def test_a_state_at_its_limit_refuses_the_next_event_and_answers_on_what_it_has() -> None:
    state = begin(limit=1 << 18)
    rows = [{"customer_id": number} for number in range(4000)]
    with pytest.raises(UsageError, match="the most it may"):
        state.enter(payments(*rows))
    assert 50 < state.offset == state.events < 4000


def test_missing_columns_and_identities_are_named() -> None:
    rows = payments({})
    with pytest.raises(UsageError, match="lack base_minor"):
        begin().enter(rows.drop_columns(["base_minor"]))
    at = rows.schema.get_field_index("transaction_id")
    without = rows.set_column(at, "transaction_id", pa.nulls(1, pa.int64()))
    with pytest.raises(UsageError, match="has no transaction_id"):
        begin().enter(without)


def test_features_that_cannot_be_kept_are_refused_at_the_start() -> None:
    with pytest.raises(UsageError, match="2 tables"):
        begin([*SUMS, *windows(events("digital_event"), over=["1d"], aggregate=["count"])])
    with pytest.raises(ConfigurationError, match="told apart by a code"):
        begin(windows(events("series", key="entity_id"), over=["1d"], aggregate=["count"]))
    with pytest.raises(ConfigurationError, match="lateness cannot be 'all'"):
        begin(lateness="all")


def test_feedback_on_events_answered_already_is_refused() -> None:
    state = begin(windows(events("transaction").verdict("fraud"), over=["1d"], aggregate=["sum"]))
    state.enter(payments({"event_time": BEGIN + 30 * DAY}))
    early = full_row("feedback", {
        "subject_kind": "transaction", "subject_id": 0, "label": "fraud", "verdict": "confirmed",
        "event_time": BEGIN + DAY,
    })  # fmt: skip
    with pytest.raises(UsageError, match="was known before an event"):
        state.enter_feedback(as_table("feedback", [early]))


def test_calls_that_share_a_microsecond_are_counted() -> None:
    state = begin()
    state.enter(payments({"event_time": BEGIN + DAY}))
    state.enter(payments({"transaction_id": 2, "event_time": BEGIN + DAY}))
    assert state.split == 1


def test_an_event_or_answer_that_the_state_did_not_make_is_refused_before_memory_is_touched() -> None:
    state, other = begin(), begin(SUMS[:1])
    again = begin()
    event, answer = state.new_event(transaction_id=1, customer_id=1, **WHEN), state.new_answer()
    wide = np.zeros((1, 2 * event.shape[1]), np.int64)
    locked = event.copy()
    locked.setflags(write=False)
    for wrong in (
        np.zeros((1, 3), np.int64), event[0], np.repeat(event, 2, axis=0), event.astype(np.float64),
        event.astype(np.int32), event.astype(">i8"), wide[:, ::2], locked, event.tolist(), None,
    ):  # fmt: skip
        with pytest.raises(UsageError, match=r"the event is .* not a writable array"):
            state.one(wrong, answer)  # type: ignore[arg-type]
    for wrong in (other.new_answer(), again.new_answer(), Answer(answer.columns, 0), answer.whole, None):
        with pytest.raises(UsageError, match="the answer was not made by this state"):
            state.one(event, wrong)  # type: ignore[arg-type]
    assert state.offset == 0
    assert state.one(event, answer).value("s_count_7d") == 0


def test_an_answer_keeps_its_own_memory() -> None:
    state = begin()
    event, answer = state.new_event(transaction_id=1, customer_id=1, **WHEN), state.new_answer()
    with pytest.raises(AttributeError):
        answer.whole = np.zeros((1, 1), np.int64)  # type: ignore[misc]
    state.one(event, answer)


def test_values_that_no_event_can_have_are_refused_by_name() -> None:
    state = begin()
    with pytest.raises(UsageError, match=r"no value named unknown\. It has event_time, seq, .*base_minor"):
        state.new_event(unknown=1)
    with pytest.raises(UsageError, match="a text was given for base_minor"):
        state.new_event(base_minor="12")
    for value in (1.5, 2**63, float("nan"), [1]):
        with pytest.raises(UsageError, match="base_minor is not a whole number of 64 bits"):
            state.new_event(base_minor=value)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="which holds no codes"):
        state.code("colour", "red")


def test_the_number_that_stands_for_a_missing_value_is_refused() -> None:
    features = windows(
        events("transaction", key="card_id").measure("base_minor").distinct("merchant_id"),
        over=["7d"], aggregate=["sum", "distinct"], name="m",
    )  # fmt: skip
    whole = {"card_id": 1, "merchant_id": 2, "base_minor": 3}
    for name in whole:
        state = begin(features)
        with pytest.raises(ConfigurationError, match=f"transaction.{name} holds -9223372036854775808"):
            state.enter(payments(whole | {name: MISSING}))
        with pytest.raises(ConfigurationError, match=f"{name} holds -9223372036854775808"):
            state.new_event(**(whole | {name: MISSING}))
        assert state.offset == 0


def test_what_is_of_another_type_is_refused_and_a_zone_may_be_a_name() -> None:
    assert begin(zone="Europe/Berlin").zone.name == "Europe/Berlin"
    with pytest.raises(ConfigurationError, match="no time zone 'Europe/Berlyn'"):
        begin(zone="Europe/Berlyn")
    with pytest.raises(UsageError, match="a time zone of type int"):
        begin(zone=1)
    with pytest.raises(UsageError, match="`covered_from` is of type str"):
        begin(covered_from="2024-01-01")
    with pytest.raises(UsageError, match="`until` is of type str"):
        OnlineState.from_warehouse(None, SUMS, until="2024-01-01")  # type: ignore[arg-type]
    for give in (begin().enter, begin().enter_feedback):
        with pytest.raises(UsageError, match="rows of type str were given"):
            give("x")


def test_one_event_of_plain_numbers_gets_the_answer_of_its_row() -> None:
    rows = history(3, 300, 20)
    whole = begin(FEATURES, lateness="3d").enter(as_table("transaction", rows))
    state, found = begin(FEATURES, lateness="3d"), []
    answer = state.new_answer()
    for row in rows:
        names = [name for name in state.places if name in row]
        event = state.new_event(
            **{name: row[name] for name in names}, cancelled=row["cancelled"], is_primary=row["is_primary"]
        )
        state.one(event, answer)
        found.append({feature.name: answer.value(feature.name) for feature in FEATURES})
    assert state.new_event()[0, state.places["base_minor"]] == MISSING
    alone = [
        at for at in range(1, len(rows) - 1) if len({row["known_at"] for row in rows[at - 1 : at + 2]}) == 3
    ]
    assert [found[at] for at in alone] == whole.take(alone).to_pylist()


@pytest.mark.slow
def test_a_key_with_ten_million_events_costs_no_more_an_event_than_a_small_one() -> None:
    features = windows(
        events("transaction", key="merchant_id").measure("base_minor").distinct("card_id"),
        over=["1h", "30d"], aggregate=["count", "sum", "max", "distinct"], name="m",
    )  # fmt: skip
    state = begin(features, limit=8 << 30, lateness="1h")
    count, step = 10_000_000, 1_000_000
    draw = np.random.default_rng(1)
    time = BEGIN + 40 * DAY + np.arange(count) * 200_000
    amounts, cards = draw.integers(0, 10**6, count), draw.integers(0, 50_000, count)
    ones = np.ones(step, np.int64)
    for low in range(0, count, step):
        part = slice(low, low + step)
        at = pa.array(time[part]).cast(pa.timestamp("us", tz="UTC"))
        last = state.enter(pa.table({
            "transaction_id": np.arange(low, low + step), "customer_id": ones, "merchant_id": ones,
            "card_id": cards[part], "base_minor": amounts[part], "seq": ones, "event_time": at,
            "known_at": at, "load_number": ones, "cancelled": ones == 0, "is_primary": ones == 1,
        })).slice(step - 1).to_pylist()[0]  # fmt: skip
    own = slice(0, count - 1)
    hour = slice(count - 1 - 3600 * 5, count - 1)
    assert (last["m_count_30d"], last["m_sum_30d"]) == (count - 1, int(amounts[own].sum()))
    assert (last["m_max_30d"], last["m_distinct_30d"]) == (
        int(amounts[own].max()),
        len(np.unique(cards[own])),
    )
    assert (last["m_count_1h"], last["m_sum_1h"]) == (18_000, int(amounts[hour].sum()))
    assert (last["m_max_1h"], last["m_distinct_1h"]) == (
        int(amounts[hour].max()),
        len(np.unique(cards[hour])),
    )
