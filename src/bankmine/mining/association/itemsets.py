"""Frequent itemsets: which items stand together in at least so many baskets.

Eclat (Zaki 2000) over bit columns with population counts. The answer is always complete for every length it
covers: where there are too many itemsets, the longest are left out, and the result says so. Closed sets have
no superset in as many baskets (Pasquier et al. 1999), maximal sets no frequent superset (Bayardo 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.association.baskets import Baskets, Codes, Ints
from bankmine.mining.learner import is_number

LONGEST = 62  # an itemset's parts are numbered by bits of one word
KINDS = ("all", "closed", "maximal")
_COLUMN_WORDS = 1 << 27  # of all bit columns at once: one gibibyte


@dataclass(frozen=True, eq=False)
class Itemsets:
    """Frequent itemsets as a tree: a node is its parent (−1: none) and its last item.

    `counts` are baskets; `items` are labels, `names[label]` their names, labels ascending with frequency;
    `nodes` are those that are shown (all, closed or maximal ones). `cuts` says in words what was left out.
    """

    baskets: int
    minimum_count: int
    longest: int
    kind: str
    parents: Ints
    items: Codes
    counts: Ints
    lengths: Ints
    names: pa.Array
    nodes: Ints
    cuts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def table(self) -> pa.Table:
        """Columns itemset (list), length, count, support; shorter ones first, then by count and items."""
        found = self.lists(self.nodes)
        table = pa.table(
            {
                "itemset": found,
                "length": self.lengths[self.nodes],
                "count": self.counts[self.nodes],
                "support": self.counts[self.nodes] / self.baskets,
            }
        )
        keys = pa.array(np.arange(len(self)))
        order = sorted(
            keys.to_pylist(),
            key=lambda at: (self.lengths[self.nodes[at]], -self.counts[self.nodes[at]], found[at].as_py()),
        )
        return table.take(pa.array(order, pa.int64()))

    @cached_property
    def by_length(self) -> dict[int, int]:
        """How many itemsets there are of each length."""
        lengths, counts = np.unique(self.lengths[self.nodes], return_counts=True)
        return {int(length): int(count) for length, count in zip(lengths, counts, strict=True)}

    def lists(self, nodes: Ints) -> pa.ListArray:
        """The items of nodes as a list column, names ascending within each."""
        from bankmine.mining.association.tree_kernel import labels_of

        offsets = np.concatenate([[0], np.cumsum(self.lengths[nodes])]).astype(np.int64)
        labels = np.empty(int(offsets[-1]), dtype=np.int32)
        labels_of(self.parents, self.items, np.ascontiguousarray(nodes), offsets, labels)
        place = self._alphabetical[labels]
        rows = np.repeat(np.arange(len(nodes)), np.diff(offsets))
        labels = labels[np.lexsort((place, rows))]
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), self.names.take(pa.array(labels)))

    def sentences(self, most: int = 10) -> list[str]:
        """The largest itemsets of two items or more, in plain words."""
        rows = [row for row in self.table.to_pylist() if row["length"] > 1]
        rows.sort(key=lambda row: (-row["count"], row["length"], row["itemset"]))
        return [
            f"{in_words(row['itemset'])} stand together in {row['count']:,} of {self.baskets:,} "
            f"baskets ({row['support']:.1%})."
            for row in rows[:most]
        ] + list(self.cuts)

    @cached_property
    def _alphabetical(self) -> Ints:
        """Each label's place among the names in ascending order."""
        import pyarrow.compute as pc

        order = pc.array_sort_indices(self.names).to_numpy()
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return place

    @cached_property
    def subsets(self) -> tuple[Ints, Ints]:
        """The hash table of (parent, item) → node that the tree's kernels walk."""
        from bankmine.mining.association.tree_kernel import index

        keys, places = hash_table(len(self.parents))
        index(self.parents, self.items.astype(np.int64), len(self.names), keys, places)
        return keys, places


