"""Rules over holdings, bundles, eligibility, margins and the back-test against obvious twins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from bankmine.errors import ConfigurationError
from bankmine.folder import BankFolder
from bankmine.tasks.contract import Bank
from bankmine.tasks.cross_sell.back_test import Together, back_test, worth_of
from bankmine.tasks.cross_sell.bundles import bundles, forward_bundles, own_gaps
from bankmine.tasks.cross_sell.eligibility import (
    SHIPPED,
    Eligibility,
    _checked,
    eligibility,
    features_of,
    holds,
)
from bankmine.tasks.cross_sell.following import check, mine
from bankmine.tasks.cross_sell.holdings import Look, Openings
from bankmine.tasks.cross_sell.listing import CAMPAIGN, NOT_ALLOWED, NOT_WORTH, NOW, TRIAL, graded
from bankmine.tasks.cross_sell.margins import Prices, _product, check_channel, prices
from bankmine.tasks.cross_sell.offering import expected_margin, family_margin, family_margins
from bankmine.tasks.cross_sell.sentences import one_in, sentence
from bankmine.tasks.cross_sell.task import TASK

FAMILIES = ("card", "fund", "savings")


def openings(rows: list[tuple[int, int, int]]) -> Openings:
    rows = sorted(rows, key=lambda one: (one[0], one[2], one[1]))
    columns = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(3)]
    joining = np.zeros(len(rows), dtype=np.bool_)
    return Openings(
        columns[0], columns[1], columns[2], joining, np.array(["x"] * len(rows), dtype=object), FAMILIES
    )


rows_of_openings = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 2), st.integers(0, 300)), min_size=2, max_size=60
)


@settings(max_examples=60, deadline=timedelta(seconds=5), derandomize=True)
@given(rows_of_openings)
def test_bundles_count_pairs_as_a_loop_does(rows: list[tuple[int, int, int]]) -> None:
    for one in bundles(openings(rows), span=30):
        a, b = FAMILIES.index(one.first), FAMILIES.index(one.second)
        left, right = ([row for row in rows if row[1] == place] for place in (a, b))
        own = [y[2] - x[2] for x in left for y in right if y[0] == x[0]]
        other = [abs(y[2] - x[2]) <= 30 for x in left for y in right if y[0] != x[0]]
        assert one.pairs == sum(abs(gap) <= 30 for gap in own)
        assert one.expected == pytest.approx(len(own) * sum(other) / len(other))
        assert one.first_share >= 0.5


@settings(max_examples=40, deadline=timedelta(seconds=5), derandomize=True)
@given(rows_of_openings)
def test_gaps_are_those_of_the_same_customer(rows: list[tuple[int, int, int]]) -> None:
    opened = openings(rows)
    left, right = (opened.only(opened.family == place) for place in (0, 1))
    slow = sorted(
        b - a
        for who, family, a in rows
        if family == 0
        for other, which, b in rows
        if which == 1 and other == who
    )
    assert sorted(own_gaps(left, right).tolist()) == slow


def test_what_is_taken_together_by_design_stands_and_what_is_not_does_not() -> None:
    draw = np.random.default_rng(1)
    days = draw.integers(0, 1000, 60)
    together = [(who, 0, int(day)) for who, day in enumerate(days)]
    together += [(who, 1, int(day) + 5) for who, day in enumerate(days)]
    apart = [(who, 2, int(day)) for who, day in enumerate(draw.permutation(days))]
    found = {(one.first, one.second): one for one in bundles(openings(together + apart))}
    assert found["card", "fund"].stands
    assert found["card", "fund"].first_share == 1.0
    assert found["card", "fund"].low == pytest.approx(
        chi2.ppf(0.025, 120) / 2 / found["card", "fund"].expected
    )
    assert not any(one.stands for pair, one in found.items() if "savings" in pair)


def test_bundles_are_found_in_one_half_and_judged_by_the_other() -> None:
    draw = np.random.default_rng(5)
    rows = []
    for who in range(400):
        day = int(draw.integers(0, 700))
        rows += [(who, 0, day), (who, 1, day + int(draw.integers(0, 10)))]  # always together
        late = int(draw.integers(400, 700))
        rows += [(who, 2, late if day >= 350 else int(draw.integers(0, 350)))]
    every = openings(rows)
    judged = forward_bundles(every, middle_day=350)
    assert {one.first for one in judged[:1]} | {one.second for one in judged[:1]} == {"card", "fund"}
    assert judged[0].stands
    assert judged[0].earlier > 1
    alone = {frozenset((one.first, one.second)): one for one in bundles(every.within(350, 10**6))}
    for one in judged:
        assert one.pairs == alone[frozenset((one.first, one.second))].pairs  # of the second half alone
    assert forward_bundles(every.within(350, 10**6), middle_day=350) == []  # nothing found, nothing judged


def look(seed: int, at: int = 0) -> Look:
    draw = np.random.default_rng(seed)
    return Look(at, np.arange(400), FAMILIES, draw.random((400, 3)) < 0.4)


def test_owners_and_others_are_counted_as_a_loop_does() -> None:
    draw = np.random.default_rng(3)
    looks = [(look(seed), draw.random((400, 3)) < 0.1) for seed in (1, 2)]
    ((counts, resampled),) = check([(("card", "fund"), "savings")], looks, seed=0)
    owners = adopted = others = rest = 0
    for one, opened in looks:
        for row in range(400):
            has, lacks = one.holds[row, 0] and one.holds[row, 1], not one.holds[row, 2]
            owners, adopted = owners + (lacks and has), adopted + (lacks and has and opened[row, 2])
            others, rest = others + (lacks and not has), rest + (lacks and not has and opened[row, 2])
    assert counts.tolist() == [owners, adopted, others, rest]
    assert resampled.std() > 0


def test_a_rule_that_holds_stays_above_one_and_one_that_does_not_covers_it() -> None:
    draw = np.random.default_rng(5)
    real, idle = [], []
    for seed in range(4):
        one = look(seed)
        chance = np.where(one.column("card"), 0.3, 0.1)
        opened = np.zeros((400, 3), dtype=np.bool_)
        opened[:, 1] = draw.random(400) < chance
        opened[:, 2] = draw.random(400) < 0.1
        real.append((one, opened))
        idle.append((one, opened))
    ((_, strong),) = check([(("card",), "fund")], real, seed=0)
    ((_, none),) = check([(("card",), "savings")], idle, seed=0)
    assert np.quantile(strong, 0.025) > 0
    assert np.quantile(none, 0.025) < 0 < np.quantile(none, 0.975)


def test_rules_are_mined_over_what_is_held() -> None:
    draw = np.random.default_rng(7)
    holds = draw.random((2_000, 3)) < 0.3
    holds[:, 1] |= holds[:, 0] & (draw.random(2_000) < 0.6)
    found = {(ante, cons): lift for ante, cons, lift in mine(Look(0, np.arange(2_000), FAMILIES, holds))}
    assert found[("card",), "fund"] > 1.2
    share = holds[holds[:, 0], 1].mean() / holds[:, 1].mean()
    assert found[("card",), "fund"] == pytest.approx(share)


def test_nothing_is_mined_where_nothing_is_held() -> None:
    assert mine(Look(0, np.arange(5), FAMILIES, np.zeros((5, 3), dtype=np.bool_))) == []


@pytest.fixture(scope="module")
def bank(simulated: BankFolder) -> Bank:
    return Bank(warehouse=simulated.warehouse, cutoff=simulated.warehouse.zone.parse("2025-12-01"))


def test_shipped_rules_read_features_of_the_catalogue(bank: Bank) -> None:
    from bankmine.customers.catalogue import CATALOGUE

    allowed = eligibility(bank)
    assert len(allowed.rules) >= 4
    assert set(allowed.features) <= set(CATALOGUE)


def test_a_bank_puts_its_own_rules_beside_its_settings(bank: Bank, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text('[[rule]]\nfamilies = ["any"]\nneeds = "age >= 99"\nrefused = "under 99"\n')
    known = Bank(warehouse=bank.warehouse, cutoff=bank.cutoff, settings={"eligibility": str(own)})
    (rule,) = eligibility(known).rules
    assert rule.speaks_of("fund")
    assert rule.refused == "under 99"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("age >=", "is no SQL condition"),
        ("age > (SELECT 3)", "more than a comparison"),
        ("read_text('x') = 'y'", "more than a comparison"),
    ],
)
def test_a_condition_may_only_compare_features(condition: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        features_of([condition])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"families": ["card"], "needs": "age > 1"}, "lacks a part"),
        ({"families": ["crypto"], "needs": "age > 1", "refused": "x"}, "says 'crypto'"),
        ({"families": ["card"], "needs": "age > 1", "refused": "x", "why": "y"}, "says 'why'"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_named(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _checked({"rule": [rule]}, SHIPPED)


def test_conditions_hold_where_they_are_true_and_are_told_where_known(bank: Bank) -> None:
    features = pa.table({"age": pa.array([17.0, 18.0, None]), "flag_arrears": pa.array([0.0, 1.0, 0.0])})
    ((true, known), (both, _)) = holds(bank, features, ["age >= 18", "age >= 17 AND flag_arrears = 0"])
    assert true.tolist() == [False, True, False]
    assert known.tolist() == [True, True, False]
    assert both.tolist() == [True, False, False]


def test_a_risk_class_is_compared_by_name_or_by_number() -> None:
    allowed = Eligibility((), {"low": 7, "high": 3})
    assert allowed.may_bear("low", 6)
    assert not allowed.may_bear("high", 4)
    assert allowed.may_bear("other", 7)
    assert allowed.may_bear("3", 3)
    assert not allowed.may_bear("3", 4)
    assert allowed.may_bear(None, 7)


def product(family: str, **more: Any) -> dict[str, Any]:
    return {
        "product_code": "p", "name": "P", "family": family, "risk_class": 1, "size_minor": 100_000,
        "customer_rate": 0.02, "transfer_rate": 0.03, "fee_minor": 0, **more,
    }  # fmt: skip


def test_a_margin_is_the_rate_margin_on_what_is_held_and_twelve_fees() -> None:
    assert _product(product("savings"), None, 1.0).margin_minor == 1_000
    assert _product(product("savings", fee_minor=100), None, 2.0).margin_minor == 4_400
    assert _product(product("loan", customer_rate=0.05), None, 1.0).margin_minor == 2_000
    assert _product(product("savings", customer_rate=0.04), None, 1.0).margin_minor == -1_000


def test_what_is_neither_laid_in_nor_lent_brings_what_offers_were_measured_to() -> None:
    assert _product(product("insurance", customer_rate=None), 5_000.0, 1.0).margin_minor == 5_000
    assert _product(product("insurance", customer_rate=None), None, 1.0).margin_minor == 0
    assert _product(product("savings"), 5_000.0, 1.0).margin_minor == 1_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("years", "x"), ("years", 0), ("years", -1), ("years", True), ("years", float("nan")),
        ("customer_kind", "persons"), ("channel", 3), ("channel", ""), ("eligibility", ["no.toml"]),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused_before_anything_is_asked(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"tasks\.cross_sell\.{name} is"):
        TASK.check_settings({name: value})
    TASK.check_settings({"years": 1.5, "customer_kind": "any", "channel": "phone", "eligibility": "own.toml"})


def test_a_channel_without_a_price_is_refused(bank: Bank) -> None:
    for channel in ("pigeon", "branch"):
        asked = replace(bank, settings={"channel": channel})
        price = prices(asked)
        if channel == "branch":
            check_channel(asked, price)
        else:
            with pytest.raises(ConfigurationError, match="the channel 'pigeon' has no price"):
                check_channel(asked, price)


class FirstQuestion:
    """A run that must stop before its first question."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def try_ask(self, question: Any) -> Any:
        raise AssertionError(f"asked {question.name} first")


