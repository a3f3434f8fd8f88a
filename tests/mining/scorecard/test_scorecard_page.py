"""The examples of docs/scorecard.md are what the code gives."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "scorecard.md"


def test_every_example_of_the_page_is_real() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 20
    assert done.failed == 0
