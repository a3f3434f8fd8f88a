"""What a provider answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Found:
    """`columns`: an Arrow array of n values for each column asked, null where missing; `unreached`: for
    columns of which it can be so, a mask (n) of the rows where the data do not reach (outside the coverage,
    or not yet known); `statements`: the SQL that ran; `notes`: what was left out, in sentences."""

    columns: Mapping[str, Any]
    unreached: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    statements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
