"""The obvious twin of the network kernels: the graph is built anew at each cutoff and searched in breadth."""

from __future__ import annotations

from collections import defaultdict

from bankmine.mining.network.links import Links

Near = dict[int, set[tuple[int, int, int]]]


def graph(links: Links, cutoff: int, *, forget: bool = True) -> Near:
    """Of each node the (other, kind, since) of its links at the cutoff."""
    near: Near = defaultdict(set)
    for one, other, kind, since, until in zip(
        links.one.tolist(), links.other.tolist(), links.kind.tolist(), links.since.tolist(),
        links.until.tolist(), strict=True,
    ):  # fmt: skip
        if since <= cutoff and (cutoff < until or not forget):
            near[one].add((other, kind, since))
            near[other].add((one, kind, since))
    return near


def component(near: Near, node: int) -> set[int]:
    """All nodes joined with the node, itself too."""
    seen, waiting = {node}, [node]
    while waiting:
        for other, _, _ in near[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def neighbours(links: Links, near: Near, party: int) -> dict[int, tuple[int, set[int]]]:
    """Parties at one hop: when first joined, and by which kinds."""
    found: dict[int, tuple[int, set[int]]] = {}
    for other, kind, since in near[party]:
        ends = [(other, since)]
        if other >= links.parties:
            ends = [(far, max(since, then)) for far, _, then in near[other] if far != party]
        for far, began in ends:
            first, kinds = found.get(far, (began, set()))
            found[far] = (min(first, began), kinds | {kind})
    return found
