"""The label rule: what is not over is refused, never guessed."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.errors import CutoffError
from bankmine.tasks.labels import LabelRule, days_after

PRAGUE = Zone("Europe/Prague")
RULE = LabelRule(horizon_days=90, delay_days=1, tables=("transaction",))


def at(text: str) -> int:
    return PRAGUE.parse(text)


def mature(cutoff: str, *, as_of: str, covered: str) -> bool:
    found = RULE.mature(np.array([at(cutoff)]), zone=PRAGUE, as_of=at(as_of), covered_until=at(covered))
    return bool(found[0])


def test_a_label_is_mature_from_the_day_it_is_known() -> None:
    assert mature("2020-01-01", as_of="2020-04-01", covered="2020-04-01")
    assert not mature("2020-01-01", as_of="2020-03-31", covered="2020-04-01")


def test_a_label_beyond_the_coverage_is_not_mature_however_late_it_is_read() -> None:
    assert not mature("2020-01-01", as_of="2021-01-01", covered="2020-03-30")
    assert mature("2020-01-01", as_of="2021-01-01", covered="2020-03-31")


def test_an_immature_label_is_refused_with_the_last_cutoff_allowed() -> None:
    with pytest.raises(CutoffError, match="up to 2020-01-01") as error:
        RULE.require_mature(
            np.array([at("2019-12-01"), at("2020-02-01")]),
            zone=PRAGUE,
            as_of=at("2020-04-01"),
            covered_until=at("2020-06-01"),
        )
    assert "the label at 2020-02-01 looks 90 days ahead" in str(error.value)


def test_mature_labels_pass() -> None:
    RULE.require_mature(
        np.array([at("2019-12-01")]), zone=PRAGUE, as_of=at("2020-04-01"), covered_until=at("2020-04-01")
    )


def test_days_are_civil_days_across_the_change_to_summer_time() -> None:
    before = np.array([at("2020-03-28T12:00")])
    after = days_after(before, 1, PRAGUE)
    assert PRAGUE.show(int(after[0])) == "2020-03-29T12:00"
    assert int(after[0] - before[0]) == DAY - HOUR


@given(st.integers(0, 3000), st.integers(0, 400), st.integers(0, 30))
def test_the_end_of_a_midnight_is_the_midnight_of_the_civil_day_later(
    day: int, horizon: int, delay: int
) -> None:
    rule = LabelRule(horizon_days=horizon, delay_days=delay, tables=())
    start = date.fromordinal(date(2015, 1, 1).toordinal() + day)
    cutoff = np.array([PRAGUE.midnight(start)])
    end = date.fromordinal(start.toordinal() + horizon)
    known = date.fromordinal(start.toordinal() + horizon + delay)
    assert rule.ends(cutoff, PRAGUE)[0] == PRAGUE.midnight(end)
    assert rule.known_at(cutoff, PRAGUE)[0] == PRAGUE.midnight(known)
    assert rule.embargo_days == horizon + delay
