"""How the kernels are compiled.

No kernel allocates: scratch arrays are handed in, so Numba need not count references to arrays. Counting
them (an atomic operation each time an array is passed to a part) took nine tenths of the time of a kernel
made of small parts: 871 against 90 ns a row of a replay. A leaf module: Numba is slow to import.
"""

from __future__ import annotations

from typing import Any

import numba as nb

_UNCOUNTED: dict[str, Any] = {"cache": True, "_nrt": False}

part: Any = nb.njit(forceinline=True, **_UNCOUNTED)
"""Decorates a part of a kernel: inlined where it is called."""


def kernel(signature: Any) -> Any:
    """Decorates a kernel of one signature: compiled once, when its module is imported, and cached."""
    return nb.njit(signature, nogil=True, **_UNCOUNTED)
