"""The phrase bank: alternatives of every slot by language and half, and the writer that draws and joins them.

Owns `*.toml`, one file a bank and language, with tables [a] and [b] for the two halves. All alternatives of
a bank stand in one Arrow array, once for each rendering (as written, with a capital, careless, mistyped).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count as counting
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bankmine.simulation.frame import Ints

LANGUAGES = ("en", "zh")
HALVES = ("a", "b")
NAMES = ("Tan", "Lim", "Lee", "Ng", "Wong", "Goh", "Chua", "Chan", "Koh", "Teo", "Kumar", "Rahman")
NAMES_ZH = ("陈", "林", "李", "黄", "王", "吴", "蔡", "曾", "许", "张", "郑", "刘")
AS_WRITTEN, CAPITAL, CARELESS, MISTYPED = range(4)
_VARIANTS = 60  # of one template at most
_CHANCES = 64  # drawn for each text, used or not
_ABBREVIATIONS = {
    "please": "pls", "thanks": "thx", "thank you": "thank u", "because": "cos", "you": "u", "your": "ur",
    "and": "n", "with": "w", "before": "b4", "people": "ppl", "about": "abt", "account": "acct",
    "i'm": "im", "don't": "dont", "can't": "cant", "it's": "its", "really": "rly", "minutes": "mins",
}  # fmt: skip
_SLIPS = {
    "在": "再", "的": "得", "账": "帐", "做": "作", "已": "以", "那": "哪", "需": "须", "吗": "嘛",
    "像": "象", "以": "已", "到": "道", "必": "毕", "他": "她",
}  # fmt: skip
# Between clauses and at the end: (careful, careless) by language.
_BETWEEN = (
    ((". ", ", ", ". ", "; ", ". ", " - "), (" ", ", ", "... ", " - ", ",", " .. ", ", ", "\n")),
    (("，", "。", "，", "；", "。", "，"), ("，", " ", "，", ",", "。。", "...", "、", " ")),
)
_END = (
    ((".", ".", "!", "."), ("", "", "..", "!!", "", "?")),
    (("。", "。", "！", "。"), ("", "", "~", "！！", "...", "")),
)


@dataclass(frozen=True)
class PhraseBank:
    """`phrases`: the empty phrase and all others, once a rendering, `size` apart. `first`, `variants` by
    template: its phrases. `start`, `count` by slot, each (keys, languages, halves): its templates.
    `between`, `end`: places of punctuation, (languages, careful or careless): first place and number.
    `stops` by phrase: whether a sentence ends with it."""

    phrases: pa.StringArray
    size: int
    first: Ints
    variants: Ints
    start: dict[str, Ints]
    count: dict[str, Ints]
    between: Ints
    end: Ints
    stops: Any


@cache
def _raw(name: str, language: str) -> dict[str, Any]:
    path = files("bankmine.simulation") / "phrases" / f"{name}_{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def variants(template: str) -> list[str]:
    """All variants of a template, at most 60, evenly chosen; digits and names not yet filled in."""
    pieces = re.split(r"\(([^()]*)\)", template)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    every = [re.sub(r" {2,}", " ", "".join(words)).strip() for words in product(*choices)]
    unique = list(dict.fromkeys(every))
    if len(unique) > _VARIANTS:
        unique = [unique[place * len(unique) // _VARIANTS] for place in range(_VARIANTS)]
    return unique


@cache
def alternatives(name: str, language: str, half: str) -> dict[tuple[str, str | None], list[list[str]]]:
    """Of each slot and key the templates' variants. What both halves would say is left to the first."""
    said: set[str] = set()
    if half == "b":
        first = alternatives(name, language, "a")
        said = {text for lists in first.values() for texts in lists for text in texts}
    found: dict[tuple[str, str | None], list[list[str]]] = {}
    for slot, keyed in _raw(name, language)[half].items():
        for key, listed in keyed.items() if isinstance(keyed, dict) else ((None, keyed),):
            lists = ([text for text in variants(one) if text not in said] for one in listed)
            found[slot, key] = [texts for texts in lists if texts]
    return found


