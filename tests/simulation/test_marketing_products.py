"""Products, wishes, campaigns: what is held when, and that each planted cause has its effect."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from marketing_communities import Community, calm, community, scenario

from bankmine.simulation.catalogue import FAMILIES, FAMILY_OF, NEEDS_APPLICATION, NEXT, NEXT_OF
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import NEVER
from bankmine.simulation.service.next_truth import taken_of
from bankmine.simulation.wishes import log_odds, traits_of


def test_everybody_has_a_current_account_from_joining_to_closing() -> None:
    made = calm()
    current = FAMILY_OF[made.held.product] == FAMILIES.index("current")
    assert np.array_equal(made.held.person[current], np.arange(made.who.count))
    assert np.array_equal(made.held.opened[current], made.who.joined)
    assert np.array_equal(made.held.closed[current], made.leave.closed)


def test_nothing_is_held_before_joining_or_after_closing() -> None:
    held, made = calm().held, calm()
    assert (held.opened >= made.who.joined[held.person]).all()
    assert (held.closed <= made.leave.closed[held.person]).all()
    assert (held.opened < held.closed).all()


def test_credit_is_a_wish_and_no_holding() -> None:
    held = calm().held
    assert not NEEDS_APPLICATION[held.product].any()
    assert NEEDS_APPLICATION[held.needs.product].all()
    assert (held.needs.day < 0).any()
    assert (held.needs.day >= 0).any()


def test_a_product_is_opened_once_a_day_by_a_customer() -> None:
    held = calm().held
    rows = np.stack([held.person, held.product, held.opened])
    assert np.unique(rows, axis=1).shape[1] == held.person.size


def test_nobody_holds_a_family_twice_at_a_time_by_own_wish() -> None:
    made = calm()
    taken = taken_of(made.held, made.credit.holdings)
    own = ~np.isin(taken.family, [NEXT.index(name) for name in ("card", "loan", "mortgage")])
    order = np.lexsort((taken.opened[own], taken.family[own], taken.person[own]))
    person, family, opened, closed = (
        column[own][order] for column in (taken.person, taken.family, taken.opened, taken.closed)
    )
    same = (np.diff(person) == 0) & (np.diff(family) == 0)
    assert (opened[1:][same] >= closed[:-1][same]).all()


def test_who_has_decided_to_leave_wishes_for_nothing() -> None:
    made = calm()
    wish = made.held.wishes
    own = ~wish.sold
    assert (wish.formed[own] < made.leave.decided[wish.person[own]]).all()


def test_wishes_follow_life_events_only_where_their_weight_is_not_zero() -> None:
    quiet = community(scene=scenario("product", life_events=0.0))
    assert (quiet.held.chance[0].std(axis=1) < 1e-9).all()
    assert (calm().held.chance[0].std(axis=1) > 0.1).any()


def test_no_wish_forms_where_the_base_is_zero() -> None:
    made = community(customers=200, months=12, scene=scenario("product", base=0.0))
    assert made.held.wishes.sold.all()


def test_a_windfall_leads_to_a_fund_only_with_education_and_digital_habit() -> None:
    made, trait = calm(), traits_of(calm().who)
    since = {kind: np.full((made.who.count, 1), np.inf) for kind in made.held.since}
    before = log_odds(made.frame, made.who, since, made.held.taste)[NEXT.index("fund")][:, 0]
    since["windfall"] = np.full((made.who.count, 1), 3.0)
    gain = log_odds(made.frame, made.who, since, made.held.taste)[NEXT.index("fund")][:, 0] - before
    ready = (trait.educated > 0.8) & (trait.digital > 0.8)
    assert gain[ready].min() > 2.5
    assert gain[trait.educated < 0.2].max() < 1.2
    assert gain[trait.digital < 0.05].max() < 0.5


def test_a_longer_bank_begins_with_the_same_wishes_and_holdings() -> None:
    short, long = community(customers=200, months=12), community(customers=200, months=18)
    end = int(short.frame.month_start[9])
    for name in ("person", "product", "formed", "opened"):
        one, other = (
            getattr(made.held.wishes, name)[made.held.wishes.formed < end] for made in (short, long)
        )
        assert np.array_equal(one, other)


def test_premiums_are_paid_while_insured_and_not_after() -> None:
    made = calm()
    held, paid = made.held, made.held.entries(made.frame, made.who, made.acc)
    insurance = paid.category == CATEGORIES.index("insurance")
    assert insurance.sum() > 500
    assert (paid.cents > 0).all()
    family = FAMILY_OF[held.product] == FAMILIES.index("insurance")
    first = np.full(made.who.count, NEVER)
    np.minimum.at(first, held.person[family], held.opened[family])
    day, person = paid.second[insurance] // 86_400, paid.account[insurance]
    assert (day > first[person]).all()
    assert (paid.second // 86_400 < made.leave.closed[paid.account]).all()


def test_contacts_are_only_with_consent_and_without_the_product() -> None:
    made = calm()
    sent, plan = made.held.sold.contacts, made.held.sold.plan
    assert sent.person.size > 300
    channel = np.array([one.channel for one in plan])[sent.campaign]
    given = made.held.consents.given[sent.person, channel]
    assert (given <= sent.second // 86_400).all()
    family = np.array([one.family for one in plan])[sent.campaign]
    held = made.held
    for person, wanted, second in zip(sent.person[:200], family[:200], sent.second[:200], strict=True):
        mine = (held.person == person) & (NEXT_OF[held.product] == wanted)
        assert not (mine & (held.opened < second // 86_400 - 25) & (held.closed > second // 86_400)).any()


def test_treatment_is_drawn_with_the_logged_propensity() -> None:
    sent = _many().held.sold.contacts
    assert np.unique(sent.propensity).size > 20
    for low, high in ((0.0, 0.6), (0.6, 0.75), (0.75, 1.0)):
        here = (sent.propensity >= low) & (sent.propensity < high)
        error = np.sqrt(0.25 / max(here.sum(), 1))
        assert abs(sent.treated[here].mean() - sent.propensity[here].mean()) < 4 * error


def test_true_chances_of_acceptance_are_right_on_average() -> None:
    sent = _many().held.sold.contacts
    chance = np.where(sent.treated, sent.if_asked, sent.if_left)
    assert sent.accepted.sum() == pytest.approx(chance.sum(), abs=4 * np.sqrt(chance.sum()) + 3)


def test_all_four_groups_exist_and_their_effects_have_their_signs() -> None:
    sent = _many().held.sold.contacts
    effect = sent.if_asked - sent.if_left
    assert set(sent.group) == {0, 1, 2, 3}
    assert effect[sent.group == 0].min() > 0.05
    assert effect[sent.group == 3].max() < 0
    assert sent.if_left[sent.group == 1].mean() > 2 * sent.if_left[sent.group == 2].mean()


def test_being_asked_does_nothing_where_its_effect_is_zero() -> None:
    sent = community(customers=200, scene=scenario("response", effect=0.0)).held.sold.contacts
    assert np.array_equal(sent.if_asked, sent.if_left)


def test_without_campaigns_there_are_no_contacts() -> None:
    made = community(customers=50, months=6, scene=scenario("response", campaigns_a_year=0))
    assert made.held.sold.contacts.person.size == 0
    assert made.service.tables(made.frame, made.who)["contacts"].num_rows == 0
    assert made.service.truth(made.frame, made.who)["label_response"].num_rows == 0


def test_what_is_accepted_is_opened_or_wished_for() -> None:
    made = calm()
    sent, wish = made.held.sold.contacts, made.held.wishes
    accepted = sent.accepted
    assert wish.sold.sum() == accepted.sum() > 10
    assert (wish.opened[wish.sold] > wish.formed[wish.sold]).all()


@lru_cache(maxsize=1)
def _many() -> Community:
    return community(customers=1000, months=36, seed=3)
