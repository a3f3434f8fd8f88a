"""The conformance kit: the rule of time (DESIGN section 5, with section 4's versions) as small cases.

A case is a few rows, one question and the answer. Anything that computes features, labels or views for
bankmine must give these answers; `mutants.py` breaks the rule in one place at a time and shows that a case
notices. Times are civil times of Europe/Prague ("2024-03-31 12:00"); the bank's data cover 2023 and 2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ZONE = "Europe/Prague"
COVERED = ("2023-01-01", "2025-01-01")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One window feature of one key: `aggregate` of `measure` over `over` at the cutoff(s) `at`.

    `scale` counts a real measure in units of 1/scale, `valid` is how long events count, `having` and
    `lacking` name a column that must (not) have a value; `seq` makes the cutoff a position; `as_of` reads
    as corrected since; `at` empty replays the table.
    """

    aggregate: str = "count"
    over: str = "30d"
    at: str | Sequence[str] = ()
    seq: int | None = None
    as_of: str | None = None
    table: str = "transaction"
    key: str = "customer_id"
    subject: int = 1
    measure: str | None = None
    verdict: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    level: str | None = None
    delay: str | None = None
    scale: int = 1
    valid: str | None = None
    having: str | None = None
    lacking: str | None = None


@dataclass(frozen=True, kw_only=True)
class AskVersion:
    """One column of a versioned table, as known at `known` and valid at `at`."""

    table: str
    column: str
    at: str
    known: str


@dataclass(frozen=True, kw_only=True)
class AskLabel:
    """Whether the label at a cutoff is mature, with its horizon and reporting delay in days."""

    at: str
    horizon: int
    delay: int
    as_of: str
    covered_until: str = COVERED[1]


@dataclass(frozen=True)
class Case:
    """Rows, a question, the answer; `rule` is the number in DESIGN section 5, 0 for section 4."""

    name: str
    rule: int
    says: str
    rows: Sequence[Row]
    ask: Ask | AskVersion | AskLabel
    answer: Any


def paid(on: str, amount: int = 100, *, known: str | None = None, **more: Any) -> Row:
    """A payment of customer 1; `number` tells payments apart (default: by their place in the case)."""
    return {"event_time": on, "known_at": known or on, "base_minor": amount, **more}


def confirmed(number: int, on: str) -> Row:
    """A verdict that the payment of that number was fraud."""
    return {"subject_id": number, "event_time": on, "known_at": on}


def applied(on: str, **more: Any) -> Row:
    """A credit application of customer 1."""
    return {"event_time": on, "known_at": on, **more}


T = "2024-03-10 12:00"

WINDOWS = (
    Case("an_event_at_the_cutoff_is_out", 1, "Windows are end-exclusive.",
         [paid(T)], Ask(at=T), 0),
    Case("an_event_at_the_start_is_in", 1, "T − w ≤ event_time.",
         [paid("2024-03-09 12:00")], Ask(over="24h", at=T), 1),
    Case("an_event_just_before_the_start_is_out", 1, "One microsecond matters.",
         [paid("2024-03-09 11:59:59.999999")], Ask(over="24h", at=T), 0),
    Case("an_event_not_yet_known_is_unseen", 1, "known_at ≤ T.",
         [paid("2024-03-08", known="2024-03-11")], Ask(at=T), 0),
    Case("an_event_known_at_the_cutoff_is_seen", 1, "known_at = T counts.",
         [paid("2024-03-08", known=T)], Ask(at=T), 1),
    Case("events_before_a_position_are_in", 1, "The order is (event_time, seq).",
         [paid(T, seq=1), paid(T, seq=2)], Ask(at=T, seq=2), 1),
    Case("an_event_at_its_own_position_is_out", 1, "A row never sees itself.",
         [paid(T, seq=2)], Ask(at=T, seq=2), 0),
    Case("ties_in_a_replay_follow_seq", 1, "Three events of one instant see 0, 1 and 2.",
         [paid(T, seq=3), paid(T, seq=1), paid(T, seq=2)], Ask(), [0, 1, 2]),
    Case("a_delayed_window_ends_earlier", 1, "With delay d: [T − d − w, T − d).",
         [paid("2024-03-01", 1), paid("2024-03-05", 10)],
         Ask(aggregate="sum", measure="base_minor", delay="7d", at=T), 1),
)  # fmt: skip

