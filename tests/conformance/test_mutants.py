"""Every mutant turns its cases red, and every case is turned red by some mutant."""

from __future__ import annotations

import pytest
from answers import answer
from cases import BY_NAME, CASES, Ask
from mutants import MUTANTS, Mutant, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_cases_notice(mutant: Mutant) -> None:
    with mutated(mutant):
        unnoticed = [name for name in mutant.noticed_by if answer(BY_NAME[name]) == BY_NAME[name].answer]
    assert not unnoticed


def test_without_an_edit_every_case_holds_in_plain_python() -> None:
    with mutated(None):
        wrong = [case.name for case in CASES if isinstance(case.ask, Ask) and answer(case) != case.answer]
    assert not wrong


def test_every_case_has_a_mutant() -> None:
    noticing = {name for mutant in MUTANTS for name in mutant.noticed_by}
    assert noticing == set(BY_NAME)


def test_after_a_mutant_everything_is_as_before() -> None:
    with mutated(MUTANTS[0]):
        pass
    assert answer(CASES[0]) == CASES[0].answer
