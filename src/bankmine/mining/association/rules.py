"""Association rules: "who has these also has that", measured, tested, pruned, and said in sentences.

Support, confidence (Agrawal, Imieliński and Swami 1993), lift, leverage, conviction, chi-square (Brin,
Motwani and Silverstein 1997), improvement over every simpler rule (Bayardo, Agrawal and Gunopulos 1999). The
tests are corrected for all rules that the frequent itemsets allow, before any other measure picks among them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.association.baskets import Baskets, Ints
from bankmine.mining.association.itemsets import Itemsets, hash_table, in_words
from bankmine.mining.association.significance import adjusted, chi_square, p_values
from bankmine.mining.learner import check_share, check_whole, is_number

MEASURES = (
    "support", "confidence", "lift", "leverage", "conviction", "chi_square", "p_value", "p_adjusted",
    "improvement", "count",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rules:
    """Rules as an Arrow table, best first: antecedent, consequent (lists), length and MEASURES.

    `tested` is how many rules the correction is for; `cuts` says what the itemsets left out.
    """

    table: pa.Table
    baskets: int
    tested: int
    test: str
    correction: str
    cuts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def by_length(self) -> dict[int, int]:
        """How many rules there are of each number of items, antecedent and consequent together."""
        lengths, counts = np.unique(self.table.column("length").to_numpy(), return_counts=True)
        return {int(length): int(count) for length, count in zip(lengths, counts, strict=True)}

    def top(self, k: int, by: str = "lift") -> Rules:
        """The k rules with the highest measure (lowest, for p-values); ties by support, then by items."""
        if by not in MEASURES:
            raise UsageError(f"rules have no measure {by!r}", hint=f"They have {', '.join(MEASURES)}.")
        return replace(self, table=_ordered(self.table, by).slice(0, k))

    def where(
        self,
        *,
        significant: float | None = None,
        lift: float | None = None,
        improvement: float | None = None,
        consequent: Any = None,
    ) -> Rules:
        """Rules with p_adjusted ≤ `significant`, lift ≥ `lift`, improvement > `improvement`, and (where
        given) the one item `consequent` as their consequent."""
        keep = np.ones(len(self), dtype=np.bool_)
        if significant is not None:
            keep &= self.table.column("p_adjusted").to_numpy() <= significant
        if lift is not None:
            keep &= self.table.column("lift").to_numpy() >= lift
        if improvement is not None:
            keep &= self.table.column("improvement").to_numpy() > improvement
        if consequent is not None:
            keep &= np.array(
                [one == [consequent] for one in self.table.column("consequent").to_pylist()], bool
            )
        return replace(self, table=self.table.filter(pa.array(keep)))

    def sentences(self, most: int = 10, *, what: str = "baskets") -> list[str]:
        """The first rules in plain words, and what was cut."""
        said = [_sentence(row, self.baskets, what) for row in self.table.slice(0, most).to_pylist()]
        return said + list(self.cuts)

    def suggest(self, data: Any, *, top: int = 3) -> pa.Table:
        """For each basket the first `top` rules (in the table's order) that it meets and that add an item.

        Columns basket (place), rank, item, rule (row of `table`). Items the rules do not know are ignored;
        only rules with one consequent are used.
        """
        check_whole("a suggestion", top=top)
        return _suggest(self.table, Baskets.of(data), top)


def rules(
    itemsets: Itemsets,
    *,
    confidence: float = 0.0,
    lift: float = 0.0,
    shortest: int = 2,
    longest_consequent: int = 1,
    test: str = "chi-square",
    correction: str = "benjamini-hochberg",
    significant: float | None = None,
    improvement: float | None = None,
) -> Rules:
    """All rules of the itemsets with at least this confidence and lift, the highest lift first.

    Rules have `shortest` items or more, consequents at most `longest_consequent`; antecedents at least one.
    With `significant` only rules with p_adjusted ≤ it stay; with `improvement` only those whose confidence is
    more than that above every simpler rule's and above the consequent's own share. `test` is "chi-square" or
    "fisher" (exact, one-sided: for expected counts below 5), `correction` "benjamini-hochberg", "bonferroni"
    or "none". The itemsets must be of kind "all".

    conviction is missing (null) where the confidence is 1: it is infinite.
    """
    if itemsets.kind != "all":
        raise UsageError(
            f"rules were asked of {itemsets.kind} itemsets",
            hint='Mine with kind="all": rules need the count of each subset.',
        )
    check_share("the rules", confidence=confidence, significant=significant)
    check_whole("the rules", shortest=shortest, longest_consequent=longest_consequent)
    for name, limit in (("lift", lift), ("improvement", improvement)):
        if limit is not None and not (is_number(limit) and isfinite(limit)):
            raise UsageError(f"the {name} is {limit!r}", hint="Give a finite number.")
    wholes, befores, afters = _all_rules(itemsets, longest_consequent)
    measures = _measures(itemsets, wholes, befores, afters, test, correction)
    keep = (measures["confidence"] >= confidence) & (measures["lift"] >= lift)
    keep &= itemsets.lengths[wholes] >= shortest
    if significant is not None:
        keep &= measures["p_adjusted"] <= significant
    if improvement is not None:
        keep &= measures["improvement"] > improvement
    chosen = np.flatnonzero(keep)
    table = pa.table(
        {
            "antecedent": itemsets.lists(befores[chosen]),
            "consequent": itemsets.lists(afters[chosen]),
            "length": itemsets.lengths[wholes[chosen]],
            **{name: values[chosen] for name, values in measures.items()},
        }
    )
    never = pc.equal(table.column("confidence"), 1.0)
    place = table.schema.get_field_index("conviction")
    table = table.set_column(
        place, "conviction", pc.if_else(never, pa.scalar(None, pa.float64()), table["conviction"])
    )
    return Rules(
        table=_ordered(table, "lift"), baskets=itemsets.baskets, tested=len(wholes), test=test,
        correction=correction, cuts=itemsets.cuts,
    )  # fmt: skip


def _all_rules(itemsets: Itemsets, longest_consequent: int) -> tuple[Ints, Ints, Ints]:
    from bankmine.mining.association.tree_kernel import all_rules

    lengths = itemsets.lengths
    nodes = np.flatnonzero(lengths >= 2)
    nodes = nodes[np.argsort(lengths[nodes], kind="stable")].astype(np.int64)
    sizes, counts = np.unique(lengths[nodes], return_counts=True)
    total = sum(
        int(number) * sum(comb(int(size), part) for part in range(1, min(longest_consequent, size - 1) + 1))
        for size, number in zip(sizes, counts, strict=True)
    )
    wholes, befores, afters = (np.empty(total, dtype=np.int64) for _ in range(3))
    all_rules(
        itemsets.parents, itemsets.items, nodes, *itemsets.subsets, len(itemsets.names), longest_consequent,
        wholes, befores, afters,
    )  # fmt: skip
    return wholes, befores, afters


def _measures(
    itemsets: Itemsets, wholes: Ints, befores: Ints, afters: Ints, test: str, correction: str
) -> dict[str, NDArray[Any]]:
    """All measures of all rules, as arrays of equal length."""
    total = itemsets.baskets
    both, first, second = (itemsets.counts[nodes] for nodes in (wholes, befores, afters))
    confidence = both / np.maximum(first, 1)
    share = second / total
    with np.errstate(divide="ignore", invalid="ignore"):
        conviction = (1 - share) / (1 - confidence)
    p = p_values(test, both, first, second, total)
    return {
        "count": both,
        "support": both / total,
        "confidence": confidence,
        "lift": confidence / share,
        "leverage": both / total - first / total * share,
        "conviction": conviction,
        "chi_square": chi_square(both, first, second, total),
        "p_value": p,
        "p_adjusted": adjusted(p, correction),
        "improvement": confidence - _best_simpler(itemsets, befores, afters, confidence, share),
    }


def _best_simpler(
    itemsets: Itemsets, befores: Ints, afters: Ints, confidence: NDArray[np.float64], share: Any
) -> NDArray[np.float64]:
    """The best confidence among simpler rules of the same consequent, the empty antecedent included."""
    from bankmine.mining.association.tree_kernel import best_simpler, index

    keys, places = hash_table(len(befores))
    index(befores, afters, len(itemsets.parents), keys, places)
    best = np.array(share, dtype=np.float64)
    best_simpler(
        itemsets.parents, itemsets.items, *itemsets.subsets, len(itemsets.names), keys, places,
        len(itemsets.parents), befores, afters, confidence, best,
    )  # fmt: skip
    return best


def _ordered(table: pa.Table, by: str) -> pa.Table:
    """Rows by a measure, the better first; ties by support, then by the items."""
    sign = 1.0 if by in ("p_value", "p_adjusted") else -1.0
    values = sign * np.nan_to_num(table.column(by).to_numpy().astype(np.float64), nan=np.inf)
    support = -table.column("count").to_numpy()
    words = [
        (str(one), str(other))
        for one, other in zip(
            table.column("antecedent").to_pylist(), table.column("consequent").to_pylist(), strict=True
        )
    ]
    order = sorted(range(table.num_rows), key=lambda at: (values[at], support[at], words[at]))
    return table.take(pa.array(order, pa.int64()))


def _sentence(row: dict[str, Any], baskets: int, what: str) -> str:
    before, after = (in_words(row[side]) for side in ("antecedent", "consequent"))
    held = round(row["count"] / row["confidence"])
    return (
        f"Of {held:,} {what} with {before}, {row['confidence']:.0%} have {after} too, "
        f"{row['lift']:.1f} times the share among all {baskets:,}."
    )


def _suggest(table: pa.Table, baskets: Baskets, top: int) -> pa.Table:
    from bankmine.mining.association.tree_kernel import first_fitting

    single = np.flatnonzero(pc.list_value_length(table.column("consequent")).to_numpy() == 1)
    befores = table.column("antecedent").take(pa.array(single)).to_pylist()
    afters = [one[0] for one in table.column("consequent").take(pa.array(single)).to_pylist()]
    codes = {name: code for code, name in enumerate(baskets.names.to_pylist())}
    unknown = len(codes)
    for name in afters:
        codes.setdefault(name, len(codes))
    met = [
        place
        for place, before in enumerate(befores)
        if all(codes.get(one, unknown) < unknown for one in before)
    ]
    pairs = sorted((codes[one], rank) for rank, place in enumerate(met) for one in befores[place])
    starts = np.searchsorted([code for code, _ in pairs], np.arange(len(codes) + 1)).astype(np.int64)
    chosen = np.full((len(baskets), top), -1, dtype=np.int64)
    offsets, items = _without_doubles(baskets)
    first_fitting(
        offsets, items, len(codes), starts, np.array([rank for _, rank in pairs], dtype=np.int64),
        np.array([len(befores[place]) for place in met], dtype=np.int64),
        np.array([codes[afters[place]] for place in met], dtype=np.int32),
        np.arange(len(met)), chosen,
    )  # fmt: skip
    basket, rank = np.nonzero(chosen >= 0)
    rule = single[np.array(met, dtype=np.int64)[chosen[basket, rank]]] if len(basket) else basket
    item = pc.list_flatten(table.column("consequent").take(pa.array(rule)))
    return pa.table({"basket": basket, "rank": rank + 1, "item": item, "rule": rule})


def _without_doubles(baskets: Baskets) -> tuple[Ints, NDArray[np.int32]]:
    from bankmine.mining.association.itemsets_kernel import count_items

    offsets, items = np.empty_like(baskets.offsets), np.empty_like(baskets.items)
    width = len(baskets.names)
    count_items(baskets.offsets, baskets.items, width, offsets, items, np.zeros(width, dtype=np.int64))
    return offsets, items[: offsets[-1]]
