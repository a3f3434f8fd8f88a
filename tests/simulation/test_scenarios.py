"""Scenarios: shipped ones load, wrong ones are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.errors import ConfigurationError, UsageError
from bankmine.simulation.scenario import SHIPPED, Scenario, load_scenario


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_load(name: str) -> None:
    assert load_scenario(name).name == name


def test_a_file_sets_only_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "quiet.toml"
    file.write_text("[fraud]\nstolen_card = 0\n")
    scenario = load_scenario(str(file))
    assert scenario.name == "quiet"
    assert scenario.fraud.stolen_card == 0
    assert scenario.fraud.rings == Scenario().fraud.rings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[fraud]\nstolen_cards = 1\n", "Did you mean 'stolen_card'"),
        ("[frauds]\nrings = 1\n", "Did you mean 'fraud'"),
        ("[fraud]\nrings = -1\n", "Give a number from 0 to 50"),
        ("[fraud]\nrings = true\n", "Give a number"),
        ("[dirt]\nbroken = 0.5\n", "Give a number from 0 to 0.009"),
        ("fraud = 3\n", "is not a section"),
        ("[fraud\n", "not valid TOML"),
        ("[attrition]\nbase = nan\n", "Give a number"),
    ],
)
def test_an_impossible_setting_is_refused_with_what_is_allowed(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        load_scenario(str(file))


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'recession'"):
        load_scenario("recesion")
    with pytest.raises(UsageError, match="cannot be read"):
        load_scenario(str(tmp_path / "none.toml"))
