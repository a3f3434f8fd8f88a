"""Civil time against the standard library, one instant at a time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.bank.civil import DAY, HOUR, MINUTE, Zone, from_us, instant_us
from bankmine.errors import ConfigurationError

ZONES = [
    "Europe/Prague",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
    "Africa/Casablanca",
]
moments = st.datetimes(datetime(1905, 1, 1), datetime(2190, 1, 1))


def wall_clock_us(moment: datetime) -> int:
    return instant_us(moment.replace(tzinfo=UTC))


@given(st.sampled_from(ZONES), moments)
def test_local_time_equals_the_standard_library(name: str, moment: datetime) -> None:
    utc = moment.replace(tzinfo=UTC)
    local = utc.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    assert Zone(name).to_local(np.array([instant_us(utc)]))[0] == wall_clock_us(local)


@given(st.sampled_from(ZONES), moments)
def test_utc_of_a_local_time_equals_the_standard_library(name: str, local: datetime) -> None:
    zone = ZoneInfo(name)
    utc = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    assert Zone(name).to_utc(np.array([wall_clock_us(local)]))[0] == instant_us(utc)


def test_a_local_time_in_the_gap_moves_forward() -> None:
    zone = Zone("Europe/Prague")
    gap = zone.to_utc(np.array([wall_clock_us(datetime(2024, 3, 31, 2, 30))]))[0]
    assert zone.show(int(gap)) == "2024-03-31T03:30"


def test_a_local_time_that_exists_twice_means_the_first() -> None:
    zone = Zone("Europe/Prague")
    first = zone.to_utc(np.array([wall_clock_us(datetime(2024, 10, 27, 2, 30))]))[0]
    assert from_us(int(first)) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_the_day_of_summer_time_has_23_hours() -> None:
    zone = Zone("Europe/Prague")
    assert zone.midnight(date(2024, 4, 1)) - zone.midnight(date(2024, 3, 31)) == 23 * HOUR
    assert zone.midnight(date(2024, 10, 28)) - zone.midnight(date(2024, 10, 27)) == 25 * HOUR


def test_months_clamp_to_the_end_of_the_month() -> None:
    zone = Zone("Europe/Prague")
    assert zone.show(zone.months_before(zone.parse("2024-03-31"), 1)) == "2024-02-29"
    assert zone.show(zone.months_before(zone.parse("2023-03-31"), 1)) == "2023-02-28"
    assert zone.show(zone.months_before(zone.parse("2024-01-15"), 13)) == "2022-12-15"


def test_days_before_keep_the_wall_clock_over_summer_time() -> None:
    zone = Zone("Europe/Prague")
    assert zone.show(zone.days_before(zone.parse("2024-04-01T12:00"), 2)) == "2024-03-30T12:00"


@given(st.sampled_from(ZONES), st.dates(date(1905, 1, 1), date(2190, 1, 1)))
def test_the_day_of_a_midnight_is_that_day(name: str, day: date) -> None:
    zone, number = Zone(name), (day - date(1970, 1, 1)).days
    midnight = zone.midnights(np.array([number]))
    assert zone.day_of(midnight)[0] == number
    assert zone.midnight(day) == midnight[0]


def test_parse_and_show_are_inverse_and_know_offsets() -> None:
    zone = Zone("Europe/Prague")
    assert zone.show(zone.parse("1994-04-01")) == "1994-04-01"
    assert zone.parse("1994-04-01T12:00+00:00") == zone.parse("1994-04-01T14:00")
    assert zone.parse("1994-04-02") - zone.parse("1994-04-01") == DAY
    assert zone.parse("1994-04-01T00:01") - zone.parse("1994-04-01") == MINUTE


@pytest.mark.parametrize("text", ["", "1994-13-01", "yesterday", "01.04.1994"])
def test_a_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a date"):
        Zone("UTC").parse(text)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no time zone"):
        Zone(name)


def test_instants_convert_both_ways() -> None:
    moment = datetime(1993, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert from_us(instant_us(moment)) == moment
    assert from_us(-1) == datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)
