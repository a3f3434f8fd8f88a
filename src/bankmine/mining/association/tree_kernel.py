"""Kernels over the tree of found itemsets: subsets by hash, closed and maximal sets, rules, improvement.

An itemset is a node: its parent (the same items without the last) and its last item, labels ascending. The
node of a subset is found by walking a hash table of (parent, item) from the root. A leaf module: Numba is
slow to import.
"""

import numba as nb
import numpy as np

I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
C1 = nb.types.Array(nb.int32, 1, "C", readonly=True)
_KEYS = nb.int64[::1]
_MIX = np.uint64(0x9E3779B97F4A7C15)


@nb.njit(nb.int64(I1, nb.int64), cache=True, inline="always")
def _slot(keys, key):  # type: ignore[no-untyped-def]
    """The slot of a key, or the empty one (-1) where it would stand; sizes are powers of two."""
    mixed = np.uint64(key) * _MIX
    at = np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(keys.size - 1))
    while keys[at] != -1 and keys[at] != key:
        at = (at + 1) & (keys.size - 1)
    return at


@nb.njit(nb.void(I1, I1, nb.int64, _KEYS, _KEYS), cache=True)
def index(first, second, width, keys, places):  # type: ignore[no-untyped-def]
    """Fills a hash table from (first + 1) * width + second to its place; keys must be all different."""
    for place in range(first.size):
        key = (first[place] + 1) * width + second[place]
        at = _slot(keys, key)
        keys[at], places[at] = key, place


@nb.njit(nb.int64(I1, I1, nb.int64, C1, nb.int64, nb.int64), cache=True)
def _node(keys, places, width, labels, size, mask):  # type: ignore[no-untyped-def]
    """The node of the labels whose bit of `mask` is set; -1 where it was not found."""
    node = -1
    for position in range(size):
        if (mask >> position) & 1:
            at = _slot(keys, (node + 1) * width + labels[position])
            if keys[at] == -1:
                return -1
            node = places[at]
    return node


