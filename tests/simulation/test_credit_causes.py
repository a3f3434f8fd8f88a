"""Each planted cause of default and of false data has its effect, and none where its strength is zero."""

from __future__ import annotations

import numpy as np
import pytest
from credit_communities import Lent, lent
from sklearn.metrics import roc_auc_score

from bankmine.simulation.credit.bureau import ENQUIRY, FUND, REVIEW
from bankmine.simulation.credit.default_cause import lost_wage_weight
from bankmine.simulation.credit.requests import HONEST, RING
from bankmine.simulation.credit.written import of_contradictions, shared_before
from bankmine.simulation.frame import DAY


@pytest.fixture(scope="module")
def made() -> Lent:
    return lent(customers=1_000, months=36)


def _oracle(made: Lent) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    truth = made.credit.truth(made.frame, made.who, made.life, made.leave)["label_application_default"]
    written = {name[8:]: truth[name].to_numpy() for name in truth.column_names if name.startswith("written_")}
    return truth["oracle"].to_numpy(), written


@pytest.mark.parametrize(
    ("strength", "cause"),
    [("default__order", "order"), ("default__over_borrowing", "over_borrowing"), ("default__text", "text")],
)
def test_a_cause_has_no_effect_at_strength_zero(strength: str, cause: str) -> None:
    with_, without = lent(), lent(**{strength: 0.0})
    assert np.ptp(getattr(with_.credit.causes, cause)) > 1.0
    assert not getattr(without.credit.causes, cause).any()
    rest = with_.credit.causes.total - getattr(with_.credit.causes, cause)
    np.testing.assert_allclose(rest, without.credit.causes.total)


def test_lost_income_matters_most_where_savings_are_thin(made: Lent) -> None:
    credit = made.credit
    chance, lost = credit.credits_.chance, credit.lost[credit.asked.person]
    thin = credit.causes.thin[:, None] > np.median(credit.causes.thin)
    odds = np.log(chance / (1 - chance)) - credit.causes.total[:, None]

    def effect(who: np.ndarray) -> float:
        return float(odds[who & lost].mean() - odds[who & ~lost].mean())

    assert effect(thin) > effect(~thin) + 1.0
    assert lost_wage_weight(lent(default__income_loss=0.0).frame) == 0


def test_a_fallen_guarantor_makes_default_likelier() -> None:
    with_ = lent(customers=1_000, months=36, default__base=4.0)
    without = lent(customers=1_000, months=36, default__base=4.0, default__contagion=0.0)
    fell = with_.credit.credits_.infected
    assert fell.any()
    assert not without.credit.employer.any()
    usual = without.credit.credits_.chance[fell]
    raised = with_.credit.credits_.chance[fell]
    assert (raised > usual).mean() > 0.95


def test_the_order_of_pairs_carries_risk_that_counts_gaps_and_recency_do_not(made: Lent) -> None:
    credit, history = made.credit, made.credit.history
    asked = np.flatnonzero(~credit.asked.held & (credit.found.pairs > 2))
    person, day = credit.asked.person[asked], credit.asked.day[asked]
    fund = history.kind == FUND
    review = (history.kind == ENQUIRY) & (history.reason == REVIEW)
    signal = credit.causes.order[asked]
    for which in (fund, review):
        for days in (30, 90, 180, 365, 730):
            count = history.count(which, person, day - days, day)
            assert abs(np.corrcoef(count, signal)[0, 1]) < 0.15
    newest_first = np.array([_newest_order(history, who, at) for who, at in zip(person, day, strict=True)])
    assert abs(np.corrcoef(newest_first, signal)[0, 1]) < 0.15


def _newest_order(history: object, person: int, day: int) -> int:
    here = (history.pair_person == person) & (history.pair_end < day)  # type: ignore[attr-defined]
    return int(history.pair_sign[here][-1])  # type: ignore[attr-defined]


def test_enquiries_a_loan_followed_are_harmless(made: Lent) -> None:
    oracle, written = _oracle(made)
    clean = np.nan_to_num(written["unresolved_enquiries"]) == 0
    busy = written["enquiries"] >= 2
    assert busy.sum() > 20
    refused = ~clean & (written["burden"] > 0.2)
    assert oracle[refused].mean() > oracle[clean].mean() * 1.4
    assert oracle[clean & busy].mean() < oracle[refused].mean()