@pytest.mark.parametrize("settings", [{"eligibility": "no.toml"}, {"channel": "pigeon"}])
def test_rules_and_prices_are_read_before_the_questions(bank: Bank, settings: dict[str, Any]) -> None:
    work: Any = FirstQuestion(replace(bank, settings=settings))
    with pytest.raises(ConfigurationError):
        TASK.study(work)


def test_grades_keep_those_refused_and_those_not_worth_it_apart() -> None:
    profit = np.array([*range(1, 21), -5.0, 50.0])
    may = np.array([True] * 21 + [False])
    likely = np.ones(22, dtype=np.bool_)
    grade = graded(profit, may, likely, proved=True)
    assert grade[20] == NOT_WORTH
    assert grade[21] == NOT_ALLOWED
    assert [place for place, word in enumerate(grade) if word == NOW] == [18, 19]
    assert grade.count(CAMPAIGN) == 18
    assert graded(profit, may, likely, proved=False) == [TRIAL] * 20 + [NOT_WORTH, NOT_ALLOWED]


def test_who_is_less_likely_than_usual_is_not_pressed_however_much_it_would_bring() -> None:
    profit, may = np.arange(1.0, 21.0), np.ones(20, dtype=np.bool_)
    likely = np.arange(20) != 19
    grade = graded(profit, may, likely, proved=True)
    assert grade[19] == CAMPAIGN
    assert [place for place, word in enumerate(grade) if word == NOW] == [18]


