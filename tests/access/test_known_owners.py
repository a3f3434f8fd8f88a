"""A scope names branches and managers that the bank's tables know; others are refused with the nearest."""

import pytest
from seen_by import Oracle

from bankmine.access import Place
from bankmine.access.owners import Owners
from bankmine.errors import UsageError
from bankmine.governance import Scope

KNOWN = Owners(frozenset({"B01", "B02", "B10", "west"}), frozenset({"M1", "M2"}))


def hint(known: Owners, scope: Scope) -> tuple[str, str]:
    with pytest.raises(UsageError) as found:
        known.check(scope)
    return found.value.what, str(found.value.hint)


def test_branches_and_managers_are_those_of_every_version_in_plain_sql(place: Place, oracle: Oracle) -> None:
    known = place.state().owners
    for kind, column in ((known.branches, "branch_id"), (known.managers, "manager_id")):
        rows = oracle.sql(f"SELECT DISTINCT {column} FROM {oracle.files('customer')}")
        assert {one for (one,) in rows if one is not None} <= kind
    listed = oracle.sql(f"SELECT DISTINCT branch_id FROM {oracle.files('branch')}")
    customers = oracle.sql(f"SELECT DISTINCT branch_id FROM {oracle.files('customer')}")
    assert known.branches == {one for (one,) in listed + customers if one is not None}


def test_known_ones_and_the_whole_bank_are_taken() -> None:
    for scope in (Scope(), Scope(frozenset({"B01", "west"}), frozenset({"M2"})), Scope(frozenset())):
        KNOWN.check(scope)


def test_an_unknown_branch_is_refused_with_the_nearest_first() -> None:
    assert hint(KNOWN, Scope(frozenset({"B01", "b02"}))) == (
        "the bank has no branch 'b02'", "Nearest are B02, B01, B10, west."
    )  # fmt: skip
    assert hint(KNOWN, Scope(frozenset({"NOPE"})))[1] == "Nearest are B01, B02, B10, west."


def test_an_unknown_manager_is_refused_and_a_branch_is_no_manager() -> None:
    told, nearest = hint(KNOWN, Scope(None, frozenset({"B01"})))
    assert told == "the bank has no manager 'B01'"
    assert nearest == "Nearest are M1, M2."


def test_where_nothing_is_known_nothing_is_refused() -> None:
    Owners().check(Scope(frozenset({"7"}), frozenset({"3"})))
    Owners(branches=frozenset({"B01"})).check(Scope(frozenset({"B01"}), frozenset({"M9"})))
