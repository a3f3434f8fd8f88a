"""The query engine's errors, known by name, because only the engine room imports DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bankmine.errors import BankmineError


def fault(error: BaseException) -> str | None:
    """The name of the engine's class of an error, such as `BinderException`; None where it is another's."""
    if isinstance(error, OSError) and error.errno is None:  # how an error reaches a stream of Arrow batches
        said = re.match(r"([A-Z][\w ]*) Error: ", str(error))
        return f"{said[1].title().replace(' ', '')}Exception" if said else None
    names = [one.__name__ for one in type(error).__mro__ if one.__module__ in ("duckdb", "_duckdb")]
    return names[0] if names else None


@contextmanager
def told(tell: Callable[[Exception], BankmineError]) -> Iterator[None]:
    """Turns an error of the engine into the one `tell` makes of it; others pass."""
    try:
        yield
    except Exception as error:
        if fault(error) is None:
            raise
        raise tell(error) from None