def test_a_margin_is_expected_over_the_products_open_to_the_customer() -> None:
    low, high = (_product(product("fund", product_code=code), 1_000.0 * size, 1.0)
                 for code, size in (("a", 1), ("b", 3)))  # fmt: skip
    liking = np.array([[0.25, 0.75], [0.25, 0.75], [0.5, 0.5]])
    open_to = np.array([[True, True], [True, False], [False, False]])
    assert expected_margin([low, high], liking, open_to).tolist() == [2_500.0, 1_000.0, 2_000.0]


def test_a_family_brings_what_its_openings_brought_on_average() -> None:
    products = {code: _product(product("fund", product_code=code), size, 1.0)
                for code, size in (("a", 1_000.0), ("b", 3_000.0))}  # fmt: skip
    one = openings([(1, 1, 10), (2, 1, 20), (3, 1, 30), (4, 1, 40)])
    codes = np.array(["a", "b", "b", "b"], dtype=object)
    taken = Openings(one.customer, one.family, one.day, one.joining, codes, FAMILIES)
    assert family_margin("fund", Prices(products, {}, ""), taken) == 2_500.0
    none = taken.only(np.zeros(4, dtype=np.bool_))
    assert family_margin("fund", Prices(products, {}, ""), none) == 2_000.0


def test_a_family_not_yet_known_at_a_past_cutoff_is_priced_as_today() -> None:
    fund, card = (_product(product(family, product_code=family[0]), size, 1.0)
                  for family, size in (("fund", 3_000.0), ("card", None)))  # fmt: skip
    none = openings([(1, 0, 10)]).only(np.zeros(1, dtype=np.bool_))
    then, today = Prices({"c": card}, {}, ""), Prices({"c": card, "f": fund}, {}, "")
    margins, late = family_margins(("card", "fund"), then, none, today)
    assert margins == {"card": card.margin_minor, "fund": 3_000.0}
    assert late == ["fund"]
    assert family_margins(("card", "fund"), Prices({}, {}, ""), none, today)[1] == ["card", "fund"]
    rows = replace(side_by_side([[0.3, 0.1, 0.2]], [[False, True, False]]), families=("card", "fund", "loan"))
    worth = worth_of(rows, {0: {**margins, "loan": 1.0}})
    assert np.isfinite(back_test(rows, worth, seed=0)["money_minor"]["value"])


