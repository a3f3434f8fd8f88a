"""Which passwords are refused, and that none of them is kept or told."""

import time
from contextlib import suppress

import pytest
from argon2 import PasswordHasher

from bankmine.errors import UsageError
from bankmine.governance import passwords


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "11 characters"),
        ("x" * 257, "257 characters"),
        ("QwertyUiop123", "tried first"),
        ("aaaaaaaaaaaaaa", "tried first"),
        ("ababababababab", "tried first"),
        ("abcdefghijklmn", "tried first"),
        ("987654321098", "tried first"),
        ("Bankmine2026!", "tried first"),
        ("P@ssw0rd2026", "tried first"),
        ("sunshine monkey", "tried first"),
        ("my name is ANN lee", "contains the name"),
    ],
)
def test_a_weak_password_is_refused_and_not_repeated(password: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as told:
        passwords.check(password, "Ann Lee")
    assert password not in str(told.value)


@pytest.mark.parametrize(
    "password", ["four quiet grey herons", "四只安静的灰色苍鹭站在水边等", "k4$Tq0!vLz82"]
)
def test_a_good_password_needs_no_kinds_of_characters(password: str) -> None:
    passwords.check(password, "Ann Lee")


def test_what_is_hard_to_estimate_is_answered_soon() -> None:
    began = time.process_time()
    with suppress(UsageError):
        passwords.check("x\u0300!Q9a" * 50, "Ann Lee")
    assert time.process_time() - began < 1


def test_a_kept_password_matches_itself_alone() -> None:
    kept = passwords.hashed("four quiet grey herons")
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "four quiet grey herons")
    assert not passwords.matches(kept, "four quiet grey heron")
    assert not passwords.matches(None, "four quiet grey herons")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("damaged", "four quiet grey herons")


def test_the_same_letters_typed_another_way_match() -> None:
    assert passwords.matches(passwords.hashed("caf\u00e9 four herons"), "cafe\u0301 four herons")


def test_todays_settings_are_those_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (passwords.HASHER.time_cost, passwords.HASHER.memory_cost) == (3, 65_536)
    assert passwords.is_old(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
