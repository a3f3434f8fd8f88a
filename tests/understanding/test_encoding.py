"""Which texts count as damaged, and which are only foreign."""

import pytest

from bankmine.understanding.detectors.encoding import damage

KNOWN = {"Plzeň": 50, "Praha": 80, "Žďár": 20, "Zürich": 5, "São Paulo": 4, "北京": 9, "What now?": 3}


@pytest.mark.parametrize("value", list(KNOWN))
def test_sound_foreign_text_is_left_alone(value: str) -> None:
    assert damage(value, KNOWN) is None


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("value", ["Plzeň", "Zürich", "São Paulo"])
def test_utf8_read_as_western_text_is_damage_and_its_meaning_is_known(value: str, wrong: str) -> None:
    broken = value.encode().decode(wrong)
    assert damage(broken, KNOWN | {broken: 1}) == value


def test_czech_text_read_with_the_western_table_is_found_by_the_sound_value() -> None:
    broken = "Plzeň".encode("cp1250").decode("cp1252")
    assert damage(broken, KNOWN | {broken: 1}) == "Plzeň"


@pytest.mark.parametrize("broken", ["Plze?", "Plze\ufffd"])
def test_lost_letters_are_matched_with_a_known_value(broken: str) -> None:
    assert damage(broken, KNOWN | {broken: 1}) == "Plzeň"


def test_replacement_characters_are_damage_even_when_the_meaning_is_lost() -> None:
    assert damage("Kla\ufffdno", KNOWN) == ""
