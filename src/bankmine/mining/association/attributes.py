"""Rules over attributes: "age 30–40 and salary account ⇒ takes a card".

Columns become items (a range of numbers, a value of a text, yes or no), conditions are joined up to a few,
and each rule is compared with the share of the target among all. Kept are rules that stand up to the number
of rules tried (Benjamini and Hochberg 1995, or Bonferroni) and of which each condition adds something: Webb
(2007) calls them productive, and tests a rule against each rule with one condition less. Columns are tested
as they are given: whether they were known before the target is the caller's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.association.baskets import Baskets
from bankmine.mining.association.bins import bin_of, bin_words, entropy_edges, share_edges
from bankmine.mining.association.itemsets import Itemsets, frequent_itemsets, in_words
from bankmine.mining.association.significance import (
    Floats,
    adjusted,
    chi_square,
    fisher_p,
    p_values,
    wilson,
)
from bankmine.mining.contract import labels
from bankmine.mining.learner import check_share, check_whole, is_number

Truth = NDArray[np.bool_]
LEARN = ("shares", "target")
LEAST_POSITIVES = 5


@dataclass(frozen=True)
class Columns:
    """How columns become items: inner limits of number columns; a text or yes/no column has none."""

    edges: Mapping[str, tuple[float, ...]]
    names: tuple[str, ...]

    def items(self, table: pa.Table) -> tuple[Baskets, dict[int, str]]:
        """Rows as baskets of (column, value) items, and the words of each item.

        A missing value is no item. UsageError where a column is absent.
        """
        codes: list[NDArray[np.int64]] = []
        words: dict[int, str] = {}
        for name in self.names:
            if name not in table.column_names:
                raise UsageError(f"the table lacks the column {name!r}", hint="Give the columns learnt from.")
            numbers, texts = self._column(name, table.column(name))
            start = len(words)
            codes.append(np.where(numbers >= 0, numbers + start, -1))
            words |= {start + place: text for place, text in enumerate(texts)}
        matrix = np.column_stack(codes) if codes else np.zeros((table.num_rows, 0), dtype=np.int64)
        kept = matrix >= 0
        offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64)
        items = matrix[kept].astype(np.int32)
        return Baskets(offsets, items, pa.array(np.arange(len(words), dtype=np.int64))), words

    def _column(self, name: str, column: Any) -> tuple[NDArray[np.int64], list[str]]:
        if name in self.edges:
            edges = np.array(self.edges[name], dtype=np.float64)
            values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            if len(edges) == 0:
                return np.full(len(values), -1, dtype=np.int64), []
            return bin_of(values, edges), [bin_words(name, edges, one) for one in range(len(edges) + 1)]
        if pa.types.is_boolean(column.type):
            filled = pc.if_else(column, 0, 1).cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
            return np.asarray(filled, dtype=np.int64), [name, f"not {name}"]
        encoded = column.combine_chunks().cast(pa.string()).dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return numbers, [f"{name} {value}" for value in encoded.dictionary.to_pylist()]


@dataclass(frozen=True, eq=False)
class AttributeRules:
    """Rules "conditions ⇒ target" as an Arrow table, best first.

    Columns: conditions (list of texts), rows, hits, confidence with low and high (Wilson, 95 %), lift,
    leverage, chi_square, p_value, p_adjusted, improvement (confidence above the best simpler rule's, the
    share among all included), p_improvement (adjusted, Fisher's exact test against the rules with one
    condition less). `tested` is how many rules the corrections are for.
    """

    table: pa.Table
    columns: Columns
    target: str
    rows: int
    base_rate: float
    tested: int
    test: str
    correction: str
    cuts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def top(self, k: int) -> AttributeRules:
        """The first k rules."""
        return replace(self, table=self.table.slice(0, k))

    def sentences(self, most: int = 10, *, what: str = "customers") -> list[str]:
        """The first rules in plain words, and what was cut."""
        return [
            f"{in_words(row['conditions'])} ⇒ {self.target}: {row['confidence']:.1%} "
            f"({row['low']:.1%}–{row['high']:.1%}) of {row['rows']:,} {what}, {row['lift']:.1f} times the "
            f"{self.base_rate:.1%} of all {self.rows:,}."
            for row in self.table.slice(0, most).to_pylist()
        ] + list(self.cuts)

    def meets(self, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows of a table meet the conditions of each rule; shape (rows, rules).

        The bins are those learnt; values never seen meet nothing.
        """
        baskets, words = self.columns.items(table)
        row_of = np.repeat(np.arange(table.num_rows), np.diff(baskets.offsets))
        code_of = {text: code for code, text in words.items()}
        found = np.ones((table.num_rows, len(self)), dtype=np.bool_)
        held: dict[str, Truth] = {}
        for place, conditions in enumerate(self.table.column("conditions").to_pylist()):
            for one in conditions:
                if one not in held:
                    held[one] = np.zeros(table.num_rows, dtype=np.bool_)
                    held[one][row_of[baskets.items == code_of.get(one, -1)]] = True
                found[:, place] &= held[one]
        return found


