"""Coded answers as a linear model's columns: bent numbers, one column a level, one for "not known"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bankmine.mining.contract import Floats, Ints
from bankmine.mining.form.fields import Field


def design(fields: Sequence[Field], codes: Floats) -> Floats:
    """The linear model's matrix. A number gives itself and a hinge at each knot, both 0 where not known."""
    parts: list[Floats] = []
    for number, field in enumerate(fields):
        code = codes[:, number]
        missing = np.isnan(code)
        if field.is_text:
            parts += [(code == level).astype(np.float64) for level in range(len(field.levels))]
        else:
            value = np.where(missing, field.knots[len(field.knots) // 2], code)
            parts.append((value - field.knots[len(field.knots) // 2]) / field.scale)
            parts += [
                np.where(missing, 0.0, np.maximum(value - knot, 0.0) / field.scale) for knot in field.knots
            ]
        parts.append(missing.astype(np.float64))
    return np.column_stack(parts) if parts else np.zeros((len(codes), 0))


def columns_of(fields: Sequence[Field]) -> tuple[list[str], Ints]:
    """The names of the matrix's columns, and the place of the field each comes from."""
    names: list[str] = []
    whose: list[int] = []
    for number, field in enumerate(fields):
        if field.is_text:
            own = [f"{field.name}={level}" for level in field.levels]
        else:
            own = [field.name, *(f"{field.name} above knot {place}" for place in range(len(field.knots)))]
        names += [*own, f"{field.name} not known"]
        whose += [number] * (len(own) + 1)
    return names, np.asarray(whose, dtype=np.int64)