def frequent_itemsets(
    data: Any,
    *,
    support: float | None = None,
    count: int | None = None,
    longest: int | None = 4,
    kind: str = "all",
    most: int = 1_000_000,
    longest_basket: int = 1_000,
    names: Any = None,
) -> Itemsets:
    """All itemsets of at most `longest` items (None: no limit) in at least `support` of the baskets.

    `data` is whatever `Baskets.of` takes. Give `support` as a share in (0, 1] or `count` as a number of
    baskets. `kind` is "all", "closed" or "maximal"; both are exact, whatever `longest` is. `most` limits the
    number of itemsets: beyond it the longest lengths are left out whole. Of a basket with more than
    `longest_basket` frequent items the rarest are left out. `cuts` of the result says what was left out.

    UsageError for a support outside (0, 1]; FeasibilityError for no basket, or more frequent items than
    `most`.
    """
    baskets = Baskets.of(data, names=names)
    minimum = minimum_count(len(baskets), support, count)
    limit = _check_limits(longest, kind, most, longest_basket)
    deeper = limit if kind == "all" else min(limit + 1, LONGEST)
    mined = _mine(baskets, minimum, deeper, most, longest_basket)
    found = mined if kind == "all" else _condensed(mined, kind, limit, complete=mined.longest == deeper)
    if found.longest == limit:
        return found
    cut = f"there are more than {most:,} itemsets; those of more than {found.longest} items were left out"
    return replace(found, cuts=(*found.cuts, cut))


def minimum_count(baskets: int, support: float | None, count: int | None, *, what: str = "basket") -> int:
    """The least number of baskets that reaches `support`, as exact as its decimals."""
    if baskets == 0:
        raise FeasibilityError(f"there is no {what}", hint=f"Give at least one {what}.")
    if (support is None) == (count is None):
        raise UsageError(
            f"support is {support} and count is {count}",
            hint=f"Give one of them: a share of the {what}s, or a number of them.",
        )
    if count is not None:
        if not whole_from_one(count):
            raise UsageError(f"the count is {count}", hint=f"Give a whole number of {what}s from 1 on.")
        return int(count)
    assert support is not None
    if not (is_number(support) and 0 < support <= 1):
        raise UsageError(
            f"the support is {support}",
            hint=f"Give a share above 0 and at most 1; one {what} is {1 / baskets:.2g} here.",
        )
    least = max(1, ceil(support * baskets))
    return least - 1 if least > 1 and (least - 1) / baskets >= support else least


def whole_from_one(value: Any) -> bool:
    """Whether a limit is a whole number from 1 on (2.0 is one; 2.5, NaN, True and "2" are none)."""
    return is_number(value) and value >= 1 and value % 1 == 0


def in_words(items: Sequence[Any]) -> str:
    """Items as "a, b and c"."""
    texts = [str(one) for one in items]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def hash_table(entries: int) -> tuple[Ints, Ints]:
    """Empty keys and places, at most half full with so many entries."""
    size = 1 << max(4, (2 * entries).bit_length())
    return np.full(size, -1, dtype=np.int64), np.zeros(size, dtype=np.int64)


def _check_limits(longest: int | None, kind: str, most: int, longest_basket: int) -> int:
    if kind not in KINDS:
        raise UsageError(f"the kind is {kind!r}", hint=f"Give one of {', '.join(KINDS)}.")
    for name, value in (("longest", longest), ("most", most), ("longest_basket", longest_basket)):
        if value is not None and not whole_from_one(value):
            raise UsageError(f"{name} is {value}", hint="Give a whole number from 1 on.")
    return LONGEST if longest is None else min(int(longest), LONGEST)


def _mine(baskets: Baskets, minimum: int, longest: int, most: int, longest_basket: int) -> Itemsets:
    from bankmine.mining.association import itemsets_kernel as kernel

    width = len(baskets.names)
    offsets, items = np.empty_like(baskets.offsets), np.empty_like(baskets.items)
    totals = np.zeros(width, dtype=np.int64)
    kernel.count_items(baskets.offsets, baskets.items, width, offsets, items, totals)
    offsets, items, order, cut, lost = _relabelled(
        offsets, items[: offsets[-1]], totals, minimum, longest_basket
    )
    if cut:
        totals = np.bincount(items, minlength=len(order)).astype(np.int64)
        offsets, items, fewer, _, _ = _relabelled(offsets, items, totals, minimum, longest_basket)
        totals, order = totals[fewer], order[fewer]
    else:
        totals = totals[order]
    if len(order) > most:
        raise FeasibilityError(
            f"{len(order):,} items are frequent by themselves, of at most {most:,} itemsets",
            hint="Raise the support, or `most`.",
        )
    tree, reached = _search(offsets, items, totals, minimum, longest, most)
    return Itemsets(
        baskets=len(baskets), minimum_count=minimum, longest=reached, kind="all", parents=tree[0],
        items=tree[1], counts=tree[2], lengths=_lengths(tree[0], tree[1]),
        names=baskets.names.take(pa.array(order)), nodes=np.arange(len(tree[0])),
        cuts=_basket_cuts(cut, lost, longest_basket, baskets.missing),
    )  # fmt: skip


