"""Figures read the same wherever they stand: numbers, money, shares, intervals, dates, durations."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.report import Column, Interval, Kind
from bankmine.report import format as fmt


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1204, None, "1,204"),
        (3_482_114, None, "3,482,114"),
        (-1204, None, "−1,204"),
        (0, None, "0"),
        (0.812, None, "0.812"),
        (0.000123, None, "0.000123"),
        (47.94, None, "47.9"),
        (999.6, None, "1,000"),
        (-0.0001, 2, "0.00"),
        (np.float64(2.5), 1, "2.5"),
        (np.int64(7), None, "7"),
        (Decimal("1.5"), 1, "1.5"),
        (None, None, "–"),
        (float("nan"), None, "–"),
    ],
)
def test_number_is_grouped_and_rounded(value, digits, text):
    assert fmt.number(value, digits=digits) == text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (124_000_000, "CNY", "CNY 1.24 m"),
        (3_820_000_000, "CNY", "CNY 38.2 m"),
        (412_000, "CNY", "CNY 4,120"),
        (1_050, "CNY", "CNY 10.50"),
        (1_000, "CNY", "CNY 10"),
        (999_950_000, "CNY", "CNY 10.0 m"),
        (99_999_000_000, "CNY", "CNY 1.00 bn"),
        (-21_000_000, "CZK", "CZK −210 k"),
        (124, "JPY", "JPY 124"),
        (None, "CNY", "–"),
    ],
)
def test_money_is_shortened(minor, currency, text):
    assert fmt.money(minor, currency) == text


def test_money_in_chinese_counts_in_ten_thousands():
    assert fmt.money(124_000_000, "CNY", language="zh") == "124 万元"
    assert fmt.money(500_000, "CNY", language="zh") == "5,000 元"
    assert fmt.money(124_000_000, "CZK", language="zh") == "CZK 124 万"
    assert fmt.money(38_200_000_000, "CNY", language="zh") == "3.82 亿元"


def test_exact_money_keeps_every_minor_unit_of_large_integers():
    assert fmt.exact_money(9_007_199_254_740_993, "CNY").replace(",", "") == "CNY 90071992547409.93"
    assert fmt.exact_money(-5, "CNY") == "CNY −0.05"
    assert fmt.exact_money(1240, "JPY") == "JPY 1,240"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.124, "12.4%"), (0, "0%"), (1, "100%"), (0.0071, "0.71%"), (0.000_000_1, "<0.001%"), (-0.05, "−5.0%")],
)
def test_share_is_a_percentage_and_never_rounds_to_nothing(value, text):
    assert fmt.share(value) == text


def test_estimate_carries_its_interval_with_the_same_decimals():
    auc = Column(label="AUC", kind=Kind.NUMBER)
    assert fmt.estimate(0.812, Interval(low=0.7941, high=0.8288), auc) == "0.812 (0.794–0.829)"
    days = Column(label="lead", kind=Kind.NUMBER, unit="days")
    assert fmt.estimate(47, Interval(low=38.8, high=55.1), days) == "47 days (39–55)"
    share = Column(label="found", kind=Kind.SHARE)
    assert fmt.estimate(0.364, Interval(low=0.331, high=0.398), share) == "36.4% (33.1–39.8%)"
    money = Column(label="loss", kind=Kind.MONEY, unit="CNY")
    assert fmt.estimate(50_000, Interval(low=40_000, high=60_000), money) == "CNY 500 (CNY 400–600)"
    assert "−0.020 – 0.040" in fmt.estimate(
        0.012, Interval(low=-0.02, high=0.04), Column(label="", digits=3, kind=Kind.NUMBER)
    )


def test_dates_and_instants():
    assert fmt.day(date(2026, 5, 31)) == "31 May 2026"
    assert fmt.day(date(2026, 5, 31), language="zh") == "2026年5月31日"
    assert fmt.month(date(2026, 5, 1)) == "May 2026"
    assert fmt.instant(datetime(2026, 5, 31, 14, 5)) == "2026-05-31 14:05"
    assert fmt.instant(datetime(1997, 1, 1, tzinfo=UTC)) == "1997-01-01"
    assert fmt.text_of(datetime(2026, 5, 31, 14, 5)) == "2026-05-31 14:05"
    assert fmt.short_day(date(2026, 5, 31)) == "2026-05-31"
    assert fmt.short_day(np.datetime64("2026-05-31")) == "2026-05-31"
    assert fmt.short_day(np.datetime64("NaT", "D")) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.045, "45 ms"),
        (1.2, "1.2 s"),
        (59.97, "1 min"),
        (192, "3 min 12 s"),
        (7500, "2 h 5 min"),
        (47 * 86400, "47 d"),
        (-2, "−2 s"),
        (0, "0 ms"),
    ],
)
def test_duration(seconds, text):
    assert fmt.duration(seconds) == text


def test_difference_of_shares_is_in_points():
    assert fmt.difference(-0.011, Column(label="", kind=Kind.SHARE)) == "−1.1 pp"
    assert fmt.difference(35, Column(label="", kind=Kind.NUMBER)) == "+35"
    assert fmt.difference(0, Column(label="", kind=Kind.NUMBER)) == "±0"


@given(st.integers(-(10**15), 10**15))
def test_grouped_integers_read_back_as_themselves(n):
    assert int(fmt.number(n).replace(",", "").replace("−", "-")) == n


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-4, max_value=1e12))
def test_three_figures_are_within_half_a_percent(x):
    assert abs(float(fmt.number(x).replace(",", "")) - x) <= 0.00501 * x


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1, "events", "1 event"),
        (1.0, "days", "1.00 days"),
        (2, "events", "2 events"),
        (1, "categories", "1 category"),
        (1, "events in 30 days", "1 event in 30 days"),
        (1, "purchases/month", "1 purchase/month"),
        (1, "ms", "1 ms"),
        (1, "loss", "1 loss"),
    ],
)
def test_one_of_something_stands_in_the_singular(value, unit, text):
    assert fmt.amount(value, Column(label="x", kind=Kind.NUMBER, unit=unit), unit=True) == text
