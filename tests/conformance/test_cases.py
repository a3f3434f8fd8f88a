"""Bankmine, and the naive twin, give the answer of every case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from answers import answer, naive_answer
from cases import CASES, Ask, Case

SOURCE = Path(__file__).parents[2] / "src" / "bankmine"
named = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
of_windows = [case for case in CASES if isinstance(case.ask, Ask)]


@named
def test_bankmine_answers(case: Case) -> None:
    assert answer(case) == case.answer, case.says


@pytest.mark.parametrize("case", of_windows, ids=lambda case: case.name)
def test_the_naive_twin_answers(case: Case) -> None:
    assert naive_answer(case) == case.answer, case.says


def test_names_of_cases_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(range(8))


def test_only_the_clock_asks_what_time_it_is() -> None:
    asking = re.compile(r"\b(?:datetime|date)\.(?:now|today|utcnow)\(|\btime\.(?:time|time_ns)\(")
    found = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "clock.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if asking.search(line)
    ]
    assert not found
