"""What a binning may look like: the trend of the bad rate, sizes, special codes, vintages.

A rule is a promise to whoever has to explain the card (the bad rate falls with age, no bin has fewer than
5 % of the rows). Each costs information; `optimal.py` says how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from bankmine.errors import UsageError

Code = float | str
TRENDS = ("auto", "free", "increasing", "decreasing", "peak", "valley")
MOST_PREBINS = 500


@dataclass(frozen=True, kw_only=True)
class BinningRules:
    """How one column may be cut.

    `trend` is that of the bad rate over rising values ("auto": the better of increasing and decreasing;
    "peak" rises then falls; a trend may be flat, and categories have none). An ordinary bin has at least
    `min_share` of all rows, `min_rows`, `min_bads` and `min_goods`. There are at most `max_bins` ordinary
    bins, made of at most `prebins` groups of equal size, or of every distinct value where there are fewer.
    `special` are codes that mean something else than their number says: a sequence (each its own bin) or
    a mapping from a label to its codes. `smoothing` adds so many average rows to each bin. A further bin
    must bring `toll` times the information that chance gives a bin. Categories under `rare_share` of all
    rows are pooled. `same_order`: neighbours stand in the same order of bad rates in every vintage.
    """

    trend: str = "auto"
    max_bins: int = 6
    min_share: float = 0.05
    min_rows: int = 1
    min_bads: int = 1
    min_goods: int = 1
    prebins: int = 100
    special: Any = ()
    smoothing: float = 0.5
    toll: float = 0.0
    rare_share: float = 0.01
    same_order: bool = False
    categorical: bool = False

    def __post_init__(self) -> None:
        _allow("trend", self.trend, self.trend in TRENDS, f"Use one of {', '.join(TRENDS)}.")
        _allow("max_bins", self.max_bins, 1 <= self.max_bins <= 50, "Give 1 to 50 bins.")
        _allow("min_share", self.min_share, 0 <= self.min_share <= 0.5, "Give a share of 0 to 0.5.")
        _allow("rare_share", self.rare_share, 0 <= self.rare_share <= 0.5, "Give a share of 0 to 0.5.")
        for name in ("min_rows", "min_bads", "min_goods"):
            _allow(name, getattr(self, name), getattr(self, name) >= 0, "Give 0 or more.")
        _allow("prebins", self.prebins, 2 <= self.prebins <= MOST_PREBINS, f"Give 2 to {MOST_PREBINS}.")
        _allow("smoothing", self.smoothing, 0 < self.smoothing < 1e9, "Give a number above 0.")
        _allow("toll", self.toll, 0 <= self.toll < 1e9, "Give 0 or more.")
        object.__setattr__(self, "special", _special(self.special))

    def but(self, changes: Mapping[str, Any]) -> BinningRules:
        """These rules with some of them changed, by name; an unknown name is a UsageError."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(f"There is no rule of binning {name!r}", hint=f"Use {', '.join(known)}.")
        return BinningRules(**{**{name: getattr(self, name) for name in known}, **changes})

    @property
    def specials(self) -> tuple[tuple[str, tuple[Code, ...]], ...]:
        """Label and codes of each special bin."""
        found: tuple[tuple[str, tuple[Code, ...]], ...] = self.special
        return found


def plain_code(value: Any) -> str:
    """A code or level as people write it: 3, not 3.0."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _allow(name: str, value: Any, good: bool, hint: str) -> None:
    if not good:
        raise UsageError(f"The binning rule {name} is {value!r}", hint=hint)


def _special(given: Any) -> tuple[tuple[str, tuple[Code, ...]], ...]:
    """Special codes as (label, codes), each code named once."""
    if isinstance(given, Mapping):
        pairs = [(str(label), _codes(codes)) for label, codes in given.items()]
    else:
        pairs = []
        for one in given:
            if isinstance(one, tuple) and len(one) == 2 and isinstance(one[1], tuple | list):
                pairs.append((str(one[0]), _codes(one[1])))
            else:
                pairs.append((plain_code(one), _codes([one])))
    seen: set[Code] = set()
    for label, codes in pairs:
        for code in codes:
            if code in seen:
                raise UsageError(
                    f"The special code {plain_code(code)} is named twice, last as {label!r}",
                    hint="Name each code once.",
                )
            seen.add(code)
    if len({label for label, _ in pairs}) != len(pairs):
        raise UsageError("Two special bins have the same label", hint="Give each its own label.")
    return tuple(pairs)


def _codes(given: Any) -> tuple[Code, ...]:
    codes: list[Code] = []
    for one in given if isinstance(given, list | tuple | set | frozenset) else [given]:
        code: Code = one if isinstance(one, str) else float(one)
        if not isinstance(code, str) and not isfinite(code):
            raise UsageError(
                f"The special code {code} is no number", hint="A missing value has its own bin already."
            )
        codes.append(code)
    if not codes:
        raise UsageError("A special bin has no code", hint="Give at least one code.")
    return tuple(codes)
