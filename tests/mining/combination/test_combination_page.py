"""The examples of docs/combination.md are true."""

import doctest
from pathlib import Path


def test_every_example_of_the_page_runs() -> None:
    page = Path(__file__).parents[3] / "docs" / "combination.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert found.attempted > 15
    assert found.failed == 0
