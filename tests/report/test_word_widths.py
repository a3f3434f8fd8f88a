"""The columns of a document's tables: as wide as the page together, each as its texts need."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.report.word_widths import CHARACTER_CM, PADDING, widths_cm

PAGE = 25.7


def test_sentences_get_the_room_that_figures_do_not_need() -> None:
    head = ["Test", "Figure", "Interval", "What it means"]
    row = [
        "AUC",
        "0.737",
        "0.621 to 0.827",
        "One who left and one who stayed are told apart. " * 4,
    ]
    name, figure, interval, meaning = widths_cm([head, row], PAGE)
    assert meaning > 2 * (name + figure + interval) / 3
    assert figure >= CHARACTER_CM * (len("Figure") + PADDING)
    assert interval > figure


def test_columns_that_fit_keep_the_proportions_of_their_texts() -> None:
    assert widths_cm([["aaaa bbbb", "cccc dddd"]], PAGE) == pytest.approx([PAGE / 2, PAGE / 2])


@settings(derandomize=True)
@given(
    st.integers(1, 14).flatmap(
        lambda count: st.lists(
            st.lists(st.text("ab ", max_size=200), min_size=count, max_size=count), min_size=1, max_size=5
        )
    )
)
def test_the_columns_fill_the_page_and_words_that_fit_are_not_broken(rows: list[list[str]]) -> None:
    found = widths_cm(rows, PAGE)
    assert sum(found) == pytest.approx(PAGE)
    words = [
        max((len(word) for row in rows for word in row[i].split()), default=1) for i in range(len(found))
    ]
    if max(words) <= 24 and sum(words) + PADDING * len(words) <= PAGE / CHARACTER_CM:
        assert all(
            width >= CHARACTER_CM * (word + PADDING) - 1e-9 for width, word in zip(found, words, strict=True)
        )
