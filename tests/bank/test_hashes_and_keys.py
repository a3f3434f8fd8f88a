"""Pseudonyms, bucket hashes and person keys: published vectors, and what erasure leaves behind."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.hashing import bucket_of, keyed_tokens, splitmix64
from bankmine.bank.keys import Keyring, parse_key, show_key
from bankmine.errors import ConfigurationError

MASK = (1 << 64) - 1


def siphash_plain(key: bytes, message: bytes) -> int:
    """SipHash-2-4 as the paper writes it, in Python integers."""
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [
        low ^ 0x736F6D6570736575,
        high ^ 0x646F72616E646F6D,
        low ^ 0x6C7967656E657261,
        high ^ 0x7465646279746573,
    ]

    def rotate(x: int, bits: int) -> int:
        return (x << bits | x >> (64 - bits)) & MASK

    def rounds(times: int) -> None:
        for _ in range(times):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    whole = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) & 255])
    for start in range(0, len(whole), 8):
        word = int.from_bytes(whole[start : start + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def test_the_plain_siphash_gives_the_vector_of_the_paper() -> None:
    # Aumasson, Bernstein (2012), appendix A: key 00..0f, message 00..0e.
    assert siphash_plain(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


@settings(deadline=None)  # the first example compiles the kernel
@given(
    st.lists(st.text(max_size=40), max_size=8),
    st.binary(min_size=16, max_size=16),
    st.sampled_from(["customer", "x"]),
)
def test_tokens_equal_the_plain_siphash(texts: list[str], key: bytes, domain: str) -> None:
    wanted = [signed(siphash_plain(key, f"{domain}\x1f{text}".encode())) for text in texts]
    assert keyed_tokens(pa.array(texts, pa.string()), key, domain).tolist() == wanted


def test_tokens_of_a_slice_are_those_of_its_own_rows() -> None:
    texts = pa.array(["a", "bb", "ccc", "dddd"])
    whole = keyed_tokens(texts, bytes(16), "customer")
    assert keyed_tokens(texts.slice(1, 2), bytes(16), "customer").tolist() == whole[1:3].tolist()


def test_splitmix64_gives_its_published_sequence() -> None:
    # The first outputs of the generator seeded with 0 are the finaliser of 0, gamma, 2 gamma …
    gamma = 0x9E3779B97F4A7C15
    seeds = np.array([signed(i * gamma & MASK) for i in range(3)], np.int64)
    assert [int(x) for x in splitmix64(seeds)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_buckets_are_within_range_and_even() -> None:
    buckets = bucket_of(np.arange(64_000, dtype=np.int64), 64)
    counts = np.bincount(buckets, minlength=64)
    assert counts.size == 64
    assert counts.min() > 850
    assert counts.max() < 1150


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_token_is_shown_and_read_back(token: int) -> None:
    assert parse_key(show_key(token)) == token


def test_two_domains_give_two_tokens(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys")
    assert keyring.token("customer", 1) != keyring.token("account", 1)
    assert keyring.token("customer", 1) == Keyring(tmp_path / "keys").token("customer", "1")


def test_creating_keys_again_keeps_them(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path).identity
    assert Keyring.create(tmp_path).identity == first
    assert (tmp_path / "pseudonym.key").stat().st_mode & 0o077 == 0


def test_a_missing_or_damaged_pseudonym_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is missing"):
        _ = Keyring(tmp_path).pseudonym_key
    (tmp_path / "pseudonym.key").write_text("not hexadecimal")
    with pytest.raises(ConfigurationError, match="32 hexadecimal"):
        _ = Keyring(tmp_path).pseudonym_key


def test_texts_come_back_and_none_stays_none(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    texts = ["Žofie", None, "", "x" * 5000, "for nobody"]
    owners = [1, 2, 3, 1, None]
    sealed = keyring.encrypt(texts, owners, "customer_identity.name")
    assert keyring.decrypt(sealed, owners, "customer_identity.name") == ["Žofie", None, "", "x" * 5000, None]


def test_the_same_text_of_a_person_seals_alike_and_of_another_person_or_column_does_not(
    tmp_path: Path,
) -> None:
    keyring = Keyring.create(tmp_path)
    first, again, other = keyring.encrypt(["a", "a", "a"], [1, 1, 2], "t.c")
    assert first == again != other
    assert keyring.encrypt(["a"], [1], "t.d") != [first]
    assert keyring.encrypt(["b"], [1], "t.c")[0][:12] != first[:12]  # another text, another nonce


def test_a_sealed_text_moved_to_another_column_or_person_does_not_open(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    sealed = keyring.encrypt(["secret", "x"], [1, 2], "t.c")
    with pytest.raises(InvalidTag):
        keyring.decrypt(sealed[:1], [1], "t.d")
    with pytest.raises(InvalidTag):
        keyring.decrypt(sealed[:1], [2], "t.c")


def test_a_destroyed_key_erases_the_person_for_good(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    sealed = keyring.encrypt(["secret"], [7], "t.c")
    key = keyring.person_keys([7])[7]
    assert keyring.destroy(7)
    assert keyring.decrypt(sealed, [7], "t.c") == [None]
    assert key not in (tmp_path / "persons.db").read_bytes()
    assert not keyring.destroy(7)


def test_a_person_erased_gets_no_new_key_when_delivered_again(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    keyring.encrypt(["secret"], [7], "t.c")
    keyring.destroy(7)
    assert keyring.encrypt(["secret"], [7], "t.c") == [None]
    assert keyring.person_keys([7], make=True) == {}


def test_keys_of_persons_are_made_once(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    first = keyring.person_keys([1, 2], make=True)
    assert keyring.person_keys([2, 3], make=True)[2] == first[2]
    assert keyring.person_keys([4]) == {}
    assert os.path.getsize(tmp_path / "persons.db") > 0


@pytest.mark.parametrize("token", [-5, 12, 8951154212792010377, -9021408162657815163, -(1 << 63)])
def test_a_key_may_be_given_as_the_whole_number_that_kept_tables_have(token: int) -> None:
    assert parse_key(str(token)) == token
    assert parse_key(show_key(token)) == token


@pytest.mark.parametrize("text", ["", "not a key", "-", "9" * 25, "f" * 17])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_key(text)
