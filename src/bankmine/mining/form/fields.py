"""The fields of a form: what may stand in them, and how an answer becomes a number.

A number is kept inside the range seen in training, and refused far outside it; a text is one of
the levels seen often enough, or the pooled rest. Each field has a small grid of typical answers, over which
the worth of asking it is integrated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints

MOST_LEVELS, FEWEST_ROWS = 40, 10
GRID = 12
OTHER = "(other)"
SENSIBLE = {"age": (0.0, 120.0)}  # ends of fields that everybody knows
YES_NO = {"true": "yes", "1": "yes", "1.0": "yes", "false": "no", "0": "no", "0.0": "no"}
MARGIN = 3.0  # of any other number, how many times the spread of training lies beyond each of its ends


@dataclass(frozen=True)
class Field:
    """One field. A text has `levels` (the last may be OTHER, the pooled rare ones); a number has none, and
    lies in [low, high]. `grid` are typical coded answers: every level, or middles of equal shares.

    `scale` is the spread of a number, for distances; `question` is what a form asks, in words.
    """

    name: str
    question: str
    levels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    scale: float = 1.0
    knots: tuple[float, ...] = ()
    grid: tuple[float, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the answer is one of levels."""
        return bool(self.levels)

    @property
    def allowed(self) -> str:
        """What may be answered, in words."""
        if self.is_text:
            return ", ".join(level for level in self.levels if level != OTHER)
        least, most = self.sensible
        seen = f"{_short(self.low)} to {_short(self.high)}"
        return f"a number, {_short(least)} to {_short(most)} (seen in training: {seen})"

    @property
    def sensible(self) -> tuple[float, float]:
        """The ends, both included, outside which a number is taken for a slip; only for numbers.

        An age: 0 and 120. Else three times the spread of training beyond what was seen; never negative where
        nothing negative was seen.
        """
        if self.name in SENSIBLE:
            return SENSIBLE[self.name]
        beyond = MARGIN * (self.high - self.low)
        least = self.low - beyond
        return (max(least, 0.0) if self.low >= 0 else least), self.high + beyond

    def accepts(self, value: Any) -> bool:
        """Whether `code` takes the value."""
        try:
            self.code(value)
        except UsageError:
            return False
        return True

    def code(self, value: Any) -> tuple[float, str]:
        """The coded answer (NaN: not known) and a note where it was not taken as given.

        Missing: None, NaN, "". A text never seen is the pooled rest where there is one, else not known.
        UsageError for a text where a number belongs and for a number outside `sensible`.
        """
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return math.nan, ""
        return self._level(self._words(value)) if self.is_text else self._number(value)

    def show(self, code: float) -> str:
        """A coded answer as it is read."""
        if math.isnan(code):
            return "not known"
        return self.levels[int(code)] if self.is_text else _short(code)

    def _words(self, value: Any) -> str:
        """A text answer; of a yes or no field also True, False, 1, 0, "true" and "false"."""
        text = str(value)
        if set(self.levels) == {"yes", "no"}:
            return YES_NO.get(text.casefold(), text)
        return text

    def _level(self, text: str) -> tuple[float, str]:
        if text in self.levels:
            return float(self.levels.index(text)), ""
        folded = [level.casefold() for level in self.levels]
        if text.casefold() in folded:
            return float(folded.index(text.casefold())), ""
        if OTHER in self.levels:
            return float(
                self.levels.index(OTHER)
            ), f"{self.name}: an answer not seen in training, taken as other"
        return math.nan, f"{self.name}: an answer not seen in training, taken as not known"

    def _number(self, value: Any) -> tuple[float, str]:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(
                f"the field {self.name} was given something that is no number", hint=f"Give {self.allowed}."
            )
        least, most = self.sensible
        if not least <= number <= most:
            raise UsageError(
                f"the field {self.name} was given {_short(number)}, which lies outside any sensible range",
                hint=f"Give {self.allowed}, or nothing.",
            )
        inside = min(max(number, self.low), self.high)
        note = "" if inside == number else f"{self.name}: outside what was seen, taken as {_short(inside)}"
        return inside, note


