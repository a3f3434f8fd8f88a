"""Countries of zones, numbers and addresses: told, or not guessed."""

from __future__ import annotations

import pytest

from bankmine.customers.computed.countries import calling_codes, of_address, of_phone, of_zone


@pytest.mark.parametrize(
    ("number", "countries"),
    [
        ("+420 722 111 222", {"CZ"}), ("00421 2 55", {"SK"}), ("+1 (212) 555", {"US", "CA"}),
        ("6581234567", {"SG"}), ("+999 1", set()), ("", set()), (None, set()), ("+", set()),
    ],
)  # fmt: skip
def test_a_number_is_of_the_countries_of_its_calling_code(number: str | None, countries: set[str]) -> None:
    found = of_phone(number, "SG")
    assert found >= countries
    assert bool(found) == bool(countries)


def test_an_address_is_of_the_country_it_ends_with() -> None:
    assert of_address("Am Ring 1, 10115 Berlin, Germany") == {"DE"}
    assert of_address("1 Hill Road\nSingapore") == {"SG"}
    assert of_address("Rue 1, Paris, FR") == {"FR"}
    for text in ("1 Hill Road, Harbour", "de", "", None):
        assert of_address(text) == set()


def test_a_zone_is_of_one_country_and_utc_of_none() -> None:
    assert [of_zone(one) for one in ("Europe/Prague", "Asia/Singapore", "UTC")] == ["CZ", "SG", None]


def test_no_calling_code_begins_another() -> None:
    codes = calling_codes()
    assert len(codes) > 190
    assert not [one for one in codes for other in codes if one != other and other.startswith(one)]
