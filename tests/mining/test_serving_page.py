"""The examples of docs/serving.md are true."""

import doctest
from pathlib import Path


def test_every_example_of_the_page_runs() -> None:
    page = Path(__file__).parents[2] / "docs" / "serving.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 8
    assert found.failed == 0
