"""How wide the columns of a document's tables are: no word is broken that need not be, long texts get room.

Columns of equal width leave those of figures half empty and squeeze the one of sentences beside them.
"""

from __future__ import annotations

from collections.abc import Sequence

CHARACTER_CM, PADDING = 0.17, 4  # a letter of 8 points on average; both sides of a cell, in letters
LONGEST_TOKEN, LONGEST_LINE = 24, 90  # letters beyond which a word may break, a text may wrap


def widths_cm(rows: Sequence[Sequence[str]], page_cm: float) -> list[float]:
    """A width for each column, cm, adding up to `page_cm`; `rows` are the texts, the heads among them.

    Each column first gets what its longest word needs, then the rest is shared by what the columns still lack
    to hold their longest text on one line, then what is left by need. Where not even the words fit, the page
    is shared by them.
    """
    columns = list(zip(*rows, strict=True))
    least = [PADDING + min(LONGEST_TOKEN, _longest_word(one)) for one in columns]
    ideal = [max(low, PADDING + min(LONGEST_LINE, max(map(len, one))))
             for low, one in zip(least, columns, strict=True)]  # fmt: skip
    room, most = page_cm / CHARACTER_CM - sum(least), sum(ideal) - sum(least)
    if room <= 0:
        wanted: list[float] = [float(one) for one in least]
    elif most <= room:
        wanted = [float(one) for one in ideal]
    else:
        wanted = [low + room * (high - low) / most for low, high in zip(least, ideal, strict=True)]
    return [page_cm * one / sum(wanted) for one in wanted]


def _longest_word(texts: Sequence[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=1)
