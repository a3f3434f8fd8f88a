"""A network around a customer holds every link to somebody of the scope and no other: equal to plain SQL."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from seen_by import Oracle, foreign_named, person

from bankmine.access import Place, network
from bankmine.governance import Permission, Scope

CASES = ["first branch", "second branch", "both"]
YEAR_US = 365 * 86_400_000_000


@pytest.fixture(scope="module")
def pairs(oracle: Oracle) -> dict[int, set[tuple[int, str]]]:
    """Every link of the bank as known at the cutoff, from either end, by SQL over the files."""
    at = f"make_timestamptz({oracle.cutoff})"
    said = " ".join(f"WHEN '{kind}' THEN '{word}'" for kind, word in network.WORDS.items())
    direct = f"""
        SELECT from_id, to_id, CASE kind {said} END FROM (
            SELECT from_id, to_id, kind,
                   arg_max(coalesce(valid_to, 'infinity'), (valid_from, known_at, load_number)) AS ends
            FROM {oracle.files("party_link")} WHERE greatest(valid_from, known_at) < {at} GROUP BY ALL)
        WHERE ends > {at}"""
    given = " UNION ALL ".join(
        f"SELECT customer_id, '{word}', {column} FROM standing WHERE {column} IS NOT NULL"
        for column, word in [
            ("phone", "same phone"), ("device_id", "same device"), ("address_id", "same address"),
            ("employer_id", "same employer"),
        ]
    )  # fmt: skip
    shared = f"""
        WITH standing AS (
            SELECT * FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY application_id ORDER BY known_at DESC, load_number DESC) AS newest
                FROM {oracle.files("credit_application")} WHERE known_at < {at})
            WHERE newest = 1 AND NOT cancelled AND event_time < {at} AND customer_id IS NOT NULL
              AND epoch_us(event_time) + {YEAR_US} > {oracle.cutoff}
        ), given(customer, word, element) AS ({given})
        SELECT DISTINCT a.customer, b.customer, a.word FROM given a JOIN given b USING (word, element)
        WHERE a.customer <> b.customer"""
    joint = f"""
        WITH held AS (
            SELECT account_id, customer_id, arg_max(role, (valid_from, known_at, load_number)) AS held_as,
                   arg_max(coalesce(valid_to, 'infinity'), (valid_from, known_at, load_number)) AS ends
            FROM {oracle.files("account_party")} WHERE greatest(valid_from, known_at) < {at} GROUP BY ALL)
        SELECT DISTINCT a.customer_id, b.customer_id, '{network.JOINT}'
        FROM held a JOIN held b USING (account_id)
        WHERE a.customer_id <> b.customer_id AND a.held_as IN ('owner', 'co-owner')
          AND b.held_as IN ('owner', 'co-owner') AND a.ends > {at} AND b.ends > {at}"""
    found: dict[int, set[tuple[int, str]]] = {}
    for statement in (direct, shared, joint):
        for one, other, word in oracle.sql(statement):
            if one != other:
                found.setdefault(one, set()).add((other, word))
                found.setdefault(other, set()).add((one, word))
    return found


def expected(pairs: dict[int, set[tuple[int, str]]], own: set[int], start: int) -> set[tuple]:
    """Links one step away and those one further, written as plainly as can be."""
    near = {(start, other, word, 1) for other, word in pairs.get(start, ()) if other in own}
    ring = {other for _, other, _, _ in near}
    far = {
        (one, other, word, 2)
        for one in ring
        for other, word in pairs.get(one, ())
        if other in own and other not in ring | {start} and word != "same employer"
    }
    return near | far


@pytest.mark.parametrize("name", CASES)
def test_links_of_every_own_customer_equal_a_direct_sql(place: Place, oracle, scopes, pairs, name):
    view, own = place.as_seen_by(person(scopes[name])), oracle.own(scopes[name])
    known = {int(one) for one in view.own_customers().columns["customer_id"].values}
    linked = 0
    for customer in sorted(known)[:400]:
        seen = network.around(view, customer)
        assert {(one.through, one.customer, one.link, one.steps) for one in seen.links} == expected(
            pairs, own & known, customer
        )
        linked += bool(seen.links)
    assert linked > 5


@pytest.mark.parametrize("name", CASES)
def test_a_page_names_nobody_else(place: Place, oracle, scopes, name):
    view = place.as_seen_by(person(scopes[name]))
    foreign = oracle.foreign(scopes[name])
    for customer in view.own_customers().columns["customer_id"].values[:100]:
        table = network.around(view, int(customer)).table
        assert not list(foreign_named(table.values(np.arange(table.length)), foreign))


def test_customers_of_other_branches_have_no_network(place: Place, oracle, scopes):
    view = place.as_seen_by(person(scopes["first branch"]))
    assert network.around(view, min(oracle.foreign(scopes["first branch"]))) is None


def test_nothing_known_later_tells(place: Place):
    """Each link shown began before the day asked, and later days know of more."""
    late = place.as_seen_by(person(Scope()))
    early = place.as_seen_by(person(Scope()), late.state.covered[0] + timedelta(days=400))
    fewer = 0
    for customer in early.own_customers().columns["customer_id"].values[:200]:
        now, then = network.around(late, int(customer)), network.around(early, int(customer))
        assert all(one.since < early.cutoff for one in then.links)
        fewer += len(then.links) < len(now.links)
    assert fewer


def test_who_is_known_to_be_bad_is_told_to_those_who_read_of_it(place: Place):
    seller = place.as_seen_by(person(Scope(), [Permission.CUSTOMERS_READ]))
    officer = place.as_seen_by(person(Scope(), [Permission.CUSTOMERS_READ, Permission.CREDIT_READ]))
    told = 0
    for customer in officer.own_customers().columns["customer_id"].values[:300]:
        seen = network.around(officer, int(customer))
        told += len(seen.bad)
        hidden = network.around(seller, int(customer))
        assert not hidden.bad
        assert "known_bad" not in hidden.table.columns
        assert hidden.links == seen.links
    assert told