def _filled(text: str, language: str) -> str:
    chosen = crc32(text.encode())
    names = NAMES if language == "en" else NAMES_ZH
    text = text.replace("{name}", names[chosen % len(names)])
    digits = counting(chosen // 16, 5)
    return re.sub(r"\{n\}", lambda _: str(2 + next(digits) % 8), text)


def _careless(text: str, language: str) -> str:
    if language == "zh":
        return text
    words = r"\b(" + "|".join(re.escape(word) for word in _ABBREVIATIONS) + r")\b"
    return re.sub(words, lambda found: _ABBREVIATIONS[found.group()], text.lower())


def _mistyped(text: str, language: str) -> str:
    """One slip: a letter left out, doubled or swapped with its neighbour; a like-sounding character."""
    chosen = crc32(text.encode())
    if language == "zh":
        places = [place for place, sign in enumerate(text) if sign in _SLIPS]
        if places:
            place = places[chosen % len(places)]
            return text[:place] + _SLIPS[text[place]] + text[place + 1 :]
        return text
    places = [place for place in range(1, len(text) - 1) if text[place : place + 2].isalpha()]
    if not places:
        return text
    place = places[chosen % len(places)]
    slips = (text[place + 1] + text[place], text[place + 1], text[place] * 2 + text[place + 1])
    return (text[:place] + slips[chosen // 64 % 3] + text[place + 2 :]).lower()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Builder:
    """Collects phrases and templates."""

    def __init__(self) -> None:
        self.phrases: list[tuple[str, str]] = [("", "")]
        self.first: list[int] = [0]
        self.variants: list[int] = [1]

    def add(self, lists: list[list[str]], language: str, trailing: str) -> tuple[int, int]:
        """First template and number of templates."""
        start = len(self.first)
        for texts in lists:
            self.first.append(len(self.phrases))
            self.variants.append(len(texts))
            self.phrases += [(_filled(text, language) + trailing, language) for text in texts]
        return start, len(lists)

    def marks(self, marks: Any) -> Ints:
        """Punctuation: first place and number, (languages, 2, 2)."""
        placed = []
        for by_care in marks:
            for signs in by_care:
                placed.append((len(self.phrases), len(signs)))
                self.phrases += [(sign, "") for sign in signs]
        return np.array(placed, dtype=np.int64).reshape(2, 2, 2)

    def rendered(self) -> pa.StringArray:
        """Every phrase in the four renderings."""
        plain = [text for text, _ in self.phrases]
        capital = [_capital(text) if language == "en" else text for text, language in self.phrases]
        careless = [_careless(text, language) if language else text for text, language in self.phrases]
        mistyped = [_mistyped(text, language) if language else text for text, language in self.phrases]
        return pa.array(plain + capital + careless + mistyped, type=pa.string())


_LEADING = ("ask", "subject")  # an English space follows; Chinese needs none


@cache
def _bank(name: str, slots: tuple[tuple[str, tuple[str, ...]], ...]) -> PhraseBank:
    builder = _Builder()
    start: dict[str, Ints] = {}
    count: dict[str, Ints] = {}
    for slot, keys in slots:
        placed = []
        for key, language, half in product(keys or (None,), LANGUAGES, HALVES):
            trailing = " " if slot in _LEADING and language == "en" else ""
            lists = alternatives(name, language, half)[slot, key]
            placed.append(builder.add(lists, language, trailing))
        shaped = np.array(placed, dtype=np.int64).reshape(-1, 2, 2, 2)
        start[slot], count[slot] = shaped[..., 0], shaped[..., 1]
    between, end = builder.marks(_BETWEEN), builder.marks(_END)
    stops = np.array([text.rstrip()[-1:] in tuple(".!?\n") or text == "\n" for text, _ in builder.phrases])
    return PhraseBank(
        builder.rendered(), len(builder.phrases), np.array(builder.first), np.array(builder.variants),
        start, count, between, end, stops,
    )  # fmt: skip


def phrase_bank(name: str, slots: dict[str, tuple[str, ...]]) -> PhraseBank:
    """The bank of that name, read once; `slots` gives each slot's keys, or none."""
    return _bank(name, tuple(slots.items()))


class Writer:
    """Draws slots for n texts and joins them. Draws lie text by text: more texts begin like fewer."""

    def __init__(
        self, bank: PhraseBank, draw: np.random.Generator, count: int, chinese: Any, half: Any
    ) -> None:
        self._bank = bank
        self._language = np.broadcast_to(np.asarray(chinese, dtype=np.int64), (count,))
        self._half = np.broadcast_to(np.asarray(half, dtype=np.int64), (count,))
        self._chances: NDArray[np.float32] = np.ascontiguousarray(
            draw.random((count, _CHANCES), dtype=np.float32).T
        )
        self._used = 0
        self._count = count
        self._careless = self.chance() < np.where(self._language == 1, 0.35, 0.4)

    def chance(self) -> NDArray[np.float32]:
        """The next uniform number of each text."""
        self._used += 1
        return np.asarray(self._chances[self._used - 1])

    def _pick(self, slot: str, key: Any) -> Ints:
        where = (key, self._language, self._half)
        drawn = self.chance().astype(np.float64) * self._bank.count[slot][where]
        template = drawn.astype(np.int64)
        share = drawn - template
        template += self._bank.start[slot][where]
        return np.asarray(
            self._bank.first[template] + (share * self._bank.variants[template]).astype(np.int64)
        )

    def slot(self, slot: str, key: Any = 0, keep: Any = 1.0) -> list[Ints]:
        """A clause of one phrase, or none with chance 1 − `keep`."""
        return [np.where(self.chance() < keep, self._pick(slot, key), 0)]

    def joined(self, slot: str, then: str, key: Any, first_key: Any = 0) -> list[Ints]:
        """A clause of two phrases."""
        return [self._pick(slot, first_key), self._pick(then, key)]

    def swap(self, parts: list[list[Ints]], one: int, other: int) -> None:
        """Exchanges two clauses in half of the texts; a clause of two phrases counts as two."""
        length = max(len(parts[one]), len(parts[other]))
        none = np.zeros(self._count, dtype=np.int64)
        pair = [[*parts[place], none][:length] for place in (one, other)]
        turned = self.chance() < 0.5
        parts[one] = [np.where(turned, b, a) for a, b in zip(*pair, strict=True)]
        parts[other] = [np.where(turned, a, b) for a, b in zip(*pair, strict=True)]

    def _mark(self, marks: Ints) -> Ints:
        found = marks[self._language, self._careless.astype(np.int64)]
        return np.asarray(found[:, 0] + (self.chance() * found[:, 1]).astype(np.int64))

    def texts(self, parts: list[list[Ints]]) -> pa.StringArray:
        """The texts."""
        bank, columns = self._bank, []
        begun = np.zeros(self._count, dtype=np.bool_)
        fresh = np.ones(self._count, dtype=np.bool_)
        for clause in parts:
            there = clause[0] > 0
            mark = np.where(there & begun, self._mark(bank.between), 0)
            fresh = np.where(mark > 0, bank.stops[mark], fresh)
            columns.append(mark)
            for phrase in clause:
                columns.append(self._rendered(phrase, fresh))
                fresh = fresh & (phrase == 0)
            begun = begun | there
        columns.append(self._mark(bank.end))
        taken = [bank.phrases.take(pa.array(column)) for column in columns]
        return pc.binary_join_element_wise(*taken, "")

    def _rendered(self, phrase: Ints, fresh: Any) -> Ints:
        """The careful begin sentences with a capital; the careless abbreviate, and mistype more often."""
        slip = self.chance() < np.where(self._careless, 0.09, 0.02)
        how = np.where(self._careless, CARELESS, np.where(fresh, CAPITAL, AS_WRITTEN))
        how = np.where(slip, MISTYPED, how)
        return np.asarray(np.where(phrase > 0, phrase + self._bank.size * how, 0))
