"""Planted defects are named with table, column and rows; sound data are left in peace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import banks
import numpy as np
import pytest
from banks import Extract
from defects import PLANTERS, Planter
from made_up import made_up
from measure import all_together, judge, look

from shared_data import shared

REAL: dict[str, tuple[str, Callable[[Path], Extract]]] = {
    "berka": ("berka-pkdd99", banks.berka),
    "anz": ("anz-synthesised-transactions", banks.anz),
    "cdnow": ("cdnow", banks.cdnow),
}


@pytest.fixture(scope="module")
def sound() -> Extract:
    return made_up(3, 200)


def test_a_sound_bank_has_no_defect(sound: Extract) -> None:
    assert [finding.sentence for finding in look(sound).defects] == []


@pytest.mark.slow
@pytest.mark.parametrize("planter", PLANTERS, ids=lambda planter: planter.__name__)
def test_a_planted_defect_is_named_and_nothing_else(sound: Extract, planter: Planter) -> None:
    planted = planter(sound, np.random.default_rng(7))
    assert planted is not None
    score = judge([planted.truth], look(planted.extract).defects, [])
    assert score.missed == []
    assert [finding.sentence for finding in score.false] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_of_twelve_defects_at_once_at_most_one_is_missed(seed: int) -> None:
    score = all_together(made_up(seed, 400), seed, [])
    assert len(score.planted) >= 11
    assert len(score.missed) <= 1
    assert len(score.false) <= 2


@pytest.mark.shared_data
@pytest.mark.parametrize("name", sorted(REAL))
def test_natural_features_of_real_data_are_no_defects(name: str) -> None:
    folder, build = REAL[name]
    defects = look(build(shared(folder))).defects
    allowed = {("truncated_file", "transaction")} if name == "berka" else set()  # Berka's file really is cut
    assert {(finding.kind, finding.table) for finding in defects} == allowed


@pytest.mark.shared_data
def test_the_day_without_rows_in_anz_is_a_notice() -> None:
    findings = look(banks.anz(shared("anz-synthesised-transactions"))).findings
    assert [(f.kind, f.period, f.is_defect) for f in findings] == [
        ("missing_rows", ("2018-08-16", "2018-08-16"), False)
    ]


@pytest.mark.shared_data
@pytest.mark.slow
def test_twelve_defects_at_once_on_the_real_czech_bank() -> None:
    extract = banks.berka(shared("berka-pkdd99"))
    score = all_together(extract, 1, look(extract).defects)
    assert len(score.planted) >= 9
    assert len(score.missed) <= 1
    assert len(score.false) <= 2
