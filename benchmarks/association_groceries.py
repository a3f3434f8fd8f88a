"""T3: the published numbers of rules on the groceries data (arules; Lantz 2013), and mlxtend's in one run.

Rules have one item as their consequent, as in arules.
"""

from __future__ import annotations

from typing import Any

from bankmine.mining.association.itemsets import frequent_itemsets
from bankmine.mining.association.rules import rules
from benchmarks.association_data import groceries
from benchmarks.rows import Row

PUBLISHED = {"strong": 410, "strong_by_length": {"3": 29, "4": 229, "5": 140, "6": 12}, "wide": 463}


def run() -> Row:
    """Both settings."""
    baskets = groceries()
    itemsets = frequent_itemsets(baskets, support=0.001, longest=None)
    strong = rules(itemsets, confidence=0.8)
    wide = rules(frequent_itemsets(baskets, support=0.006, longest=None), confidence=0.25, shortest=2)
    found = {
        "strong": len(strong),
        "strong_by_length": {str(size): count for size, count in strong.by_length.items()},
        "wide": len(wide),
        "itemsets_at_001": len(itemsets),
        "significant_at_05": {
            way: len(rules(itemsets, confidence=0.8, significant=0.05, correction=way, test="fisher"))
            for way in ("benjamini-hochberg", "bonferroni")
        },
    }
    other = by_mlxtend(baskets)
    met = all(found[key] == value for key, value in PUBLISHED.items()) and same_rules(strong, other[0])
    return Row(
        row="T3",
        bankmine=found,
        reference={**PUBLISHED, "mlxtend_strong": len(other[0]), "mlxtend_wide": len(other[1])},
        bar="410 rules (29/229/140/12 by length 3-6); 463 rules; the same rules as mlxtend",
        met=bool(met and len(other[1]) == len(wide)),
        protocol="groceries, 9,835 baskets, 169 items; support .001 and confidence .8; support .006 and "
        "confidence .25, at least 2 items; one consequent",
        versions=("mlxtend", "pandas"),
    )


def by_mlxtend(baskets: list[list[str]]) -> tuple[dict[Any, float], dict[Any, float]]:
    """mlxtend's rules with one consequent, at both settings: {(antecedent, consequent): confidence}.

    It divides rounded supports, so that a confidence of exactly .8 may come out below: hence the margin.
    """
    import pandas as pd
    from mlxtend.frequent_patterns import association_rules, fpgrowth
    from mlxtend.preprocessing import TransactionEncoder

    encoder = TransactionEncoder()
    table = pd.DataFrame(encoder.fit(baskets).transform(baskets), columns=encoder.columns_)
    found = []
    for support, confidence in ((0.001, 0.8), (0.006, 0.25)):
        itemsets = fpgrowth(table, min_support=support, use_colnames=True)
        made = association_rules(itemsets, metric="confidence", min_threshold=confidence - 1e-9)
        single = made[made["consequents"].map(len) == 1]
        found.append(
            {
                (tuple(sorted(before)), next(iter(after))): value
                for before, after, value in zip(
                    single["antecedents"], single["consequents"], single["confidence"], strict=True
                )
            }
        )
    return found[0], found[1]


def same_rules(ours: Any, theirs: dict[Any, float]) -> bool:
    """Whether both have the same rules with the same confidence."""
    own = {
        (tuple(row["antecedent"]), row["consequent"][0]): row["confidence"] for row in ours.table.to_pylist()
    }
    return own.keys() == theirs.keys() and all(abs(own[key] - theirs[key]) < 1e-12 for key in own)
