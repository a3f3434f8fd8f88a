"""Kernels of the itemset miner: bit columns, counted by AND and popcount (Eclat; Zaki 2000).

A class is a set of itemsets that share all items but the last; each has a row of bits, one bit a basket:

    prefix {p}      bits of p,a   1 0 1 1 …       p,a,b = (p,a) AND (p,b), count = popcount
                    bits of p,b   0 0 1 1 …  ───▶ class of prefix {p,a}: (p,a,b), (p,a,c) …

Two ways into the same search. With few items all columns are made at once and the root is the class of
single items. With many items each item's own baskets are projected: pairs are counted from the baskets that
hold it, and rows get bits only for baskets with two further items or more. Found itemsets form a tree: an
itemset is its parent (one item shorter) and its last item. A leaf module: Numba is slow to import.
"""

from typing import Any

import numba as nb
import numpy as np
from numba.extending import intrinsic

TYPES: Any = nb.types
I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
C1 = nb.types.Array(nb.int32, 1, "C", readonly=True)
W1 = nb.types.Array(nb.uint64, 1, "C", readonly=True)
B1 = nb.types.Array(nb.boolean, 1, "C", readonly=True)
_FULL = -1


def _popcount(typing_context: Any, word: Any) -> Any:
    """Number of ones in a 64-bit word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return nb.types.uint64(nb.types.uint64), generate


popcount: Any = intrinsic(_popcount)


@nb.njit(nb.int64(I1, C1, nb.int64, nb.int64[::1], nb.int32[::1], nb.int64[::1]), cache=True)
def count_items(offsets, items, width, kept_offsets, kept, counts):  # type: ignore[no-untyped-def]
    """Copies the baskets with each item once and counts the baskets of each item; how many were doubled."""
    last = np.full(width, -1, dtype=np.int64)
    at = 0
    kept_offsets[0] = 0
    for basket in range(offsets.size - 1):
        for place in range(offsets[basket], offsets[basket + 1]):
            item = items[place]
            if last[item] != basket:
                last[item] = basket
                counts[item] += 1
                kept[at] = item
                at += 1
        kept_offsets[basket + 1] = at
    return items.size - at


@nb.njit(nb.void(nb.int32[::1], nb.int64, nb.int64), cache=True)
def sort_part(values, start, end):  # type: ignore[no-untyped-def]
    """Sorts `values[start:end]` in place (Shell's sort: short to compile, and most parts are short)."""
    gap = 1
    while gap < (end - start) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for right in range(start + gap, end):
            value, left = values[right], right - gap
            while left >= start and values[left] > value:
                values[left + gap] = values[left]
                left -= gap
            values[left + gap] = value
        gap //= 3


@nb.njit(TYPES.UniTuple(nb.int64, 3)(I1, C1, C1, nb.int64, nb.int64[::1], nb.int32[::1]), cache=True)
def relabel(offsets, items, labels, longest, kept_offsets, kept):  # type: ignore[no-untyped-def]
    """Baskets of frequent items under their labels (-1: left out), ascending, at most the `longest` highest.

    Labels ascend with frequency, so what a long basket loses are its rarest items. Returns the baskets cut,
    the items cut and the items kept.
    """
    baskets, cut, at = 0, 0, 0
    kept_offsets[0] = 0
    for basket in range(offsets.size - 1):
        start = at
        for place in range(offsets[basket], offsets[basket + 1]):
            label = labels[items[place]]
            if label >= 0:
                kept[at] = label
                at += 1
        sort_part(kept, start, at)
        size = at - start
        if size > longest:
            surplus = size - longest
            for place in range(start, start + longest):
                kept[place] = kept[place + surplus]
            at -= surplus
            baskets += 1
            cut += surplus
        kept_offsets[basket + 1] = at
    return baskets, cut, at


@nb.njit(nb.void(I1, C1, nb.int64, nb.uint64[::1]), cache=True)
def bit_columns(offsets, items, words, bits):  # type: ignore[no-untyped-def]
    """Sets bit `basket` in the row of each of its items; rows are `words` long."""
    for basket in range(offsets.size - 1):
        word, bit = basket >> 6, np.uint64(1) << np.uint64(basket & 63)
        for place in range(offsets[basket], offsets[basket + 1]):
            bits[items[place] * words + word] |= bit


@nb.njit(nb.int64(W1, nb.int64, nb.int64, nb.int64), cache=True, inline="always")
def _shared(bits, words, first, second):  # type: ignore[no-untyped-def]
    """How many baskets two rows share."""
    total = np.uint64(0)
    left, right = bits[first * words : (first + 1) * words], bits[second * words : (second + 1) * words]
    for word in range(words):
        total += popcount(left[word] & right[word])
    return np.int64(total)


@nb.njit(nb.int64(nb.uint64[::1], nb.int64, nb.int64, nb.int64, nb.int64), cache=True, inline="always")
def _joined(bits, words, first, second, into):  # type: ignore[no-untyped-def]
    """Writes what two rows share into a third and counts it."""
    total = np.uint64(0)
    left, right = bits[first * words : (first + 1) * words], bits[second * words : (second + 1) * words]
    out = bits[into * words : (into + 1) * words]
    for word in range(words):
        value = left[word] & right[word]
        out[word] = value
        total += popcount(value)
    return np.int64(total)


@nb.njit(nb.uint64[::1](nb.uint64[::1], nb.int64), cache=True)
def _grown(bits, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.uint64)
    larger[: bits.size] = bits
    return larger


@nb.njit(nb.int32[::1](nb.int32[::1], nb.int64), cache=True)
def _longer_labels(values, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.int32)
    larger[: values.size] = values
    return larger


@nb.njit(nb.int64[::1](nb.int64[::1], nb.int64), cache=True)
def _longer_nodes(values, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.int64)
    larger[: values.size] = values
    return larger


_OUT = (nb.int64[::1], nb.int32[::1], nb.int64[::1])
_SEARCH = TYPES.Tuple((nb.int64, nb.uint64[::1]))


@nb.njit(
    _SEARCH(
        nb.uint64[::1], nb.int64, C1, I1, nb.int64, nb.int64, nb.int64, nb.int64, *_OUT, nb.int64
    ),
    cache=True,
)  # fmt: skip
def search(  # type: ignore[no-untyped-def]
    bits, words, members, member_nodes, size, length, minimum, longest, parents, items, counts, found
):
    """Depth-first search below a class of `size` rows whose itemsets have `length` items.

    `bits` grows where deeper classes need rows and is returned. Results are appended after `found`; the
    number found is returned, or -1 where they do not fit.
    """
    rows = size + 64
    if bits.size < rows * words:
        bits = _grown(bits, rows * words)
    labels, nodes = np.empty(rows, np.int32), np.empty(rows, np.int64)
    labels[:size], nodes[:size] = members[:size], member_nodes[:size]
    cursor, end = np.empty(longest + 2, np.int64), np.empty(longest + 2, np.int64)
    depth, cursor[0], end[0] = 0, 0, size
    while depth >= 0:
        row, base = cursor[depth], end[depth]
        if row >= base - 1 or length + depth >= longest:
            depth -= 1
            continue
        cursor[depth] = row + 1
        needed = 2 * base - row
        if needed > rows:
            rows = 2 * needed
            bits = _grown(bits, rows * words)
            labels, nodes = _longer_labels(labels, rows), _longer_nodes(nodes, rows)
        deeper = length + depth + 1 < longest
        made = 0
        for other in range(row + 1, base):
            if deeper:
                count = _joined(bits, words, row, other, base + made)
            else:
                count = _shared(bits, words, row, other)
            if count >= minimum:
                if found >= parents.size:
                    return _FULL, bits
                parents[found], items[found], counts[found] = nodes[row], labels[other], count
                labels[base + made], nodes[base + made] = labels[other], found
                found += 1
                made += 1
        if deeper and made >= 2:
            depth += 1
            cursor[depth], end[depth] = base, base + made
    return found, bits


@nb.njit(nb.void(I1, C1, nb.int64[::1], nb.int64[::1], nb.int64[::1]), cache=True)
def places_of_items(offsets, items, starts, places, ends):  # type: ignore[no-untyped-def]
    """For each item, by basket, where it stands in `items` and where its basket ends.

    `starts` holds on entry where each item's list begins, and on exit where it ends.
    """
    for basket in range(offsets.size - 1):
        for place in range(offsets[basket], offsets[basket + 1]):
            item = items[place]
            places[starts[item]], ends[starts[item]] = place, offsets[basket + 1]
            starts[item] += 1


@nb.njit(nb.int64(C1, I1, I1, nb.int64, nb.int64, I1, nb.int64, nb.uint64[::1]), cache=True)
def _project(  # type: ignore[no-untyped-def]
    basket_items, places, ends, begin, until, row_of, words, bits
):
    """Bits of an item's baskets that hold two further frequent items or more; how many there are."""
    used = 0
    for at in range(begin, until):
        word, bit = used >> 6, np.uint64(1) << np.uint64(used & 63)
        present, last = 0, 0
        for place in range(places[at] + 1, ends[at]):
            row = row_of[basket_items[place]]
            if row >= 0:
                bits[row * words + word] |= bit
                present += 1
                last = row
        if present >= 2:
            used += 1
        elif present == 1:
            bits[last * words + word] &= ~bit
    return used


@nb.njit(nb.int64(I1, C1, I1, nb.int64, nb.int64, *_OUT), cache=True)
def search_projected(  # type: ignore[no-untyped-def]
    offsets, basket_items, item_counts, minimum, longest, parents, items, counts
):
    """The search item by item over its own baskets; the single items are already the first results."""
    width = item_counts.size
    starts = np.zeros(width, np.int64)
    for item in range(1, width):
        starts[item] = starts[item - 1] + item_counts[item - 1]
    places, ends = np.empty(basket_items.size, np.int64), np.empty(basket_items.size, np.int64)
    places_of_items(offsets, basket_items, starts, places, ends)
    together, row_of = np.zeros(width, np.int64), np.full(width, -1, np.int64)
    touched = np.empty(width, np.int32)
    members, nodes = np.empty(width, np.int32), np.empty(width, np.int64)
    bits = np.empty(0, np.uint64)
    found, begin = width, 0
    for item in range(width):
        until, seen, size = starts[item], 0, 0
        for at in range(begin, until):
            for place in range(places[at] + 1, ends[at]):
                other = basket_items[place]
                if together[other] == 0:
                    touched[seen] = other
                    seen += 1
                together[other] += 1
        for at in range(seen):  # the frequent ones to the front, the counters back to zero
            other = touched[at]
            if together[other] >= minimum:
                touched[size] = other
                size += 1
            else:
                together[other] = 0
        members[:size] = touched[:size]
        sort_part(members, 0, size)
        if found + size > parents.size:
            return _FULL
        for row in range(size):
            other = members[row]
            parents[found], items[found], counts[found] = item, other, together[other]
            nodes[row], row_of[other], together[other] = found, row, 0
            found += 1
        if size >= 2 and longest > 2:
            words = (until - begin + 63) >> 6
            if bits.size < (size + 64) * words:
                bits = np.empty((size + 64) * words, np.uint64)
            bits[: size * words] = 0
            used = _project(basket_items, places, ends, begin, until, row_of, words, bits)
            if used >= minimum:
                found, bits = search(
                    bits, words, members, nodes, size, 2, minimum, longest, parents, items, counts, found
                )
                if found == _FULL:
                    return _FULL
        for place in range(size):
            row_of[members[place]] = -1
        begin = until
    return found


@nb.njit(nb.void(W1, nb.int64, I1, C1, W1, nb.int64[::1]), cache=True)
def hits_of(bits, words, parents, items, target, hits):  # type: ignore[no-untyped-def]
    """For each itemset the number of baskets with all its items that are also in `target`."""
    cover = np.empty(words, np.uint64)
    for node in range(parents.size):
        cover[:] = target
        at = node
        while at >= 0:
            row = items[at] * words
            for word in range(words):
                cover[word] &= bits[row + word]
            at = parents[at]
        total = np.uint64(0)
        for word in range(words):
            total += popcount(cover[word])
        hits[node] = np.int64(total)
