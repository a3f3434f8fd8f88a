"""What several providers read of the same rows is read once while one matrix is made, and then let go."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_KEPT: ContextVar[dict[Hashable, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def once() -> Iterator[None]:
    """Within it `kept` makes each thing once."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What was made under this key within `once`; made anew outside it."""
    things = _KEPT.get()
    if things is None:
        return make()
    if key not in things:
        things[key] = make()
    found: T = things[key]
    return found
