"""Figures as sentences: change, comparison with a baseline, counts, reasons; missing values are said."""

from bankmine.report import Baseline, Column, Interval, Kind
from bankmine.report import statements as say

COUNT = Column(label="", kind=Kind.NUMBER)
AUC = Column(label="", kind=Kind.NUMBER, digits=3)
RULE = Baseline(name="recency rule", value=0.731)


def test_counts_take_the_right_plural():
    assert say.count(1, "customer") == "1 customer"
    assert say.count(0, "customer") == "no customers"
    assert say.count(2, "branch") == "2 branches"
    assert say.count(3, "category") == "3 categories"
    assert say.count(3, "day") == "3 days"
    assert say.count(2, "person", "people") == "2 people"
    assert say.count(1204, "位客户", language="zh") == "1,204位客户"


def test_change_says_direction_size_and_relative_size():
    assert (
        say.change("Customers", 200, 210, COUNT, since="April")
        == "Customers rose by 10 (5.0%) to 210 since April."
    )
    assert say.change("Customers", 210, 200, COUNT) == "Customers fell by 10 (4.8%) to 200."
    assert say.change("Customers", 200, 200, COUNT) == "Customers stayed at 200."
    assert say.change("客户", 200, 210, COUNT, language="zh") == "客户上升 10（5.0%），至 210。"


def test_change_from_zero_has_no_relative_size():
    assert say.change("Cases", 0, 3, COUNT) == "Cases rose by 3 to 3."


def test_change_of_a_share_is_in_points():
    assert (
        say.change("Quality", 0.97, 0.96, Column(label="", kind=Kind.SHARE))
        == "Quality fell by 1.0 pp to 96.0%."
    )


def test_change_with_a_missing_side_is_not_guessed():
    assert say.change("Customers", None, 210, COUNT) == "Customers cannot be compared: a value is missing."
    assert say.change("Customers", float("nan"), 210, COUNT).endswith("a value is missing.")


def test_comparison_above_the_baseline():
    text = say.comparison("AUC", 0.812, RULE, AUC, between=Interval(low=0.794, high=0.829))
    assert text == "AUC is 0.812 (0.794–0.829), above the recency rule at 0.731."


def test_comparison_whose_interval_holds_the_baseline_says_to_use_it():
    text = say.comparison("AUC", 0.74, RULE, AUC, between=Interval(low=0.72, high=0.76))
    assert text.startswith("AUC is 0.740 (0.720–0.760), not distinguishable from the recency rule at 0.731")
    assert text.endswith(": use the recency rule.")


def test_comparison_below_the_baseline_says_to_use_it():
    assert (
        say.comparison("AUC", 0.7, RULE, AUC)
        == "AUC is 0.700, below the recency rule at 0.731: use the recency rule."
    )
    assert (
        say.comparison("Loss", 0.7, RULE, AUC, more_is_better=False)
        == "Loss is 0.700, below the recency rule at 0.731."
    )


def test_part_of_a_whole_and_of_nothing():
    assert say.part_of(312, 624, "customer") == "312 of 624 customers (50.0%)"
    assert say.part_of(0, 0, "customer") == "no customers"


def test_reasons_say_the_value_and_the_direction():
    days = Column(label="", kind=Kind.NUMBER, unit="days")
    assert (
        say.reason("last purchase", 74, days, contribution=0.4) == "last purchase: 74 days, raises the score"
    )
    assert (
        say.reason("last purchase", None, days, contribution=-0.1)
        == "last purchase: missing, lowers the score"
    )


def test_lists_of_words():
    assert say.listed(["a"]) == "a"
    assert say.listed(["a", "b", "c"]) == "a, b and c"
    assert say.listed(["甲", "乙", "丙"], language="zh") == "甲、乙和丙"
