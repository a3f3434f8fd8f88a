"""Words that arrive with the data in English, said in another language: terms, rules, and their parts.

What tasks and features say of themselves is composed by code, so there is no end of sentences; but there is
an end of the ways they are composed. A rule is one such way, as people read it, in `patterns/*.toml`:

    "days since the last {x}" = "上次{x}至今天数"
    "{n} of {n2} rules over holdings stand when checked forward in time" = "…"

The letter of a slot says what fits it: `n` figures, `m` money, `q` percent, `d` days and months, `p` a period
or nothing, `i` a table or column, `c` codes and names and `r` texts that stay as they are, `x` a phrase and
`y` several phrases that are themselves looked up. `[s]` may be missing, `[is|are]` is either. The rule with
the most letters of its own is tried first, those of a table `first` before all others, so the order of the
files does not matter; what no rule knows whole is looked up sentence by sentence and part by part. A part
that nobody knows leaves all of it unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bankmine.report.format import shortened

NAMES = re.compile(r"[^A-Za-z]*|[A-Z0-9][A-Z0-9 .:/×+−-]*|(?:[a-z]+[_-])?[0-9a-f]{8,}")
"""Figures, dates, codes and keys: the same in every language."""

PROPER = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+)+")
"""Names of firms; words of the data begin with one capital at most."""

_NUMBER = r"[+−-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?%?"
SLOTS = {
    "n": _NUMBER,
    "m": rf"[A-Z]{{3}} {_NUMBER}(?: (?:k|m|bn))?",
    "d": r"\d{4}-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d)?Z?)?)?",
    "c": r"[A-Za-z0-9](?:[\w/.-]*\w)?",
    "r": r".+?",
    "p": r"(?: on \d{4}-\d\d-\d\d| from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d)?",
    "q": r"(?:less than |more than )?[\d.]+ %",
    "i": r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?",
    "x": r"(?:[^;:.]|[;:.](?! |$))+?",
    "y": r".+?",
}
_SLOT = re.compile(r"\{([a-z])(\d*)\}")
_WORD = re.compile(r"[\w'%-]+")
SCALES = {"k": 1e3, "m": 1e6, "bn": 1e9}

SENTENCE = re.compile(r"(?<=[^.A-Z])\. (?=[A-Z0-9“])")
PARTS = ((re.compile(r"; (?:and )?"), "；"), (re.compile(r": "), "："), (re.compile(r" · "), " · "),
         (re.compile(r" → "), " → "), (re.compile(r" \+ "), "＋"), (re.compile(r", (?:and )?"), "、"),
         (re.compile(r" and "), "和"))  # fmt: skip
"""What stands between several words of the data, and what a Chinese page puts there; tried in this order."""

_ASIDE = re.compile(r"(.+?) \(([^()]+)\)")
MOST_KEPT = 50_000
MOST_LETTERS = 3_000


@dataclass(frozen=True)
class Rule:
    """One way in which sentences are composed, and how the language says it."""

    words: str
    pattern: re.Pattern[str]
    say: str
    slots: tuple[str, ...]
    head: str
    tail: str
    piece: str
    marks: tuple[int, int]
    closed: bool
    weight: int


def rule(english: str, say: str, *, more: int = 0) -> Rule:
    """The rule of one way of saying, without brackets; `more` weight puts it before others."""
    text = _lowered(english)
    regex, slots, at = "", [], 0
    for found in _SLOT.finditer(text):
        slots.append(found[1] + found[2])
        regex += re.escape(text[at : found.start()]) + f"({SLOTS[found[1]]})"
        at = found.end()
    pieces = _SLOT.sub("\0", text).split("\0")
    head, tail = _WORD.match(pieces[0]), _WORD.findall(pieces[-1])
    return Rule(
        text, re.compile(regex + re.escape(text[at:]), re.DOTALL), say, tuple(slots),
        head=_unnumbered(head[0]) if head and (not slots or len(head[0]) < len(pieces[0])) else "",
        tail=_unnumbered(tail[-1]) if tail and (not slots or not pieces[-1].startswith(tail[-1])) else "",
        piece=max(pieces, key=len), marks=_marks("".join(pieces)),
        closed=not any(one[0] in "yr" for one in slots), weight=sum(map(len, pieces)) + more,
    )  # fmt: skip


def _marks(text: str) -> tuple[int, int]:
    """How often a text has the marks that no phrase holds inside."""
    return text.count("; "), text.count(": ")


def _unnumbered(word: str) -> str:
    """A word whatever its figures are."""
    return re.sub(r"\d", "#", word)


def _variants(english: str) -> Iterator[str]:
    """All ways of writing a rule with brackets: `[s]` may be missing, `[a|b]` is either."""
    found = re.search(r"\[([^]]*)\]", english)
    if found is None:
        yield english
        return
    for one in found[1].split("|") if "|" in found[1] else (found[1], ""):
        yield from _variants(english[: found.start()] + one + english[found.end() :])


def _lowered(words: str) -> str:
    """With a small first letter, unless the first word is written in capitals."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words


