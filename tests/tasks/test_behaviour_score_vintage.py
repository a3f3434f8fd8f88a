"""Vintage curves and roll rates against slow twins in plain Python."""

import doctest
from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from bankmine.tasks.behaviour_score import roll
from bankmine.tasks.behaviour_score.roll import BUCKETS, ENDS, LOST, REPAID, UNKNOWN, Stand
from bankmine.tasks.behaviour_score.vintage import NEVER, as_plain, months_between, vintages

EPOCH, UNTIL = date(1970, 1, 1), date(2022, 3, 15)
DAYS = some.dates(min_value=date(2019, 11, 1), max_value=UNTIL - timedelta(days=1))
LOAN = some.tuples(DAYS, some.one_of(some.none(), some.integers(0, 900)))


def number(day: date) -> int:
    return (day - EPOCH).days


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def slow_point(loans: list[tuple[date, date | None]], months: int) -> tuple[int, bool]:
    """How many of one quarter's loans were late within so many months, and whether that is final."""
    bad = sum(late is not None and late < UNTIL and late < months_later(day, months) for day, late in loans)
    first = loans[0][0]
    over = months_later(date(first.year, (first.month - 1) // 3 * 3 + 1, 1), 3)
    return bad, over <= UNTIL and all(months_later(day, months) <= UNTIL for day, _ in loans)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(some.lists(LOAN, min_size=1, max_size=30))
def test_a_curve_counts_what_a_person_would_count(made: list[tuple[date, int | None]]) -> None:
    loans = [(day, None if after is None else day + timedelta(days=after)) for day, after in made]
    late = np.array([NEVER if one is None else number(one) for _, one in loans])
    found = vintages(np.array([number(day) for day, _ in loans]), {90: late}, until=number(UNTIL), months=18)
    for place, quarter in enumerate(found.quarters):
        own = [
            one
            for one in loans
            if (one[0].year, (one[0].month - 1) // 3) == (quarter.year, quarter.month // 3)
        ]
        assert found.loans[place] == len(own)
        for month in range(1, 19):
            bad, final = slow_point(own, month)
            assert found.ever[90][place, month - 1] == bad
            assert found.reached[place, month - 1] == final
            share = found.share(90)[place, month - 1]
            assert share == bad / len(own) if final else np.isnan(share)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(DAYS, DAYS)
def test_months_between_are_the_most_that_fit(one: date, other: date) -> None:
    months = int(months_between(np.array([number(one)]), np.array([number(other)]))[0])
    assert months_later(one, months) <= other < months_later(one, months + 1)


def test_what_is_not_yet_seen_is_open_and_never_zero() -> None:
    found = vintages(
        np.array([number(date(2021, 4, 1)), number(date(2021, 6, 30)), number(date(2022, 2, 1))]),
        {90: np.array([NEVER, NEVER, NEVER])}, until=number(UNTIL),
    )  # fmt: skip
    old, young = as_plain(found)["shares"]["90"]
    assert old[:9] == [0.0] * 8 + [None]
    assert young == [None] * len(young)
    assert as_plain(found)["at_year"] == [None, None]


STANDS = some.dictionaries(some.integers(-5, 30), some.integers(0, len(ENDS) - 2), max_size=25)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STANDS, STANDS)
def test_a_matrix_counts_each_loan_once_by_both_its_ends(begin: dict[int, int], end: dict[int, int]) -> None:
    slow = np.zeros((len(BUCKETS), len(ENDS)), dtype=np.int64)
    for loan, place in begin.items():
        if place < len(BUCKETS):
            slow[place, end.get(loan, UNKNOWN)] += 1
    found = roll.rolled(stand(begin), stand(end))
    assert (found == slow).all()
    assert found.sum() == sum(place < len(BUCKETS) for place in begin.values())


def stand(places: dict[int, int]) -> Stand:
    loans = sorted(places)
    return Stand(np.array(loans, dtype=np.int64), np.array([places[one] for one in loans], dtype=np.int64))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(some.integers(0, 400), some.integers(-5, 500), some.booleans())
def test_a_loan_stands_in_one_place(past_due: int, left: int, lost: bool) -> None:
    place = int(roll.place_of(np.array([past_due]), np.array([left]), np.array([lost]))[0])
    if lost:
        assert place == LOST
    elif left <= 0:
        assert place == REPAID
    else:
        edges = [0, 1, 30, 60, 90, 10**6]
        assert edges[place] <= past_due < edges[place + 1]


def test_an_empty_bucket_has_no_share() -> None:
    matrix = np.zeros((len(BUCKETS), len(ENDS)), dtype=np.int64)
    matrix[0, 0], matrix[0, 1] = 90, 10
    said = roll.as_plain(["2022-02-01"], [matrix])
    assert said["shares"][1] == [None] * len(ENDS)
    assert said["worse"][2] is None
    assert (said["worse"][0]["loans"], said["worse"][0]["share"]) == (100, 0.1)
    assert roll.as_plain([], []) == {}


def test_the_examples_of_the_page_are_true() -> None:
    page = Path(__file__).parents[2] / "docs" / "behaviour-score.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0