def attribute_rules(
    table: pa.Table,
    target: Any,
    *,
    target_words: str = "target",
    columns: Sequence[str] | None = None,
    edges: Mapping[str, Sequence[float]] | None = None,
    learn: str = "shares",
    bins: int = 4,
    support: float = 0.01,
    longest: int = 3,
    level: float = 0.05,
    test: str = "chi-square",
    correction: str = "benjamini-hochberg",
    improvement: float = 0.0,
    most: int = 200_000,
) -> AttributeRules:
    """Rules with one consequent, the target (booleans or 0/1, shape (rows,)).

    Number columns are cut at `edges[name]` where given, else into `bins` of equal shares (`learn="shares"`)
    or by the entropy of the target (`learn="target"`; a column without a worthwhile cut is left out). At most
    `longest` conditions; each rule's conditions hold for at least `support` of all rows. Kept are rules with
    lift above 1, p_adjusted and p_improvement ≤ `level` and improvement above `improvement`, by lift. With
    `learn="target"` the same rows choose the cuts and test them, so p-values are too small: check such rules
    on later rows.

    FeasibilityError with fewer than 5 rows in or out of the target.
    """
    check_whole("rules over attributes", 2, bins=bins)
    check_whole("rules over attributes", longest=longest, most=most)
    check_share("rules over attributes", level=level)
    if not (is_number(improvement) and -1 <= improvement <= 1):
        raise UsageError(f"the improvement is {improvement!r}", hint="Give a difference of shares, −1 to 1.")
    truth = labels(target, table.num_rows)
    _check_target(truth)
    names = tuple(columns if columns is not None else table.column_names)
    chosen = _learn(table, truth, names, edges or {}, learn, bins)
    baskets, words = chosen.items(table)
    found = frequent_itemsets(
        baskets, support=support, longest=longest, most=most, longest_basket=max(1, len(names))
    )
    hits = _hits(found, baskets, truth)
    measured = _measures(found, hits, int(truth.sum()), test, correction)
    keep = (measured["lift"] > 1) & (measured["p_adjusted"] <= level)
    keep &= (measured["improvement"] > improvement) & (measured["p_improvement"] <= level)
    nodes = np.flatnonzero(keep)
    lift = measured["lift"][nodes]
    texts = [[words[code] for code in sorted(one)] for one in found.lists(nodes).to_pylist()]
    order = sorted(range(len(nodes)), key=lambda at: (-lift[at], -measured["rows"][nodes[at]], texts[at]))
    rules = pa.table(
        {
            "conditions": pa.array([texts[at] for at in order], pa.list_(pa.string())),
            **{name: values[nodes][order] for name, values in measured.items()},
        }
    )
    return AttributeRules(
        table=rules, columns=chosen, target=target_words, rows=table.num_rows, base_rate=float(truth.mean()),
        tested=len(found.parents), test=test, correction=correction, cuts=found.cuts,
    )  # fmt: skip


def _check_target(truth: Truth) -> None:
    for kind, count in (("in", int(truth.sum())), ("out of", int((~truth).sum()))):
        if count < LEAST_POSITIVES:
            raise FeasibilityError(
                f"{count} of {len(truth)} rows are {kind} the target",
                hint=f"Rules over attributes need at least {LEAST_POSITIVES}.",
            )


def _learn(
    table: pa.Table, truth: Truth, names: tuple[str, ...], edges: Mapping[str, Sequence[float]], learn: str,
    bins: int,
) -> Columns:  # fmt: skip
    if learn not in LEARN:
        raise UsageError(f"bins are to be learnt by {learn!r}", hint=f"Give one of {', '.join(LEARN)}.")
    absent = [name for name in (*names, *edges) if name not in table.column_names]
    if absent:
        raise UsageError(f"the table lacks the column {absent[0]!r}", hint="Give columns of the table.")
    found: dict[str, tuple[float, ...]] = {}
    for name in names:
        kind = table.schema.field(name).type
        if name in edges:
            found[name] = _given_edges(name, kind, edges[name])
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
            values = table.column(name).cast(pa.float64(), safe=False).to_numpy()
            learnt = share_edges(values, bins) if learn == "shares" else entropy_edges(values, truth)
            found[name] = tuple(learnt.tolist())
    return Columns(found, names)