VALUES = (
    Case("all_reaches_no_farther_than_events_are_valid", 0, "Back from the end of the window.",
         [paid("2024-02-01", 1), paid("2024-03-01", 10)],
         Ask(aggregate="sum", measure="base_minor", over="all", valid="1mo", at=T), 10),
    Case("all_reaches_to_the_coverage_where_events_are_valid_longer", 0, "Events are valid for 24 months.",
         [paid("2023-01-01", 1), paid("2024-03-01", 10)],
         Ask(aggregate="sum", measure="base_minor", over="all", at=T), 11),
    Case("a_real_counts_in_whole_units_rounded_once", 0, "0.15 lies below a half, 0.75 on one: to even.",
         [paid("2024-03-01", lat=0.15), paid("2024-03-02", lat=0.75), paid("2024-03-03", lat=None)],
         Ask(aggregate="sum", measure="lat", scale=10, at=T), 9),
    Case("a_reversal_is_an_event_of_its_own", 0, "What came back is found by what it reverses.",
         [paid("2024-03-01", 100, number=1), paid("2024-03-02", 5, direction="in"),
          paid("2024-03-03", 100, direction="in", reversal_of=1)],
         Ask(aggregate="sum", measure="base_minor", where={"direction": "in"}, having="reversal_of", at=T),
         100),
    Case("a_missing_value_can_be_asked_for", 0, "Nothing else can be met by it.",
         [paid("2024-03-01", 1, merchant_id=8), paid("2024-03-02", 10)],
         Ask(aggregate="sum", measure="base_minor", lacking="merchant_id", at=T), 10),
)  # fmt: skip

CIVIL = (
    Case("a_month_before_31_march_begins_on_the_leap_day", 2, "Month ends clamp, leap days too.",
         [paid("2024-02-28", 1), paid("2024-02-29", 10), paid("2024-03-01", 100)],
         Ask(aggregate="sum", measure="base_minor", over="1mo", at="2024-03-31"), 110),
    Case("a_month_before_31_march_begins_on_the_28th_in_a_common_year", 2, "Month ends clamp.",
         [paid("2023-02-27", 1), paid("2023-02-28", 10), paid("2023-03-01", 100)],
         Ask(aggregate="sum", measure="base_minor", over="1mo", at="2023-03-31"), 110),
    Case("a_day_across_the_change_to_summer_has_23_hours", 2, "Days are civil.",
         [paid("2024-03-30 11:30")], Ask(over="1d", at="2024-03-31 12:00"), 0),
    Case("24_hours_across_the_change_are_24_hours", 2, "Hours are elapsed.",
         [paid("2024-03-30 11:30")], Ask(over="24h", at="2024-03-31 12:00"), 1),
    Case("a_start_that_no_clock_showed_moves_forward", 2, "02:30 on that day is read as 03:30.",
         [paid("2024-03-31 03:15")], Ask(over="1d", at="2024-04-01 02:30"), 0),
    Case("days_end_at_local_midnight", 2, "23:30 and 00:30 are two days, though one in UTC.",
         [paid("2024-06-01 23:30"), paid("2024-06-02 00:30")],
         Ask(aggregate="active_days", at="2024-06-03"), 2),
    Case("recency_counts_local_midnights", 2, "One midnight passed between 23:30 and 00:30.",
         [paid("2024-06-01 23:30")], Ask(aggregate="recency", at="2024-06-02 00:30"), 1),
)  # fmt: skip

