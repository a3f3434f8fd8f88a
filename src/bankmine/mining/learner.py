"""What every miner promises before it is fitted: parameters that can be meant, and one clear line if asked.

Parameters are checked by the types their `__init__` declares (whole numbers, numbers, one of a few words) and
by the tables below, where a name has one meaning for all miners. What is learnt ends in an underscore, as in
scikit-learn; asking for it too early is a `NotFittedError`, which is an AttributeError too, so that
`hasattr` and scikit-learn's own tools go on working.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from math import inf, isfinite
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from bankmine.errors import UsageError

LEAST = {"random_state": 0, "refinements": 0, "num_leaves": 2, "max_leaves": 2, "population": 2}
ABOVE_ZERO = frozenset({"C", "learning_rate", "eps"})
SHARES = frozenset({"feature_fraction", "bagging_fraction"})
UP_TO_ONE = frozenset({"least_support"})
INFINITE = frozenset({"C"})


class NotFittedError(UsageError, AttributeError):
    """A miner was asked for what only `fit` (or a loaded model) knows."""


class Learner:
    """Says "not fitted" in one line where something learnt is asked for before `fit`."""

    if not TYPE_CHECKING:  # for mypy a class with __getattr__ has every attribute

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name.startswith("_") or not name.endswith("_"):
                raise AttributeError(f"{kind!r} object has no attribute {name!r}")
            if any(one.endswith("_") for one in vars(self)):
                raise NotFittedError(
                    f"this {kind} has no {name}",
                    hint="Fit it first; a model read from a file keeps what predicting takes.",
                )
            raise NotFittedError(f"{kind} is not fitted", hint="Call fit first, or load a model.")


def check_parameters(miner: Any) -> None:
    """UsageError for a parameter of a miner that cannot be meant: 2.5 clusters, a negative rate, NaN."""
    for name, (kinds, words) in _declared(cast(Hashable, type(miner))).items():
        value = getattr(miner, name)
        if value is None and NoneType in kinds:
            continue
        wanted = _refused(name, value, kinds, words)
        if wanted:
            raise UsageError(f"{type(miner).__name__} was given {name} = {value!r}", hint=f"Give {wanted}.")


def whole(value: Any, least: int = 1) -> bool:
    """Whether a value is a whole number from `least` on; True, 2.0 and NaN are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least


def check_whole(what: str, least: int = 1, **values: Any) -> None:
    """UsageError for an argument of a function that is no whole number from `least` on; None passes."""
    for name, value in values.items():
        if value is not None and not whole(value, least):
            raise UsageError(
                f"{what} was given {name} = {value!r}", hint=f"Give a whole number from {least} on."
            )


def check_share(what: str, **values: Any) -> None:
    """UsageError for an argument of a function that is no number from 0 to 1; None passes."""
    for name, value in values.items():
        if value is not None and not (is_number(value) and 0 <= value <= 1):
            raise UsageError(f"{what} was given {name} = {value!r}", hint="Give a share from 0 to 1.")


def _refused(name: str, value: Any, kinds: frozenset[Any], words: tuple[Any, ...]) -> str:
    """What should have been given; nothing where the value will do, or its kind is not checked here."""
    if words:
        return "" if any(value == one for one in words) else f"one of {', '.join(map(str, words))}"
    if bool in kinds:
        return "" if isinstance(value, bool | np.bool_) else "True or False"
    if int in kinds:
        least = LEAST.get(name, 1)
        return "" if whole(value, least) else f"a whole number from {least} on"
    if float in kinds:
        return _refused_number(name, value)
    return ""


def _refused_number(name: str, value: Any) -> str:
    given = is_number(value)
    if name in SHARES:
        return "" if given and 0 < value <= 1 else "a share above 0 and at most 1"
    if name in UP_TO_ONE:
        return "" if given and 0 <= value <= 1 else "a share from 0 to 1"
    most = "" if name in INFINITE else "finite "
    fits = given and (isfinite(value) or (value == inf and name in INFINITE))
    if name in ABOVE_ZERO:
        return "" if fits and value > 0 else f"a {most}number above 0"
    return "" if fits and value >= 0 else f"a {most}number from 0 on"


def is_number(value: Any) -> bool:
    """Whether a value is a number; True and "1" are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


@cache
def _declared(kind: Any) -> dict[str, tuple[frozenset[Any], tuple[Any, ...]]]:
    """For each parameter the types it is declared with, and the words where it is one of a few."""
    init = kind.__init__
    if init is object.__init__:
        return {}
    hints = {name: hint for name, hint in get_type_hints(init).items() if name != "return"}
    found = {}
    for name, hint in hints.items():
        parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        words = tuple(one for part in parts if get_origin(part) is Literal for one in get_args(part))
        found[name] = (frozenset(part for part in parts if get_origin(part) is None), words)
    return found
