"""Every word of the pages, by key, once per language: `texts/<language>/<page group>.toml`.

Templates and pages hold no words of their own. A key that is missing is an error, never an empty place or
another language; `{name}` in a text is filled in, and a text that counts has the forms `one` and `other`.
Words that arrive with the data in English (names of columns, grades, tasks) are looked up in the
`terms` of the language; what is not found there stays as it came, marked as English for whoever listens.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError

LANGUAGES = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).parent


SEPARATORS = {" · ": " · ", "; ": "；", ", ": "、"}
"""What stands between several words of the data, and what a Chinese page puts there."""

_NAMES = re.compile(r"[^A-Za-z]*|[A-Z0-9][A-Z0-9 .:/-]*|(?:[a-z]+[_-])?[0-9a-f]{8,}")
"""Figures, dates, codes and keys: the same in every language."""


@dataclass(frozen=True)
class Texts:
    """The texts of one language; call it with a key."""

    language: str
    by_key: Mapping[str, str]
    terms: Mapping[str, str]
    patterns: Sequence[tuple[re.Pattern[str], str]] = ()

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key with its places filled in; `count` chooses between `one` and `other`."""
        if "count" in values and key not in self.by_key:
            one = values["count"] == 1 and f"{key}.one" in self.by_key
            key = f"{key}.one" if one else f"{key}.other"
        if key not in self.by_key:
            raise ConfigurationError(
                f"no text {key!r} in the language {self.language!r}",
                hint=f"Add it to web/texts/{self.language}/.",
            )
        return self.by_key[key].format(**values) if values else self.by_key[key]

    def has(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in self.by_key

    def known(self, words: str) -> str | None:
        """Words that came with the data, in this language; None where it does not know them.

        Looked up whole, then by pattern, then part by part where they are several.
        """
        if self.language == "en" or _NAMES.fullmatch(words):
            return words
        if words in self.terms:
            return self.terms[words]
        for pattern, say in self.patterns:
            found = pattern.fullmatch(words)
            parts = [self.known(part or "") for part in found.groups()] if found else [None]
            if None not in parts:
                return say.format(*parts)
        for separator, own in SEPARATORS.items():
            parts = [self.known(part) for part in words.split(separator)] if separator in words else [None]
            if None not in parts:
                return own.join(part for part in parts if part is not None)
        return None

    def term(self, words: str) -> str:
        """Words that came with the data, in this language where it has them, else as they came."""
        known = self.known(words)
        return words if known is None else known


@cache
def texts(language: str) -> Texts:
    """The texts of a language; ConfigurationError where it is not spoken."""
    if language not in LANGUAGES:
        raise ConfigurationError(
            f"no texts in the language {language!r}", hint=f"Take {', '.join(LANGUAGES)}."
        )
    by_key: dict[str, str] = {}
    for file in sorted((_FOLDER / language).glob("*.toml")):
        if file.stem not in DATA:
            by_key.update(_flat(_read(file), f"{file.stem}."))
    terms, patterns = (_read(_FOLDER / language / f"{name}.toml") for name in DATA)
    return Texts(
        language,
        by_key,
        terms,
        tuple((re.compile(one["match"]), one["say"]) for one in patterns.get("pattern", ())),
    )


DATA = ("terms", "patterns")
"""The files of words that come with the data; English pages take these as they are."""


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)