KNOWLEDGE = (
    Case("undated_rows_are_unseen_before_the_extract", 3, "They are known from the extract's date.",
         [paid("2023-05-01", known="2024-06-01"), paid("2024-02-01", known="2024-06-01")],
         Ask(over="12mo", at="2024-05-31"), 0),
    Case("undated_rows_are_seen_from_the_extract_on", 3, "They are known from the extract's date.",
         [paid("2023-07-01", known="2024-06-01"), paid("2024-02-01", known="2024-06-01")],
         Ask(over="12mo", at="2024-06-01"), 2),
    Case("a_late_event_changes_later_rows_only", 5, "The second row never learns of the late one.",
         [paid("2024-03-01"), paid("2024-03-03"), paid("2024-03-02", known="2024-03-05"), paid("2024-03-06")],
         Ask(), [0, 1, 1, 3]),
    Case("a_replayed_row_knows_what_was_known_with_it", 5, "Its own known_at is its knowledge time.",
         [paid("2024-03-01", known="2024-03-05"), paid("2024-03-02", known="2024-03-06")],
         Ask(), [0, 1]),
    Case("as_corrected_since_reads_later_knowledge", 7, "Both times are kept, so both readings exist.",
         [paid("2024-03-01", 100, number=5), paid("2024-03-01", 70, number=5, known="2024-04-01")],
         Ask(aggregate="sum", measure="base_minor", at=T, as_of="2024-05-01"), 70),
)  # fmt: skip

COVERAGE = (
    Case("a_window_that_begins_before_the_coverage_is_missing", 4, "Missing, never zero.",
         [paid("2023-01-05")], Ask(over="1mo", at="2023-01-20"), None),
    Case("a_cutoff_after_the_coverage_is_missing", 4, "Missing, never zero.",
         [paid("2024-12-30")], Ask(over="1mo", at="2025-01-02"), None),
    Case("a_cutoff_at_the_end_of_the_coverage_is_covered", 4, "Coverage is half-open, like windows.",
         [paid("2024-12-30")], Ask(over="1mo", at="2025-01-01"), 1),
    Case("nothing_in_a_covered_window_is_zero", 4, "The bank knows that nothing happened.",
         [paid("2023-01-05")], Ask(at=T), 0),
    Case("the_mean_of_nothing_is_missing", 4, "There is no value, so none is made up.",
         [paid("2023-01-05")], Ask(aggregate="mean", measure="base_minor", at=T), None),
)  # fmt: skip

CORRECTIONS = (
    Case("a_correction_counts_once_it_is_known", 0, "The last version known by then counts.",
         [paid("2024-03-01", 100, number=5), paid("2024-03-01", 70, number=5, known="2024-03-09")],
         Ask(aggregate="sum", measure="base_minor", at=["2024-03-08", T]), [100, 70]),
    Case("a_corrected_time_moves_the_event", 0, "The first version counts no more.",
         [paid("2024-03-01", number=5), paid("2024-01-01", number=5, known="2024-03-09")],
         Ask(at=["2024-03-08", T]), [1, 0]),
    Case("a_cancelled_event_is_gone", 0, "From when the cancellation is known.",
         [paid("2024-03-01", number=5), paid("2024-03-01", number=5, known="2024-03-09", cancelled=True)],
         Ask(at=["2024-03-08", T]), [1, 0]),
    Case("of_two_versions_known_together_the_later_load_counts", 0, "known_at, then load_number.",
         [paid("2024-03-01", 70, number=5, load_number=2), paid("2024-03-01", 100, number=5, load_number=1)],
         Ask(aggregate="sum", measure="base_minor", at=T), 70),
    Case("under_another_key_a_joint_event_counts_once", 0, "Only the primary owner's row.",
         [paid("2024-03-01", number=5, terminal_id=8),
          paid("2024-03-01", number=5, terminal_id=8, customer_id=2, is_primary=False)],
         Ask(key="terminal_id", subject=8, at=T), 1),
    Case("each_owner_sees_a_joint_event", 0, "Under customer_id every owner's row counts.",
         [paid("2024-03-01", number=5), paid("2024-03-01", number=5, customer_id=2, is_primary=False)],
         Ask(subject=2, at=T), 1),
)  # fmt: skip

