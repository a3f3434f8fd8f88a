"""Parts of the application score alone: grades, money, what feeds what, refusals elsewhere, words."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.customers.catalogue import CATALOGUE
from bankmine.tasks.application_score.card import named
from bankmine.tasks.application_score.elsewhere import FOLLOWED, UNFOLLOWED, refused_elsewhere
from bankmine.tasks.application_score.evidence import (
    FLAGS,
    PARTS,
    SUB_SCORES,
    TABLE,
    columns_of,
    evidence_of,
    numbers_of,
)
from bankmine.tasks.application_score.listing import says
from bankmine.tasks.application_score.money import against_today, seen_before
from bankmine.tasks.application_score.parts import left_out, parts_of
from bankmine.tasks.application_score.past import Past
from bankmine.tasks.application_score.patterns import masks
from bankmine.tasks.application_score.question import graded
from bankmine.tasks.combination import name_of
from bankmine.tasks.contract import Tested

chances = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=60)


@given(chances, st.integers(0, 10_000))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_grades_keep_todays_approval_rate_and_the_order_of_chances(values: list[float], seed: int) -> None:
    chance = np.array(values)
    decided = np.random.default_rng(seed).choice(
        np.array(["approved", "declined", "withdrawn", "undecided"], dtype=object), len(chance)
    )
    place, rate = graded(chance, decided)
    judged = [one for one in decided if one in ("approved", "declined")]
    assert rate == (judged.count("approved") / len(judged) if judged else 1.0)
    order = np.argsort(chance, kind="stable")
    assert (np.diff(place[order]) <= 0).all()
    for one in np.unique(chance):
        assert len(set(place[chance == one])) == 1
    if judged:
        refused = (place[np.isin(decided, ("approved", "declined"))] == 0).mean()
        assert refused <= 1 - rate + 1e-9


def asked_of(chance: list[float], decision: list[str], amount: list[int]) -> Any:
    rows = pa.table({"subject_id": np.arange(len(chance)), "decision": decision, "value_minor": amount})
    return SimpleNamespace(rows=rows, probability=np.array(chance))


def test_the_swap_keeps_the_number_approved_and_counts_the_money() -> None:
    asked = asked_of(
        [0.5, 0.1, 0.2, 0.05, 0.9], ["approved", "approved", "declined", "declined", "withdrawn"],
        [1_000, 2_000, 3_000, 4_000, 5_000],
    )  # fmt: skip
    found = against_today(asked, 0.5)
    assert found is not None
    assert found["today"]["applications"] == found["by_score"]["applications"] == 2
    assert found["today"]["expected_loss_minor"] == 0.5 * (500 + 200)
    assert found["by_score"]["expected_loss_minor"] == 0.5 * (200 + 200)
    assert found["swapped_in"]["amount_minor"] == 4_000
    assert found["swapped_out"]["amount_minor"] == 1_000
    assert found["approval_rate"] == 0.5
    assert found["swap_share"] == 0.5
    assert found["avoided_minor"] == 150


def test_without_a_decision_of_today_there_is_nothing_to_swap() -> None:
    assert against_today(asked_of([0.1, 0.2], ["approved", "approved"], [1, 1]), 0.5) is None
    assert against_today(asked_of([0.1, 0.2], ["undecided", "withdrawn"], [1, 1]), 0.5) is None


def test_refusing_the_riskiest_saves_what_the_bads_among_them_would_have_lost() -> None:
    count = 40
    rows = pa.table(
        {"subject_id": np.arange(count), "customer_id": np.arange(count), "value_minor": np.full(count, 100)}
    )
    truth = np.arange(count) >= 36
    score = np.arange(count, dtype=float)
    same = np.full(count, 0.1)
    tested = Tested(
        rows=rows, truth=truth, probability={"model": score, "prior": same},
        ranking={"model": score, "prior": same}, model="model", best_baseline="prior",
    )  # fmt: skip
    first, lot = seen_before(tested, "model", 0.1, 0.5, seed=0)
    assert (first["by"], lot["by"]) == ("model", "lot")
    assert first["refused"] == first["bad_refused"] == 4
    assert first["saved_minor"] == 0.5 * 400
    assert first["low"] <= first["saved_minor"] <= first["high"]
    assert first["rate_kept"] == 0
    assert lot["refused"] == 4
    assert seen_before(tested, "model", 0.0, 0.5, seed=0) == []


def test_every_line_of_the_table_names_a_part_and_a_sub_score_and_finds_a_column() -> None:
    for one in TABLE:
        assert one.part in PARTS
        assert one.sub_score in SUB_SCORES
        assert any(evidence_of(name) == one for name in CATALOGUE), one.pattern


def test_no_protected_attribute_feeds_the_score() -> None:
    for name in ("age", "customer_gender", "customer_marital", "customer_region_id", "customer_branch_id"):
        assert evidence_of(name) is None
    assert all(evidence_of(name) is None for name in CATALOGUE if name.startswith(("region_", "consent_")))


def test_texts_and_sequences_are_read_by_their_own_miners_alone() -> None:
    names = ("app_amount", "text_purpose", "seq_bureau", *FLAGS)
    assert numbers_of(names) == ("app_amount",)
    assert columns_of(names, part="sequence") == ("seq_bureau",)


def past_of(bad: list[bool]) -> Past:
    count = len(bad)
    rows = pa.table({"customer_id": np.arange(count), "value_minor": np.full(count, 1)})
    return Past(rows, np.array(bad))


def test_those_refused_elsewhere_are_counted_apart_from_those_without_a_report() -> None:
    count = np.array([0.0] * 60 + [1.0] * 30 + [4.0] * 30 + [np.nan] * 10)
    bad = np.concatenate([np.arange(60) < 3, np.arange(30) < 6, np.arange(30) < 15, np.ones(10)]) > 0
    features = pa.table(
        {UNFOLLOWED: pa.array(count, from_pandas=True), FOLLOWED: pa.array(np.full(130, 0.5))}
    )
    found = refused_elsewhere(past_of(bad.tolist()), features, seed=0)
    assert found is not None
    assert (found["known"], found["unknown"], found["refused_share"]) == (120, 10, 0.5)
    assert [one["rate"] for one in found["groups"]] == [0.05, 0.2, None, 0.5]
    assert found["refused"]["rate"] == 0.35
    assert found["others"]["rate"] == 0.05
    assert found["refused"]["low"] > found["others"]["high"]
    assert refused_elsewhere(past_of([True]), pa.table({"app_amount": [1]}), seed=0) is None


def test_missing_evidence_is_a_pattern_of_its_own() -> None:
    features = pa.table(
        {
            "bureau_known": pa.array([1, 0, None, 1]), "bureau_consent": pa.array([1, 1, 0, 1]),
            "bureau_loan_issued_count_24mo": pa.array([5, None, None, 0]),
            "bureau_enquiry_count_24mo": pa.array([9, None, None, 1]), "tenure": pa.array([900, 3, None, 91]),
        }
    )  # fmt: skip
    found = {name: mask.tolist() for name, mask in masks(features).items()}
    assert found["no bureau report"] == [False, True, True, False]
    assert found["no consent for the bureau"] == [False, False, True, False]
    assert found["thin file"] == [False, False, False, True]
    assert found["new customer"] == [False, True, True, False]


def test_a_sub_score_speaks_where_its_chance_is_far_above_the_usual() -> None:
    chances = {"need": np.array([0.3, 0.1]), "ability": np.array([0.1, 0.1])}
    said = says(chances, {"need": 0.1, "ability": 0.1})
    assert said == ["needs the money badly (3.0 times the usual)", ""]


@pytest.mark.parametrize(
    ("column", "attribute", "words"),
    [
        ("app_product=LOAN", "1 or more", ("app product", "LOAN")),
        ("app_product=LOAN", "under 1", ("app product", "not LOAN")),
        ("app_term_months", "under 24", ("app term months", "under 24")),
    ],
)
def test_a_level_of_the_card_is_said_by_its_name(column: str, attribute: str, words: tuple[str, str]) -> None:
    assert named(column, attribute) == words


def test_many_bads_are_read_twice_and_few_only_by_what_they_can_teach() -> None:
    bank: Any = SimpleNamespace(budget=SimpleNamespace(settings=1))
    names = ("app_amount", "bureau_known", "seq_bureau", "text_purpose", "text_debt", "net_burst")
    many = parts_of(bank, names, 300)
    miners = {
        name_of(one): [part.miner for part in (one if isinstance(one, tuple) else (one,))] for one in many
    }
    assert miners == {
        "windows": ["Boosting", "Logistic"], "contradictions": ["Boosting"], "network": ["Boosting"],
        "sequence": ["SequenceNetwork", "Transitions"], "text": ["TextLinear"],
    }  # fmt: skip
    assert left_out(names, many, 300) == {}
    few = parts_of(bank, names, 30)
    assert [name_of(one) for one in few] == ["windows", "contradictions", "network"]
    assert "too few for sequence: it needs 80" in left_out(names, few, 30)["sequence"]
