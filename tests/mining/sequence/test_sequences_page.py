"""The examples of docs/sequences.md are true."""

import doctest
from pathlib import Path

import pytest


def test_every_example_of_the_page_runs() -> None:
    pytest.importorskip("equinox", reason="the extra `deep` is not installed")
    page = Path(__file__).parents[3] / "docs" / "sequences.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert found.attempted > 30
    assert found.failed == 0
