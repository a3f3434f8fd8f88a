"""Every word of the pages, by key, once per language: `texts/<language>/<page group>.toml`.

Templates and pages hold no words of their own. A key that is missing is an error, never an empty place or
another language; `{name}` in a text is filled in, and a text that counts has the forms `one` and `other`.
Words that arrive with the data in English (names of columns, grades, sentences of runs) are said by the
language's `Speaker`; what it does not know stays as it came, marked as English for whoever listens.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.web.texts.speaking import Speaker, rules_of

LANGUAGES = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """The texts of one language; call it with a key."""

    language: str
    by_key: Mapping[str, str]
    speaker: Speaker | None = None

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
        """Words that came with the data, in this language; None where it does not know them."""
        return words if self.speaker is None else self.speaker.known(words)

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
        if file.name != TERMS:
            by_key.update(_flat(_read(file), f"{file.stem}."))
    return Texts(language, by_key, _speaker(language))


def _speaker(language: str) -> Speaker | None:
    """Who says the words of the data; None in English, the data's own language."""
    from bankmine.access.feature_words import phrases

    folder = _FOLDER / language
    if not (folder / TERMS).exists():
        return None
    files = sorted((folder / "patterns").glob("*.toml"))
    return Speaker(_read(folder / TERMS), rules_of(_read(file) for file in files), phrases())


TERMS = "terms.toml"
"""The words that come with the data; the ways of composing them lie in `patterns/`."""


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)