def _given_edges(name: str, kind: Any, edges: Sequence[float]) -> tuple[float, ...]:
    """The limits a caller gave for a column, checked."""
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise UsageError(f"limits were given for {name!r}, a column of {kind}", hint="Only numbers are cut.")
    try:
        given = np.asarray(edges, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.array([np.nan])
    if given.ndim != 1 or not np.isfinite(given).all():
        raise UsageError(f"the limits of {name!r} are not all numbers", hint="Give a list of finite numbers.")
    if (np.diff(given) <= 0).any():
        raise UsageError(f"the limits of {name!r} do not rise", hint="Give them in ascending order.")
    return tuple(given.tolist())


def _hits(found: Itemsets, baskets: Baskets, truth: Truth) -> NDArray[np.int64]:
    """For each itemset the rows in the target, counted over bit columns."""
    from bankmine.mining.association.itemsets_kernel import bit_columns, hits_of

    words = max(1, (len(baskets) + 63) // 64)
    width = len(found.names)
    label = np.full(len(baskets.names), -1, dtype=np.int32)
    label[found.names.to_numpy()] = np.arange(width, dtype=np.int32)
    kept = label[baskets.items] >= 0
    offsets = np.concatenate([[0], np.cumsum(kept)])[baskets.offsets].astype(np.int64)
    bits = np.zeros(max(1, width) * words, dtype=np.uint64)
    bit_columns(offsets, label[baskets.items[kept]], words, bits)
    aim = np.zeros(words, dtype=np.uint64)
    positives = np.flatnonzero(truth)
    bit_columns(
        np.searchsorted(positives, np.arange(len(truth) + 1)).astype(np.int64),
        np.zeros(len(positives), dtype=np.int32), words, aim,
    )  # fmt: skip
    hits = np.zeros(len(found.parents), dtype=np.int64)
    hits_of(bits, words, found.parents, found.items, aim, hits)
    return hits


def _measures(
    found: Itemsets, hits: NDArray[np.int64], positives: int, test: str, correction: str
) -> dict[str, NDArray[Any]]:
    rows, total = found.counts, found.baskets
    confidence, share = hits / np.maximum(rows, 1), positives / total
    low, high = wilson(hits, rows)
    p = p_values(test, hits, rows, np.full(len(rows), positives), np.full(len(rows), total))
    return {
        "rows": rows,
        "hits": hits,
        "confidence": confidence,
        "low": low,
        "high": high,
        "lift": confidence / share,
        "leverage": hits / total - rows / total * share,
        "chi_square": chi_square(hits, rows, positives, total),
        "p_value": p,
        "p_adjusted": adjusted(p, correction),
        "improvement": confidence - _best_simpler(found, confidence, share),
        "p_improvement": adjusted(_productive(found, hits, positives), correction),
    }


def _productive(found: Itemsets, hits: NDArray[np.int64], positives: int) -> Floats:
    """For each rule the largest p-value against the rules with one condition less (all rows for none)."""
    from bankmine.mining.association.tree_kernel import parts_of

    starts = np.concatenate([[0], np.cumsum(found.lengths)]).astype(np.int64)
    parts = np.empty(int(starts[-1]), dtype=np.int64)
    parts_of(found.parents, found.items, *found.subsets, len(found.names), starts, parts)
    if len(parts) == 0:
        return np.zeros(0)
    whole = np.repeat(np.arange(len(hits)), found.lengths)
    simpler = parts.clip(min=0)
    rows = np.where(parts < 0, found.baskets, found.counts[simpler])
    among = np.where(parts < 0, positives, hits[simpler])
    p = fisher_p(hits[whole], found.counts[whole], among, rows)
    return np.asarray(np.maximum.reduceat(p, starts[:-1]), dtype=np.float64)


def _best_simpler(found: Itemsets, confidence: Floats, share: float) -> Floats:
    """The best confidence among rules with a part of the conditions, none of them included."""
    from bankmine.mining.association.tree_kernel import best_of_parts

    best = np.full(len(confidence), share)
    order = np.argsort(found.lengths, kind="stable").astype(np.int64)
    best_of_parts(found.parents, found.items, *found.subsets, len(found.names), order, confidence, best)
    return best