def _relabelled(
    offsets: Ints, items: Codes, totals: Ints, minimum: int, longest_basket: int
) -> tuple[Ints, Codes, Ints, int, int]:
    """Baskets of frequent items under labels that ascend with frequency; the item of each label; the cuts."""
    from bankmine.mining.association.itemsets_kernel import relabel

    frequent = np.flatnonzero(totals >= minimum)
    order = frequent[np.argsort(totals[frequent], kind="stable")]
    labels = np.full(len(totals), -1, dtype=np.int32)
    labels[order] = np.arange(len(order), dtype=np.int32)
    kept_offsets, kept = np.empty_like(offsets), np.empty_like(items)
    cut, lost, size = relabel(offsets, items, labels, longest_basket, kept_offsets, kept)
    return kept_offsets, kept[:size], order, cut, lost


def _basket_cuts(baskets: int, items: int, longest_basket: int, missing: int) -> tuple[str, ...]:
    cuts: tuple[str, ...] = ()
    if baskets:
        cuts += (
            f"{baskets:,} baskets have more than {longest_basket:,} frequent items; their {items:,} rarest "
            "were left out, so that counts may be too low",
        )
    return (*cuts, f"{missing:,} missing items were left out") if missing else cuts


def _lengths(parents: Ints, items: Codes) -> Ints:
    from bankmine.mining.association.tree_kernel import lengths_of

    lengths = np.empty(len(parents), dtype=np.int64)
    lengths_of(parents, items, lengths)
    return lengths


Tree = tuple[Ints, Codes, Ints]


def _search(
    offsets: Ints, items: Codes, counts: Ints, minimum: int, longest: int, most: int
) -> tuple[Tree, int]:
    """The tree of all frequent itemsets up to the longest length of which there are not too many."""
    found = _search_to(offsets, items, counts, minimum, longest, most)
    if found is not None:
        return found, longest
    reached, best = 1, _search_to(offsets, items, counts, minimum, 1, most)
    assert best is not None
    while reached + 1 < longest:
        deeper = _search_to(offsets, items, counts, minimum, reached + 1, most)
        if deeper is None:
            break
        reached, best = reached + 1, deeper
    return best, reached


def _search_to(
    offsets: Ints, items: Codes, counts: Ints, minimum: int, longest: int, most: int
) -> Tree | None:
    """The tree of the frequent itemsets of up to `longest` items; None where there are more than `most`."""
    from bankmine.mining.association import itemsets_kernel as kernel

    width = len(counts)
    parents, last, totals = np.empty(most, np.int64), np.empty(most, np.int32), np.empty(most, np.int64)
    parents[:width], last[:width], totals[:width] = -1, np.arange(width), counts
    found = width
    if longest > 1 and width > 1:
        if _takes_columns(offsets, width):
            words = (len(offsets) + 62) // 64
            bits = np.zeros((width + 64) * words, dtype=np.uint64)
            kernel.bit_columns(offsets, items, words, bits)
            labels, nodes = np.arange(width, dtype=np.int32), np.arange(width)
            found, _ = kernel.search(
                bits, words, labels, nodes, width, 1, minimum, longest, parents, last, totals, found
            )
        else:
            found = kernel.search_projected(offsets, items, counts, minimum, longest, parents, last, totals)
    if found < 0:
        return None
    return parents[:found].copy(), last[:found].copy(), totals[:found].copy()


def _takes_columns(offsets: Ints, width: int) -> bool:
    """Whether ANDs of whole columns cost less than pairs counted basket by basket (measured: 6 to 1)."""
    words = (len(offsets) + 62) // 64
    if (width + 64) * words > _COLUMN_WORDS:
        return False
    sizes = np.diff(offsets).astype(np.float64)
    return width * width * words <= 6 * float((sizes * sizes).sum()) + 1e6


def _condensed(found: Itemsets, kind: str, longest: int, *, complete: bool) -> Itemsets:
    """Itemsets of the kind, from all itemsets one item longer than asked for.

    Where the longest lengths were left out (`complete` is false), the kind of the last length is not known
    and it is left out too.
    """
    from bankmine.mining.association.tree_kernel import mark_supersets

    extended = np.zeros(len(found.parents), dtype=np.bool_)
    same = np.zeros_like(extended)
    mark_supersets(found.parents, found.items, found.counts, *found.subsets, len(found.names), extended, same)
    limit = longest if complete else min(longest, found.longest - 1)
    keep = (found.lengths <= limit) & ~(same if kind == "closed" else extended)
    return replace(found, kind=kind, longest=limit, nodes=_where(keep))


def _where(mask: NDArray[np.bool_]) -> Ints:
    return np.flatnonzero(mask).astype(np.int64)
