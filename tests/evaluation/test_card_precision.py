"""Card precision at k against the Fraud Detection Handbook's own procedure, written out over dictionaries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.evaluation.cards import CardDays, card_precision_at
from bankmine.evaluation.intervals import card_precision_difference, card_precision_interval

transactions = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3), st.integers(0, 6)), max_size=40
)


def handbook(rows: list[tuple[bool, int, int, int]], k: int, blocked: set[int]) -> list[float]:
    """`card_precision_top_k` of the handbook (section 4.4): for each day the maximum of score and label a
    card, cards found before left out, precision over k. Ties go to the lower card."""
    found: set[int] = set(blocked)
    result = []
    for day in sorted({row[2] for row in rows if row[3] not in blocked}):
        best: dict[int, tuple[float, bool]] = {}
        for fraud, score, at, card in rows:
            if at == day and card not in found:
                top, any_ = best.get(card, (-1.0, False))
                best[card] = (max(top, score), any_ or fraud)
        checked = sorted(best, key=lambda card: (-best[card][0], card))[:k]
        caught = [card for card in checked if best[card][1]]
        found.update(caught)
        result.append(len(caught) / k)
    return result


@given(transactions.filter(bool), st.integers(1, 4), st.sets(st.integers(0, 6), max_size=2))
def test_every_day_equals_the_handbooks_procedure(
    rows: list[tuple[bool, int, int, int]], k: int, blocked: set[int]
) -> None:
    y, score, day, card = (np.array(column) for column in zip(*rows, strict=True))
    found = card_precision_at(y, score.astype(float), day, card, k=k, blocked=np.array(sorted(blocked), int))
    assert found.precision.tolist() == pytest.approx(handbook(rows, k, blocked))
    if len(found.precision):
        assert found.value == pytest.approx(np.mean(found.precision))


@given(transactions.filter(bool), st.integers(1, 4), st.data())
def test_a_card_of_weight_two_is_two_cards(
    rows: list[tuple[bool, int, int, int]], k: int, data: st.DataObject
) -> None:
    weight = {card: data.draw(st.integers(0, 2)) for card in range(7)}
    copies = [
        (fraud, score, day, 10 * card + copy)
        for fraud, score, day, card in rows
        for copy in range(weight[card])
    ]
    y, score, day, card = (np.array(column) for column in zip(*rows, strict=True))
    days = CardDays(y, score.astype(float), day, card)
    mass = np.array([weight[int(c)] for c in days.cards], dtype=float)
    found = days.precision(100, mass).precision
    expected = dict(zip(sorted({row[2] for row in copies}), handbook(copies, 100, set()), strict=True))
    assert found.tolist() == pytest.approx([expected.get(int(d), 0.0) for d in days.days])


def test_a_card_found_is_blocked_on_later_days() -> None:
    y, score = np.array([1, 1, 0]), np.array([0.9, 0.9, 0.5])
    found = card_precision_at(y, score, [1, 2, 2], [7, 7, 8], k=1)
    assert found.precision.tolist() == [1.0, 0.0]
    assert found.compromised.tolist() == [1, 0]


def test_a_card_missed_is_looked_for_again() -> None:
    y, score = np.array([0, 1, 1]), np.array([0.9, 0.1, 0.9])
    assert card_precision_at(y, score, [1, 1, 2], [8, 7, 7], k=1).precision.tolist() == [0.0, 1.0]


def test_a_day_with_few_cards_still_divides_by_k() -> None:
    assert card_precision_at([1], [0.5], [1], [7], k=100).value == pytest.approx(0.01)


def test_a_fraud_counts_for_its_card_even_when_another_transaction_scored_higher() -> None:
    assert card_precision_at([0, 1], [0.9, 0.1], [1, 1], [7, 7], k=1).value == 1.0


def test_interval_over_cards_holds_the_figure_and_pairs_cancel() -> None:
    draw = np.random.default_rng(0)
    y, score = draw.random(4000) < 0.1, draw.random(4000)
    day, card = draw.integers(0, 7, 4000), draw.integers(0, 900, 4000)
    good = CardDays(y, score + y, day, card)
    poor = CardDays(y, score, day, card)
    assert card_precision_interval(good, k=20).contains(good.precision(20).value)
    assert card_precision_difference(good, good, k=20).high == 0
    assert card_precision_difference(good, poor, k=20).low > 0
    with pytest.raises(UsageError, match="same cards"):
        card_precision_difference(good, CardDays(y[:50], score[:50], day[:50], card[:50]), k=20)


def test_no_card_is_not_a_list() -> None:
    with pytest.raises(UsageError, match="0 cards"):
        card_precision_at([1], [0.5], [1], [7], k=0)
