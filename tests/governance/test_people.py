"""Adding people and changing their rights: permitted, recorded, at once, and never oneself."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import Person, Role, Scope, audit, people, sessions
from bankmine.governance.person import load
from bankmine.store import Store
from stores import PASSWORD, add, enter

ACTS: list[Callable[[Connection, Person | None, str], object]] = [
    lambda c, by, who: people.change_roles(c, by, who, [Role.auditor]),
    lambda c, by, who: people.change_scope(c, by, who, Scope(branches=frozenset({"7"}))),
    lambda c, by, who: people.disable(c, by, who),
    lambda c, by, who: people.set_password(c, by, who, "another four herons"),
]


def person(store: Store, person_id: str) -> Person:
    with store.read() as connection:
        found = load(connection, person_id)
    assert found is not None
    return found


def test_a_person_is_kept_with_roles_and_scope(store: Store) -> None:
    scope = Scope(branches=frozenset({"12", "7"}), managers=frozenset())
    one = person(store, add(store, "Ann", Role.operator, Role.auditor, scope=scope))
    assert (one.name, one.roles, one.scope) == ("Ann", (Role.operator, Role.auditor), scope)
    with store.read() as connection:
        (account,) = people.listed(connection)
    assert (account.disabled, account.second_factor, account.scope) == (False, False, scope)


def test_names_differ_by_more_than_capital_letters(store: Store) -> None:
    add(store, "Ann")
    with pytest.raises(UsageError, match="taken"):
        add(store, "aNN")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101])
def test_a_name_is_one_short_line(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="the name has"):
        add(store, name)


def test_nobody_is_added_without_a_role(store: Store) -> None:
    with store.begin() as connection, pytest.raises(UsageError, match="no role"):
        people.add(connection, None, name="Ann", password=PASSWORD, roles=())


@pytest.mark.parametrize("act", ACTS)
def test_changes_need_the_permission(store: Store, act) -> None:
    add(store)
    operator, other = person(store, add(store, "Bea", Role.operator)), add(store, "Cid", Role.operator)
    with store.begin() as connection, pytest.raises(Forbidden, match="people:write"):
        act(connection, operator, other)


@pytest.mark.parametrize("act", ACTS[:3])
def test_nobody_changes_their_own_rights(store: Store, act) -> None:
    one = person(store, add(store))
    add(store, "Bea", Role.administrator)
    with store.begin() as connection, pytest.raises(Forbidden, match="their own rights"):
        act(connection, one, one.person_id)


@pytest.mark.parametrize("act", ACTS)
def test_a_change_ends_the_persons_sessions_and_is_recorded(store: Store, act) -> None:
    by, other = person(store, add(store)), add(store, "Bea", Role.operator)
    signed_in = enter(store, "Bea")
    with store.begin() as connection:
        act(connection, by, other)
    assert sessions.resume(store, signed_in.session_token) is None
    with store.read() as connection:
        newest = audit.events(connection, object_id=other, limit=2)
    assert newest[0].act == "sessions_ended"
    assert newest[1].person_id == by.person_id


def test_the_last_administrator_stays(store: Store) -> None:
    one = add(store)
    with store.begin() as connection:
        with pytest.raises(UsageError, match="last administrator"):
            people.disable(connection, None, one)
        with pytest.raises(UsageError, match="last administrator"):
            people.change_roles(connection, None, one, [Role.auditor])
    other = add(store, "Bea")
    with store.begin() as connection:
        people.disable(connection, None, one)
        with pytest.raises(UsageError, match="last administrator"):
            people.disable(connection, None, other)


def test_disabling_is_undone_with_the_same_rights(store: Store) -> None:
    add(store)
    other = add(store, "Bea", Role.operator, scope=Scope(branches=frozenset({"7"})))
    before = person(store, other)
    with store.begin() as connection:
        people.disable(connection, None, other)
    with store.read() as connection:
        assert load(connection, other) is None
    with store.begin() as connection:
        people.enable(connection, None, other)
    assert person(store, other) == before


def test_a_scope_given_back_is_the_old_one(store: Store) -> None:
    add(store)
    old = Scope(branches=frozenset({"7", "8"}))
    other = add(store, "Bea", Role.operator, scope=old)
    for scope in (Scope(), old):
        with store.begin() as connection:
            people.change_scope(connection, None, other, scope)
        assert person(store, other).scope == scope


def test_ones_own_password_needs_no_permission(store: Store) -> None:
    one = person(store, add(store, "Bea", Role.operator))
    with store.begin() as connection:
        people.set_password(connection, one, one.person_id, "another four herons")


def test_an_unknown_person_is_not_found(store: Store) -> None:
    for act in ACTS:
        with store.begin() as connection, pytest.raises(NotFound, match="no such person"):
            act(connection, None, "nobody")


def test_events_name_nobody(store: Store) -> None:
    add(store, "Wilhelmina Harker", Role.operator)
    with store.read() as connection:
        assert "Harker" not in repr(audit.events(connection))
