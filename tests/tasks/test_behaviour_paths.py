"""Paths before a need: what is already part of the outcome is no sign of it."""

import numpy as np
import pytest

from bankmine.mining.association.sequences import Sequences
from bankmine.tasks.behaviour.outcomes import APPLYING, CLOSING
from bankmine.tasks.behaviour.paths import Outcome, judge
from bankmine.tasks.behaviour.steps import Walks

NOTHING = np.zeros(0, np.int64)


def outcome(own: tuple[str, ...], family: str = "") -> Outcome:
    return Outcome("it", "It", NOTHING, NOTHING.astype(bool), NOTHING.astype(bool), own, family)


@pytest.mark.parametrize(
    ("pattern", "own"),
    [
        ((("close_account",),), True), ((("rates",), ("close_account",)), True),
        ((("rates",), ("complaint fees",)), False),
    ],
)  # fmt: skip
def test_the_page_that_closes_the_account_is_the_end_itself(
    pattern: tuple[tuple[str, ...], ...], own: bool
) -> None:
    assert outcome(CLOSING).has_own_step(pattern) == own
    assert not outcome(()).has_own_step(pattern)


@pytest.mark.parametrize(
    ("step", "own"),
    [
        ("application/check form_sent loan", True), ("application/start page_viewed fund", False),
        ("product loan", False), ("complaint application", False),
    ],
)  # fmt: skip
def test_the_application_of_a_family_belongs_to_its_own_need_alone(step: str, own: bool) -> None:
    assert outcome(APPLYING, "loan").has_own_step(((step,),)) == own


def test_a_path_of_own_steps_is_not_judged_and_another_as_strong_is() -> None:
    """Half of 400 rows walk both ways and then close; the page that closes is left out."""
    rows = np.arange(400)
    truth = rows % 2 == 0
    made = Outcome("closure", "Ends", rows, truth, rows >= 200, CLOSING)
    patterns = [(("close_account",),), (("rates",),)]
    held = np.stack([truth, truth])
    events = Sequences.of_events(rows, ["x"] * 400, np.full(400, -1.0))
    walks = Walks(rows, np.where(rows >= 200, 2, 1), events)
    found = judge(made, walks, patterns, held, seed=0)
    assert [one.words for one in found] == ["rates"]
    assert found[0].tested == 1
    assert found[0].holds
