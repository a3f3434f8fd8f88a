"""Recovery codes open one sign-in each, and are known to nobody but whom they were shown."""

import pyotp
import pytest
from sqlalchemy import select

from bankmine.errors import SignInRefused, UsageError
from bankmine.governance import Role, audit, people, recovery, second_factor
from bankmine.governance.person import load
from bankmine.governance.sign_in import with_password
from bankmine.store import Store
from bankmine.store.tables.recovery import recovery_code

PASSWORD = "four quiet grey herons"


@pytest.fixture
def person(store: Store):
    with store.begin() as connection:
        person_id = people.add(connection, None, name="ann", password=PASSWORD, roles=[Role.operator])
        secret = second_factor.new_secret()
        one = load(connection, person_id)
        second_factor.turn_on(connection, one, secret, pyotp.TOTP(secret).now())
        return one


@pytest.fixture
def codes(store: Store, person) -> list[str]:
    with store.begin() as connection:
        return recovery.make(connection, person)


def test_a_recovery_code_opens_one_sign_in(store: Store, person, codes: list[str]) -> None:
    assert len(set(codes)) == 10
    assert with_password(store, "ann", PASSWORD, codes[3]).person.person_id == person.person_id
    with pytest.raises(SignInRefused):
        with_password(store, "ann", PASSWORD, codes[3])
    with store.read() as connection:
        assert recovery.left(connection, person.person_id) == 9
        assert audit.events(connection, act="recovery_code_used", limit=1)


def test_it_may_be_typed_without_dashes_and_in_capitals(store: Store, person, codes: list[str]) -> None:
    assert with_password(store, "ann", PASSWORD, codes[0].replace("-", "").upper()).session_token


def test_with_a_wrong_password_no_code_is_used_up(store: Store, person, codes: list[str]) -> None:
    with pytest.raises(SignInRefused):
        with_password(store, "ann", "not the password at all", codes[0])
    assert with_password(store, "ann", PASSWORD, codes[0]).session_token


@pytest.mark.parametrize("code", ["", "0000-0000-0000-0000", "a" * 16, "-" * 24, None])
def test_another_code_opens_nothing(store: Store, person, codes: list[str], code) -> None:
    with pytest.raises(SignInRefused):
        with_password(store, "ann", PASSWORD, code)


def test_new_codes_take_the_place_of_the_old(store: Store, person, codes: list[str]) -> None:
    with store.begin() as connection:
        recovery.make(connection, person)
    with pytest.raises(SignInRefused):
        with_password(store, "ann", PASSWORD, codes[0])


def test_somebody_elses_code_opens_nothing(store: Store, person, codes: list[str]) -> None:
    with store.begin() as connection:
        other = people.add(connection, None, name="bo", password=PASSWORD, roles=[Role.operator])
        secret = second_factor.new_secret()
        second_factor.turn_on(connection, load(connection, other), secret, pyotp.TOTP(secret).now())
    with pytest.raises(SignInRefused):
        with_password(store, "bo", PASSWORD, codes[0])


def test_the_database_does_not_know_the_codes(store: Store, person, codes: list[str]) -> None:
    with store.read() as connection:
        kept = str(connection.execute(select(recovery_code)).all())
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_without_a_second_factor_there_is_nothing_to_recover(store: Store) -> None:
    with store.begin() as connection:
        one = load(
            connection, people.add(connection, None, name="cy", password=PASSWORD, roles=[Role.operator])
        )
        with pytest.raises(UsageError, match="no second factor"):
            recovery.make(connection, one)


def test_codes_end_with_their_second_factor(store: Store, person, codes: list[str]) -> None:
    with store.begin() as connection:
        second_factor.turn_off(connection, None, person.person_id)
        secret = second_factor.new_secret()
        second_factor.turn_on(connection, person, secret, pyotp.TOTP(secret).now())
    with store.read() as connection:
        assert recovery.left(connection, person.person_id) == 0
    with pytest.raises(SignInRefused):
        with_password(store, "ann", PASSWORD, codes[0])
