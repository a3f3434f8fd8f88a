"""Words of a text in English, Chinese or both: normal form, cutting, and where each word stands.

The normal form is Unicode's NFKC in lower case, with whitespace and control characters as single blanks, so
full-width digits, capitals and line breaks make no difference. Latin words are runs of letters and digits;
Chinese runs are cut by rjieba (jieba's dictionary and hidden Markov model, in Rust). A text longer than
20,000 signs is cut there: nobody explains a loan at such length, and one text must not stall all others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa

from bankmine.errors import UsageError

LONGEST = 20_000
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECES = re.compile(rf"<[a-z]+>|[{HAN}]+|[^\W_{HAN}]+(?:['’][^\W_{HAN}]+)*")
_HAN = re.compile(rf"[{HAN}]")
_LATIN = re.compile(rf"[^\W\d_{HAN}]")


class Word(NamedTuple):
    """A word of a normal text and the half-open span [start, end) of its signs."""

    text: str
    start: int
    end: int


def normal(text: str | None) -> str:
    """The normal form of a text, at most LONGEST signs; None and what is not printable is empty."""
    if not text:
        return ""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    shown = "".join(sign if sign.isprintable() else " " for sign in folded)
    return " ".join(shown.split())[:LONGEST]


def language(text: str) -> str:
    """`zh` where a fifth of the letters or more are Chinese, `en` where there are others, else `none`.

    Chinese needs fewer signs to say the same, so in a mixed text a fifth is already much.
    """
    chinese, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if not chinese and not latin:
        return "none"
    return "zh" if 5 * chinese >= chinese + latin else "en"


def words(text: str) -> list[Word]:
    """The words of a normal text in order; masks such as `<phone>` are words; punctuation is none."""
    import rjieba

    found = []
    for piece in _PIECES.finditer(text):
        if not _HAN.match(piece.group()):
            found.append(Word(piece.group(), piece.start(), piece.end()))
            continue
        start = piece.start()
        for part in rjieba.cut(piece.group()):
            found.append(Word(part, start, start + len(part)))
            start += len(part)
    return found


def texts_of(given: Any) -> list[str | None]:
    """A column of texts as a list; None is no text. UsageError for one text alone or other values."""
    if isinstance(given, str):
        raise UsageError("One text was given where many are needed", hint="Give a list or column of texts.")
    if isinstance(given, pa.Array | pa.ChunkedArray):
        given = given.to_pylist()
    found = list(given) if isinstance(given, Iterable) else [given]
    for text in found:
        if text is not None and not isinstance(text, str):
            raise UsageError(
                f"A text is of type {type(text).__name__}", hint="Give strings, or None for no text."
            )
    return found