@nb.njit(nb.int64(I1, C1, nb.int64, nb.int32[::1]), cache=True)
def path_of(parents, items, node, labels):  # type: ignore[no-untyped-def]
    """Writes a node's labels in ascending order; how many."""
    size, at = 0, node
    while at >= 0:
        labels[size] = items[at]
        size += 1
        at = parents[at]
    for place in range(size // 2):
        labels[place], labels[size - 1 - place] = labels[size - 1 - place], labels[place]
    return size


@nb.njit(nb.void(I1, C1, nb.int64[::1]), cache=True)
def lengths_of(parents, items, lengths):  # type: ignore[no-untyped-def]
    """Number of items of each node; parents come before their children."""
    for node in range(parents.size):
        lengths[node] = 1 if parents[node] < 0 else lengths[parents[node]] + 1


@nb.njit(nb.void(I1, C1, I1, I1, nb.int32[::1]), cache=True)
def labels_of(parents, items, nodes, offsets, labels):  # type: ignore[no-untyped-def]
    """The labels of each of `nodes`, ascending, one after another from `offsets`."""
    for place in range(nodes.size):
        path_of(parents, items, nodes[place], labels[offsets[place] : offsets[place + 1]])


@nb.njit(nb.void(I1, C1, I1, I1, I1, nb.int64, nb.boolean[::1], nb.boolean[::1]), cache=True)
def mark_supersets(  # type: ignore[no-untyped-def]
    parents, items, counts, keys, places, width, extended, same
):
    """Marks nodes with a frequent superset one item longer, and those with one of equal count."""
    labels = np.empty(64, np.int32)
    for node in range(parents.size):
        size = path_of(parents, items, node, labels)
        if size < 2:
            continue
        everything = (1 << size) - 1
        for position in range(size):
            part = _node(keys, places, width, labels, size, everything & ~(1 << position))
            extended[part] = True
            same[part] |= counts[part] == counts[node]


@nb.njit(
    nb.int64(I1, C1, I1, I1, I1, nb.int64, nb.int64, nb.int64[::1], nb.int64[::1], nb.int64[::1]), cache=True
)
def all_rules(  # type: ignore[no-untyped-def]
    parents, items, nodes, keys, places, width, longest_consequent, wholes, befores, afters
):
    """Each way to part each itemset of `nodes` into antecedent and consequent, as nodes; how many.

    Consequents have 1 to `longest_consequent` items; antecedents at least one.
    """
    labels = np.empty(64, np.int32)
    made = 0
    for at in range(nodes.size):
        size = path_of(parents, items, nodes[at], labels)
        everything = (1 << size) - 1
        for mask in range(1, everything):
            ones, rest = 0, mask
            while rest:
                rest &= rest - 1
                ones += 1
            if ones > longest_consequent:
                continue
            wholes[made] = nodes[at]
            befores[made] = _node(keys, places, width, labels, size, everything & ~mask)
            afters[made] = _node(keys, places, width, labels, size, mask)
            made += 1
    return made


@nb.njit(
    nb.void(I1, C1, I1, I1, nb.int64, I1, I1, nb.int64, I1, I1, nb.float64[::1], nb.float64[::1]), cache=True
)
def best_simpler(  # type: ignore[no-untyped-def]
    parents, items, keys, places, width, rule_keys, rule_places, nodes, befores, afters, confidence, best
):
    """Raises `best` (on entry the consequent's share of all) to the best confidence of any simpler rule.

    A simpler rule has the same consequent and a part of the antecedent. Rules come shorter ones first.
    """
    labels = np.empty(64, np.int32)
    for rule in range(befores.size):
        size = path_of(parents, items, befores[rule], labels)
        if size < 2:
            continue
        everything = (1 << size) - 1
        for position in range(size):
            part = _node(keys, places, width, labels, size, everything & ~(1 << position))
            other = rule_places[_slot(rule_keys, (part + 1) * nodes + afters[rule])]
            best[rule] = max(best[rule], max(confidence[other], best[other]))


@nb.njit(nb.void(nb.int64[::1], nb.int64, C1, I1), cache=True)
def _keep_best(best, rule, consequents, ranks):  # type: ignore[no-untyped-def]
    """Puts a rule into a list ordered by rank, once a consequent."""
    at = best.size
    for place in range(best.size):
        if best[place] < 0 or ranks[rule] < ranks[best[place]]:
            at = min(at, place)
        if best[place] >= 0 and consequents[best[place]] == consequents[rule]:
            if at > place:
                return
            best[at + 1 : place + 1] = best[at:place].copy()
            best[at] = rule
            return
    if at < best.size:
        best[at + 1 :] = best[at:-1].copy()
        best[at] = rule


@nb.njit(nb.void(I1, C1, nb.int64, I1, I1, I1, C1, I1, nb.int64[:, ::1]), cache=True)
def first_fitting(  # type: ignore[no-untyped-def]
    offsets, basket_items, width, rules_from, rules_with, sizes, consequents, ranks, chosen
):
    """For each basket the `top` rules of lowest rank whose antecedent it holds and whose consequent it lacks.

    `rules_with[rules_from[i] : rules_from[i + 1]]` are the rules with item i in their antecedent; each
    consequent is one item and is proposed once.
    """
    matched, stamp = np.zeros(sizes.size, np.int64), np.full(sizes.size, -1, np.int64)
    holds = np.full(width, -1, np.int64)
    for basket in range(offsets.size - 1):
        for place in range(offsets[basket], offsets[basket + 1]):
            holds[basket_items[place]] = basket
        for place in range(offsets[basket], offsets[basket + 1]):
            item = basket_items[place]
            for at in range(rules_from[item], rules_from[item + 1]):
                rule = rules_with[at]
                if stamp[rule] != basket:
                    stamp[rule], matched[rule] = basket, 0
                matched[rule] += 1
                if matched[rule] == sizes[rule] and holds[consequents[rule]] != basket:
                    _keep_best(chosen[basket], rule, consequents, ranks)


@nb.njit(nb.void(I1, C1, I1, I1, nb.int64, I1, nb.float64[::1], nb.float64[::1]), cache=True)
def best_of_parts(  # type: ignore[no-untyped-def]
    parents, items, keys, places, width, order, confidence, best
):
    """Raises `best` of each itemset to the best confidence of any part of it; `order`: shorter ones first."""
    labels = np.empty(64, np.int32)
    for at in range(order.size):
        node = order[at]
        size = path_of(parents, items, node, labels)
        if size < 2:
            continue
        everything = (1 << size) - 1
        for position in range(size):
            part = _node(keys, places, width, labels, size, everything & ~(1 << position))
            best[node] = max(best[node], max(confidence[part], best[part]))


@nb.njit(nb.void(I1, C1, I1, I1, nb.int64, I1, nb.int64[::1]), cache=True)
def parts_of(parents, items, keys, places, width, starts, parts):  # type: ignore[no-untyped-def]
    """The nodes of each itemset without one of its items, from `starts[node]`; -1 for the empty set."""
    labels = np.empty(64, np.int32)
    for node in range(parents.size):
        size = path_of(parents, items, node, labels)
        everything = (1 << size) - 1
        for position in range(size):
            mask = everything & ~(1 << position)
            parts[starts[node] + position] = _node(keys, places, width, labels, size, mask)