@dataclass
class Speaker:
    """What one language knows of the words of the data; answers are kept, up to a bound."""

    terms: Mapping[str, str]
    rules: Sequence[Rule]
    aliases: Mapping[str, str] = field(default_factory=dict)
    _kept: dict[str, str | None] = field(default_factory=dict)
    _by_shape: dict[tuple[str, str, int, int], Sequence[Rule]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Terms are found by either first letter; a rule without slots is a term."""
        whole = {one.words: one.say for one in self.rules if not one.slots}
        self.terms = {_lowered(words): said for words, said in self.terms.items()} | dict(self.terms) | whole
        self.rules = sorted((one for one in self.rules if one.slots), key=lambda one: -one.weight)

    def known(self, words: str) -> str | None:
        """The words in this language; None where it does not know them."""
        if NAMES.fullmatch(words):
            return words
        if words in self._kept:
            return self._kept[words]
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[words] = None
        self._kept[words] = said = self._found(words) if len(words) <= MOST_LETTERS else None
        return said

    def _found(self, words: str) -> str | None:
        low = _lowered(words)
        ways = (
            self._term,
            self._ended,
            self._by_rule,
            self._by_sentence,
            self._aside,
            self._by_part,
            self._level,
        )
        for way in ways:
            said = way(words, low)
            if said is not None:
                return said
        return None

    def _term(self, words: str, low: str) -> str | None:
        said = self.terms.get(words) or self.terms.get(low)
        if said is None and (meant := self.aliases.get(words.replace("_", " "))):
            return self.known(meant)
        return words if said is None and PROPER.fullmatch(words) else said

    def _by_rule(self, words: str, low: str) -> str | None:
        for one in self._candidates(low):
            found = one.pattern.fullmatch(low) if one.piece in low else None
            if found is None:
                continue
            said = {}
            for slot, part in zip(one.slots, found.groups(), strict=True):
                told = self._slot(slot[0], part)
                if told is None:
                    break
                said[slot] = told
            else:
                return one.say.format(**said)
        return None

    def _slot(self, kind: str, part: str) -> str | None:
        if kind in "xy":
            return self.known(part)
        if kind == "i":
            names = [self.known(name.replace("_", " ")) for name in part.split(".")]
            return None if None in names else "·".join(str(name) for name in names)
        return SAYS[kind](part) if kind in SAYS else part

    def _candidates(self, low: str) -> Sequence[Rule]:
        """The rules that begin, end and are divided as the words are, the most particular first."""
        found = _WORD.findall(low)
        if not found:
            return ()
        head = _unnumbered(found[0]) if low.startswith(found[0]) else ""
        shape = (head, _unnumbered(found[-1]), *_marks(low))
        if shape not in self._by_shape:
            if len(self._by_shape) >= MOST_KEPT:
                self._by_shape.clear()
            self._by_shape[shape] = [one for one in self.rules if _fits(one, *shape)]
        return self._by_shape[shape]

    def _ended(self, words: str, low: str) -> str | None:
        if not words.endswith(".") or words.endswith(".."):
            return None
        said = self.known(words[:-1])
        return None if said is None else said + ("" if said.endswith("。") else "。")

    def _by_sentence(self, words: str, low: str) -> str | None:
        return self._joined(words, SENTENCE, "。")

    def _by_part(self, words: str, low: str) -> str | None:
        for between, own in PARTS:
            said = self._joined(words, between, own)
            if said is not None:
                return said
        return None

    def _joined(self, words: str, between: re.Pattern[str], own: str) -> str | None:
        for found in between.finditer(words):
            first = self.known(words[: found.start()])
            rest = None if first is None else self.known(words[found.end() :])
            if first is not None and rest is not None:
                return f"{first}{own}{rest}"
        return None

    def _level(self, words: str, low: str) -> str | None:
        """A feature by its name and one of its levels: `customer occupation clerk`."""
        for found in re.finditer(" ", words):
            if (meant := self.aliases.get(words[: found.start()])) is not None:
                parts = self.known(meant), self.known(words[found.end() :])
                return None if None in parts else "{} {}".format(*parts)
        return None

    def _aside(self, words: str, low: str) -> str | None:
        found = _ASIDE.fullmatch(words)
        parts = [self.known(part) for part in found.groups()] if found else [None]
        return None if None in parts else "{}（{}）".format(*parts)


def _fits(one: Rule, head: str, tail: str, semicolons: int, colons: int) -> bool:
    """Whether the rule could fit words of this shape."""
    if one.head not in ("", head) or one.tail not in ("", tail):
        return False
    if one.closed:
        return one.marks == (semicolons, colons)
    return one.marks[0] <= semicolons and one.marks[1] <= colons


def money(text: str) -> str:
    """`SGD 158.12 m` as Chinese pages write it: `SGD 1.58 亿`; exact amounts stay as they are."""
    currency, figure, *short = text.split(" ")
    if not short:
        return text
    value = float(figure.replace(",", "").replace("−", "-")) * SCALES[short[0]]
    return f"{currency} {'−' if value < 0 else ''}{shortened(abs(value), language='zh')}"


def period(text: str) -> str:
    """` from 2022-01-01 to 2022-03-31` as an aside; nothing where nothing is said."""
    days = re.findall(r"\d{4}-\d\d-\d\d", text)
    return f"（{' 至 '.join(days)}）" if days else ""


def percent(text: str) -> str:
    """`less than 0.1 %`."""
    return text.replace("less than ", "不足 ").replace("more than ", "超过 ").replace(" %", "%")


SAYS = {"m": money, "p": period, "q": percent}

COUNTED, FIRST = "counted", "first"
"""Tables of a file: things with their measure word, and rules tried before all others."""


def rules_of(files: Iterable[Mapping[str, object]]) -> Sequence[Rule]:
    """All rules of the files; `"thing" = "东西|件"` of a table `counted` also gives the things' number."""
    found = []
    for content in files:
        for english, say in content.items():
            if not isinstance(say, Mapping):
                found += [rule(one, str(say)) for one in _variants(english)]
            elif english == COUNTED:
                found += [made for noun in say.items() for made in _noun(*noun)]
            else:
                more = 1_000 if english == FIRST else 0
                found += [
                    rule(way, str(said), more=more) for one, said in say.items() for way in _variants(one)
                ]
    return tuple(found)


def _noun(english: str, say: str) -> Iterator[Rule]:
    """A kind of thing that is counted: the thing, and its number with the measure word."""
    thing, _, measure = str(say).partition("|")
    yield rule(english, thing)
    yield rule(f"number of {english}", f"{thing}{measure}数")