_loan = {"table": "credit_application", "at": T}
OUTCOMES = (
    Case("an_outcome_is_masked_until_it_is_known", 0, "A measure that is not known yet is no measure.",
         [applied("2024-03-01", bad=True, bad_known_at="2024-04-01")],
         Ask(aggregate="mean", measure="bad", **_loan), None),
    Case("a_known_outcome_is_read", 0, "From its known_by time on.",
         [applied("2024-03-01", bad=True, bad_known_at="2024-03-05")],
         Ask(aggregate="mean", measure="bad", **_loan), 1.0),
    Case("an_unknown_outcome_meets_no_condition", 0, "Nobody could have filtered by it.",
         [applied("2024-03-01", bad=True, bad_known_at="2024-04-01")],
         Ask(where={"bad": True}, **_loan), 0),
    Case("an_outcome_level_is_other_until_known", 0, "The entry is there, its level is not.",
         [applied("2024-03-01", decision="approved", decided_at="2024-04-01")],
         Ask(by="decision", level="other", **_loan), 1),
    Case("a_verdict_counts_from_when_it_is_confirmed", 0, "Before that the payment is not known as fraud.",
         [paid("2024-03-01", number=5), confirmed(5, "2024-03-08")],
         Ask(aggregate="sum", verdict="fraud", at=["2024-03-07", T]), [0, 1]),
)  # fmt: skip


def product(code: str, since: str, *, known: str | None = None, **more: Any) -> Row:
    """A version of account 1, valid from a day on."""
    return {"account_id": 1, "product_code": code, "valid_from": since, "known_at": known or since, **more}


_account = {"table": "account", "column": "product_code"}
VERSIONS = (
    Case("a_version_not_yet_known_is_unseen", 7, "The version valid and known then.",
         [product("basic", "2023-01-01"), product("gold", "2024-02-01", known="2024-06-01")],
         AskVersion(at="2024-03-01", known="2024-03-01", **_account), "basic"),
    Case("a_version_that_begins_at_the_cutoff_is_valid", 7, "valid_from ≤ T < valid_to.",
         [product("basic", "2023-01-01"), product("gold", "2024-03-01")],
         AskVersion(at="2024-03-01", known="2024-03-01", **_account), "gold"),
    Case("a_version_that_ended_is_gone", 7, "valid_to is exclusive.",
         [product("basic", "2023-01-01", valid_to="2024-03-01")],
         AskVersion(at="2024-03-01", known="2024-03-01", **_account), None),
    Case("a_date_later_than_the_cutoff_is_empty", 7, "Nobody knew of the closing yet.",
         [product("basic", "2023-01-01", closed_on="2024-05-01")],
         AskVersion(table="account", column="closed_on", at="2024-03-01", known="2024-03-01"), None),
)  # fmt: skip

LABELS = (
    Case("a_label_is_mature_when_horizon_and_delay_are_over", 6, "T + horizon + delay ≤ as_of.",
         [], AskLabel(at="2024-01-01", horizon=90, delay=10, as_of="2024-04-10"), True),
    Case("a_label_is_immature_one_day_earlier", 6, "The reporting delay is waited for.",
         [], AskLabel(at="2024-01-01", horizon=90, delay=10, as_of="2024-04-09"), False),
    Case("a_label_beyond_the_coverage_is_immature", 6, "Nothing seen is not nothing happened.",
         [], AskLabel(at="2024-01-01", horizon=90, delay=0, as_of="2024-12-31", covered_until="2024-03-01"),
         False),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *WINDOWS, *VALUES, *CIVIL, *KNOWLEDGE, *COVERAGE, *CORRECTIONS, *OUTCOMES, *VERSIONS, *LABELS,
)  # fmt: skip
BY_NAME: Mapping[str, Case] = {case.name: case for case in CASES}