def test_true_chances_are_true() -> None:
    """Expected and seen defaults agree within four standard errors."""
    expected = seen = spread = 0.0
    for seed in (5, 6):
        made = lent(customers=1_000, months=36, seed=seed)
        truth = made.credit.truth(made.frame, made.who, made.life, made.leave)["applications"]
        bad = truth["would_be_bad"].to_pylist()
        known = np.array([one is not None for one in bad])
        chance = truth["chance_bad"].to_numpy()[known]
        expected += chance.sum()
        spread += (chance * (1 - chance)).sum()
        seen += sum(bool(one) for one in bad if one is not None)
    assert abs(seen - expected) < 4 * np.sqrt(spread)


def test_loans_that_are_likelier_to_default_do() -> None:
    made = lent(customers=1_000, months=36)
    truth = made.credit.truth(made.frame, made.who, made.life, made.leave)["label_loan_default"]
    subject, oracle = truth["subject"].to_numpy(), truth["oracle"].to_numpy()
    cutoff = (truth["cutoff"].to_numpy() - np.datetime64("2023-01-01")).astype("timedelta64[D]").astype(int)
    happened = made.credit.credits_.course.happened
    late = happened.past_due >= 90
    number, day = made.credit.credits_.number[happened.credit[late]], happened.second[late] // DAY
    mature = cutoff + 365 < made.frame.days
    label = np.zeros(subject.size, dtype=bool)
    for one, at in zip(number, day, strict=True):
        label |= (subject == one) & (cutoff <= at) & (at < cutoff + 365)
    assert 0.008 < label[mature].mean() < 0.07
    assert roc_auc_score(label[mature], oracle[mature]) > 0.85


def test_no_single_sign_gives_false_data_away_but_signs_that_do_not_belong_together_do() -> None:
    rows, false, broken = [], [], []
    for seed in (5, 6):
        made = lent(customers=1_000, months=36, seed=seed, fraud__false_application=4.0)
        which = np.flatnonzero(~made.credit.asked.held)
        signs = made.credit.forms.signs[which]
        rows.append(signs.sum(axis=1))
        broken.append(signs.reshape(-1, 3, 2).sum(axis=2).__eq__(1).sum(axis=1))
        false.append(made.credit.asked.false[which] > HONEST)
    is_false = np.concatenate(false)
    assert roc_auc_score(is_false, np.concatenate(broken)) > 0.7
    assert (
        roc_auc_score(is_false, np.concatenate(rows)) < roc_auc_score(is_false, np.concatenate(broken)) - 0.03
    )


def test_rings_share_across_households_and_do_not_pay() -> None:
    made = lent(customers=1_000, months=36, fraud__rings=6.0)
    credit = made.credit
    ring = credit.asked.false == RING
    assert ring.sum() > 10
    shared = shared_before(credit, made.who, credit.forms.device)
    honest = (credit.asked.false == HONEST) & ~credit.asked.held
    assert shared[ring].mean() > 0.4 > 5 * np.median(shared[honest])
    bad, known = credit.bad()
    mature = ring & credit.credits_.granted & (known < made.frame.days)
    assert bad[mature].mean() > 0.6


def test_without_strength_nobody_states_false_data() -> None:
    made = lent(fraud__false_application=0.0, fraud__rings=0.0)
    assert (made.credit.asked.false == HONEST).all()
    assert made.credit.false.application.size == 0


def test_an_attack_multiplies_false_applications_from_its_month_on() -> None:
    calm, attack = lent(seed=8), lent(seed=8, fraud__attack_month=12.0, fraud__attack_factor=8.0)
    begins = calm.frame.month_start[12]

    def count(made: Lent, later: bool) -> int:
        false = made.credit.asked.false > HONEST
        return int((false & ((made.credit.asked.day >= begins) == later)).sum())

    assert count(attack, True) > 2 * count(calm, True)
    assert count(attack, False) == count(calm, False)


def test_contradictions_are_written_for_every_form(made: Lent) -> None:
    which = np.flatnonzero(~made.credit.asked.held)
    written = of_contradictions(made.credit, made.who, which)
    honest = made.credit.asked.false[which] == HONEST
    assert np.median(written["stated_over_paid"][honest]) == pytest.approx(1.0, abs=0.02)
    assert 0.02 < np.nanmean(written["ip_abroad"][honest]) < 0.3
