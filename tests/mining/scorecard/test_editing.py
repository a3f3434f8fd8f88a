"""Changing a bin by hand gives another version of the card, and says what the change does."""

import json

import numpy as np
import pytest
from card_samples import applicants, settings

from bankmine.errors import UsageError
from bankmine.mining.files import document, from_document
from bankmine.mining.scorecard.editing import auc, edit, effect_of, recounted, without
from bankmine.mining.scorecard.scorecard import Scorecard

TABLE, BAD = applicants()
CARD = Scorecard(**settings()).fit(TABLE, BAD)
WHO = {"author": "A. Clerk", "reason": "pensioners are one group"}


def test_an_edit_is_a_new_version_and_the_old_card_stays() -> None:
    before = CARD.text()
    changed, effect = (found := edit(CARD, TABLE, BAD, "age", edges=[30, 60], **WHO)).card, found.effect
    assert CARD.text() == before
    assert (CARD.version, changed.version) == (1, 2)
    age = changed.binnings_[changed.card_names.index("age")]
    assert age.edges == (30.0, 60.0)
    assert effect.information_after == age.information_value
    entry = changed.history_[0]
    assert (entry["column"], entry["author"], entry["reason"]) == ("age", *WHO.values())
    assert entry["before"] == list(CARD.binnings_[CARD.card_names.index("age")].edges or ())
    assert edit(changed, TABLE, BAD, "age", edges=[40], **WHO).card.version == 3


def test_the_effect_is_what_comparing_the_two_cards_says() -> None:
    found = edit(CARD, TABLE, BAD, "age", edges=[30, 60], cutoff=560, **WHO)
    before, after = CARD.score(TABLE), found.card.score(TABLE)
    into, out = (after >= 560) & (before < 560), (after < 560) & (before >= 560)
    effect = found.effect
    assert (effect.swapped_in, effect.swapped_in_bads) == (into.sum(), BAD[into].sum())
    assert (effect.swapped_out, effect.swapped_out_bads) == (out.sum(), BAD[out].sum())
    assert effect.approved_after - effect.approved_before == effect.swapped_in - effect.swapped_out
    assert effect.auc_after == auc(after, BAD)
    assert effect.information_after < effect.information_before
    assert "approved" in str(effect)


def test_an_edit_that_changes_nothing_swaps_nobody() -> None:
    age = CARD.binnings_[CARD.card_names.index("age")]
    effect = edit(CARD, TABLE, BAD, "age", edges=list(age.edges or ()), **WHO).effect
    assert effect.swapped_pairs == effect.swapped_in == effect.swapped_out == 0
    assert effect.auc_before == effect.auc_after


def test_categories_are_regrouped_and_a_changed_card_is_kept_like_any() -> None:
    job = CARD.binnings_[CARD.card_names.index("job")]
    levels = [level for group in job.groups for level in group]
    changed = edit(CARD, TABLE, BAD, "job", groups=[levels[:8], levels[8:]], **WHO).card
    again = from_document(json.loads(json.dumps(document(changed))))
    assert again.text() == changed.text()
    assert again.history_ == changed.history_
    assert "version 2" in again.text()


def test_the_area_counts_pairs() -> None:
    points, bad = np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, False])
    assert auc(points, bad) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        ("colour", {"edges": [1]}, "no column 'colour'"),
        ("age", {"edges": [60, 30]}, "do not rise: 60, 30"),
        ("age", {"edges": [float("nan")]}, "do not rise: nan"),
        ("age", {"groups": [["a"]]}, "not given as edges"),
        ("job", {"groups": [["clerk"]]}, "do not hold every level once"),
        ("age", {}, "not given as edges"),
    ],
)
def test_edits_that_cannot_be_meant_are_refused(column: str, change: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edit(CARD, TABLE, BAD, column, **change, **WHO)


def test_an_edit_without_author_or_reason_is_refused() -> None:
    with pytest.raises(UsageError, match="no author or no reason"):
        edit(CARD, TABLE, BAD, "age", edges=[30], author="A. Clerk", reason=" ")


def test_a_card_without_a_column_is_the_card_fitted_on_the_others() -> None:
    found = without(CARD, TABLE, BAD, "age", **WHO)
    assert "age" not in found.card.card_names
    assert set(found.card.card_names) == set(CARD.card_names) - {"age"}
    assert found.card.history_[-1]["after"] == "left out"
    assert found.effect.information_after == 0.0
    assert "age" in CARD.card_names


def test_the_last_column_stays() -> None:
    card = CARD
    for name in CARD.card_names[:-1]:
        card = without(card, TABLE, BAD, name, **WHO).card
    with pytest.raises(UsageError, match="only column"):
        without(card, TABLE, BAD, card.card_names[0], **WHO)


def test_a_card_counted_again_on_its_own_rows_is_the_same_card() -> None:
    again = recounted(CARD, TABLE, BAD)
    assert again.base_points_ == CARD.base_points_
    assert all((one == other).all() for one, other in zip(again.points_, CARD.points_, strict=True))


def test_the_effect_of_several_changes_is_that_of_the_last_card_against_the_first() -> None:
    once = edit(CARD, TABLE, BAD, "age", edges=[30, 60], **WHO).card
    twice = edit(once, TABLE, BAD, "age", edges=[40], **WHO).card
    found = effect_of(CARD, twice, TABLE, BAD)
    assert found.auc_after == auc(twice.score(TABLE), BAD)
    assert found.auc_before == auc(CARD.score(TABLE), BAD)
    assert found.information_after < found.information_before
