"""The examples of docs/association.md are what the code gives."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "association.md"


def test_every_example_of_the_page_is_real() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 15
    assert done.failed == 0