def learn_fields(table: pa.Table, questions: Mapping[str, str]) -> tuple[list[Field], dict[str, str]]:
    """The fields of an Arrow table (texts, numbers, booleans), and those left out, with the reason.

    Left out: columns without an answer, and those with one answer only. UsageError for other types.
    """
    fields: list[Field] = []
    left_out: dict[str, str] = {}
    for name in table.column_names:
        question = questions.get(name, name.replace("_", " "))
        column = _plain(table.column(name), name)
        known = column.drop_null()
        if pa.types.is_floating(known.type):
            known = known.filter(pa.compute.is_finite(known))
        if len(known) == 0:
            left_out[name] = "no answer in training"
        elif len(known.unique()) == 1 and column.null_count == 0:
            left_out[name] = "one answer only in training"
        else:
            fields.append(_learn(name, question, known))
    return fields, left_out


def encode(fields: Sequence[Field], table: pa.Table) -> Floats:
    """Coded answers of shape (rows, fields), NaN where not known. UsageError where a column is absent."""
    absent = [field.name for field in fields if field.name not in table.column_names]
    if absent:
        raise UsageError(
            f"the forms lack the field {absent[0]!r}", hint="Give the column, empty where it is not known."
        )
    columns = [_coded(field, _plain(table.column(field.name), field.name)) for field in fields]
    return np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))


def places(fields: Sequence[Field], codes: Floats) -> Ints:
    """Each coded answer's nearest place on its field's grid, shape (rows, fields); −1 where not known."""
    found = np.full(codes.shape, -1, dtype=np.int64)
    for number, field in enumerate(fields):
        known = ~np.isnan(codes[:, number])
        grid = np.asarray(field.grid)
        middles = (grid[1:] + grid[:-1]) / 2
        found[known, number] = np.searchsorted(middles, codes[known, number], side="right")
    return found


def field_document(field: Field) -> dict[str, Any]:
    """A field as plain JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(field).items()}


def field_of(content: Mapping[str, Any]) -> Field:
    """The inverse of `field_document`; UsageError for a document that is none."""
    try:
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in content.items()}
        made = Field(**values)
    except TypeError:
        made = Field("", "")
    if not made.name or not made.grid:
        raise UsageError("a field of the form's file is damaged", hint="Run the task again.")
    return made


def _plain(column: pa.ChunkedArray, name: str) -> pa.Array:
    """The column as text or float64."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_boolean(kind):
        column = pa.compute.if_else(column, "yes", "no")
        kind = pa.string()
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not number and not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    ):
        raise UsageError(f"the field {name!r} is {kind}", hint="Give texts, numbers or booleans.")
    cast = column.cast(pa.float64() if number else pa.string(), safe=False)
    return cast.combine_chunks() if isinstance(cast, pa.ChunkedArray) else cast


def _learn(name: str, question: str, known: pa.Array) -> Field:
    if pa.types.is_string(known.type):
        counts = {
            one["values"]: one["counts"] for one in known.value_counts().to_pylist() if one["values"] != ""
        }
        often = sorted(counts, key=lambda level: (-counts[level], level))
        kept = sorted(level for level in often[:MOST_LEVELS] if counts[level] >= FEWEST_ROWS)
        levels = tuple(kept) + ((OTHER,) if len(kept) < len(counts) else ())
        return Field(name, question, levels=levels, grid=tuple(float(i) for i in range(len(levels))))
    values = known.to_numpy(zero_copy_only=False)
    low, high = (float(one) for one in np.quantile(values, (0.001, 0.999)))
    values = np.clip(values, low, high)
    shares = (np.arange(GRID) + 0.5) / GRID
    knots = tuple(float(one) for one in np.unique(np.quantile(values, (0.2, 0.4, 0.6, 0.8))))
    return Field(
        name,
        question,
        low=low,
        high=high,
        scale=float(values.std()) or 1.0,
        knots=knots,
        grid=tuple(float(one) for one in np.unique(np.quantile(values, shares))),
    )


def _coded(field: Field, column: pa.Array) -> Floats:
    if not field.is_text:
        if not pa.types.is_floating(column.type) and column.null_count < len(column):
            raise UsageError(
                f"the field {field.name} was given texts", hint="It was trained on numbers; give numbers."
            )
        values = _numbers(column)
        return np.where(np.isfinite(values), np.clip(values, field.low, field.high), np.nan)
    text = column.cast(pa.string())
    encoded = text.dictionary_encode()
    table = np.array([field.code(level)[0] for level in encoded.dictionary.to_pylist()] + [np.nan])
    index = np.asarray(encoded.indices.fill_null(len(table) - 1).to_numpy(zero_copy_only=False))
    return np.asarray(table[index], dtype=np.float64)


def _numbers(column: pa.Array) -> Floats:
    if not pa.types.is_floating(column.type):
        return np.full(len(column), np.nan)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:,.3g}"
