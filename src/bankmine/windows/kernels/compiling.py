"""How the kernels are compiled.

No kernel allocates: scratch arrays are handed in, so Numba need not count references to arrays. Counting
them (an atomic operation each time an array is passed to a part) took nine tenths of the time of a kernel
made of small parts: 871 against 90 ns a row of a replay.

Compiled kernels are cached beside their module. Numba takes a cached one for fresh as long as that one file
is unchanged, although parts and constants of other files are compiled into it; here the cache is good only
while every file kernels are made of is the same, byte for byte. A leaf module: Numba is slow to import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba as nb

_CONFIG: Any = nb.config
_UNCOUNTED: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
_MADE_OF = ("kernels/*.py", "online/*kernel.py", "online/words.py", "aggregates.py")


@cache
def sources_stamp() -> str:
    """Names the content of all files kernels are made of."""
    room = Path(__file__).parents[1]
    files = {path for pattern in _MADE_OF for path in room.glob(pattern)}
    digest = hashlib.sha256()
    for path in sorted([*files, room.parent / "bank" / "civil.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cached(dispatcher: Any) -> Any:
    """Caches what a dispatcher compiles, for as long as the sources stay the same."""
    if not _CONFIG.DISABLE_JIT:
        dispatcher.enable_caching()
        file = dispatcher._cache._cache_file
        file._source_stamp = (file._source_stamp, sources_stamp())
    return dispatcher


def part(function: Callable[..., Any]) -> Any:
    """Decorates a part of a kernel: inlined where it is called."""
    return nb.njit(forceinline=True, **_UNCOUNTED)(function)


def scalar(function: Callable[..., Any]) -> Any:
    """Decorates a larger function of plain numbers: called, not inlined."""
    return nb.njit(**_UNCOUNTED)(function)


def kernel(signature: Any, *, allocates: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Decorates a kernel of one signature: compiled once, when its module is imported, and cached.

    A kernel that makes arrays `allocates`, and so pays for counting them.
    """
    options = {"error_model": "numpy"} if allocates else _UNCOUNTED

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = cached(nb.njit(nogil=True, **options)(function))
        if not _CONFIG.DISABLE_JIT:
            dispatcher.compile(signature)
            dispatcher.disable_compile()
        return dispatcher

    return decorate