def side_by_side(chance: list[list[float]], took: list[list[bool]]) -> Together:
    count = len(chance)
    usual = np.where(np.isnan(np.array(chance)), np.nan, np.array([[0.02, 0.1, 0.05]] * count))
    return Together(
        np.arange(count), np.zeros(count, np.int64), FAMILIES, np.array(chance), usual, np.array(took)
    )


def test_the_first_offer_is_the_likeliest_family_the_customer_lacks() -> None:
    nan = float("nan")
    rows = side_by_side(
        [[0.3, 0.1, 0.2], [0.3, nan, 0.4], [nan, 0.2, 0.1], [0.1, 0.1, 0.9]],
        [[True, False, False], [False, False, True], [False, False, True], [False, True, False]],
    )
    found = back_test(rows, np.full((4, 3), 100.0), seed=0)
    assert found["all"]["value"] == 0.5  # card and savings were taken, fund and savings were not
    assert found["all"]["baseline"] == 0.5  # fund where lacked, else savings
    assert found["taken_at_all"] == 1.0
    assert found["tenth"]["rows"] == 1


def test_the_back_test_is_priced_at_the_margins_of_each_cutoff() -> None:
    rows = side_by_side([[0.3, 0.1, 0.2]] * 2, [[True, False, False]] * 2)
    rows = replace(rows, cutoff=np.array([7, 9]))
    margins = {7: {"card": 10.0, "fund": 1.0, "savings": 1.0}, 9: {"card": 50.0, "fund": 1.0, "savings": 1.0}}
    worth = worth_of(rows, margins)
    assert worth.tolist() == [[10.0, 1.0, 1.0], [50.0, 1.0, 1.0]]
    assert back_test(rows, worth, seed=0)["money_minor"]["value"] == 30.0


def test_a_perfect_order_finds_all_takers_in_the_first_tenth() -> None:
    draw = np.random.default_rng(2)
    took = np.zeros((1_000, 3), dtype=np.bool_)
    took[np.arange(80), draw.integers(0, 3, 80)] = True
    chance = np.where(took, 0.9, 0.01 * draw.random((1_000, 3)))
    found = back_test(side_by_side(chance.tolist(), took.tolist()), np.ones((1_000, 3)), seed=0)
    assert found["tenth"]["value"] == pytest.approx(0.8)
    assert found["tenth"]["more_low"] > 0


def test_a_sentence_says_chance_usual_chance_and_evidence() -> None:
    from bankmine.customers.catalogue import CATALOGUE

    reasons = [
        {"feature": "transfer_in_max_3mo", "value": 1_234_500.0, "contribution": 0.4},
        {"feature": "age", "value": 31.0, "contribution": -0.2},
        {"feature": "customer_education=master", "value": 1.0, "contribution": 0.1},
    ]
    said = sentence("fund", 0.07, 0.014, reasons, CATALOGUE, currency="SGD", margin_minor=9e4)
    assert said == (
        "Fund: 1 in 14 like this customer take one within 90 days, usually 1 in 71; for largest transfer "
        "received in the 3 months: SGD 12.3 k; highest education: master."
    )
    assert one_in(0.0) == "hardly anyone"
    assert one_in(0.5) == "50% of those"
