"""A password that somebody else gave opens for three days and has to be changed."""

from dataclasses import replace

import pytest

from bankmine.errors import SignInRefused
from bankmine.governance import Role, people, sessions
from bankmine.governance.person import load
from bankmine.governance.sign_in import with_password
from bankmine.store import Store
from bankmine.store.running import Running

GIVEN, OWN = "four quiet grey herons", "nine loud amber kettles"


@pytest.fixture
def administrator(store: Store):
    with store.begin() as connection:
        person_id = people.add(
            connection, None, name="ada", password=GIVEN, roles=[Role.administrator, Role.operator]
        )
        return load(connection, person_id)


@pytest.fixture
def newcomer(store: Store, administrator) -> str:
    with store.begin() as connection:
        return people.add(connection, administrator, name="bo", password=GIVEN, roles=[Role.operator])


def test_a_password_of_ones_own_owes_nothing(store: Store, administrator) -> None:
    assert with_password(store, "ada", GIVEN).person.owes == ()


def test_a_given_password_opens_but_has_to_be_changed(store: Store, newcomer: str) -> None:
    entered = with_password(store, "bo", GIVEN)
    assert entered.person.owes == ("password",)
    with store.begin() as connection:
        people.set_password(connection, entered.person, newcomer, OWN)
    assert with_password(store, "bo", OWN).person.owes == ()


def test_a_given_password_opens_for_three_days_alone(store: Store, newcomer: str, monkeypatch) -> None:
    later = people.now_us() + people.GIVEN_US + 1
    for module in ("sign_in", "sessions", "attempts", "audit"):
        monkeypatch.setattr(f"bankmine.governance.{module}.now_us", lambda: later)
    with pytest.raises(SignInRefused):
        with_password(store, "bo", GIVEN)


def test_a_password_given_anew_is_a_given_one_again(store: Store, newcomer: str, administrator) -> None:
    with store.begin() as connection:
        people.set_password(connection, load(connection, newcomer), newcomer, OWN)
        people.set_password(connection, administrator, newcomer, GIVEN)
    assert with_password(store, "bo", GIVEN).person.owes == ("password",)


def test_where_a_second_factor_is_required_it_is_owed_from_sign_in_on(store: Store, newcomer: str) -> None:
    store.running = Running(store.engine, replace(store.settings, second_factor="required"))
    entered = with_password(store, "bo", GIVEN)
    assert entered.person.owes == ("password", "factor")
    assert sessions.resume(store, entered.session_token).owes == ("password", "factor")
