"""What each segment is like: how its customers live and bank, and a real customer as its portrait.

Two descriptions that must not be mixed up. What the segments were found by (consumption) sets them apart by
construction; how their customers bank (income, balances, products, risk, digital habit) was held out of the
clustering, so what is found there is a finding: Cliff's delta with the Benjamini–Hochberg procedure over all
features of a segment (`mining.description.contrast`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.mining.clustering.profile import ClusterProfile, profile
from bankmine.mining.description.contrast import MINIMUM, Difference, contrast
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.segmentation.model import Applied, SegmentModel
from bankmine.tasks.segmentation.style import values_of

SPANS = ("12mo", "3mo", "1mo")
BANKING = (
    # income, money and balances
    "in_sum_{span}", "income_sum_{span}", "income_share_12mo", "in_gap_variation_12mo", "out_sum_{span}",
    "saved_share_{span}", "balance_mean_{span}", "balance_last_all", "overdrawn_share_12mo",
    # products
    "products_held_count", "savings_held_count", "deposit_held_count", "card_held_count", "loan_held_count",
    "mortgage_held_count", "insurance_held_count", "fund_held_count", "loan_principal_sum",
    "standing_orders_count", "card_limit_sum",
    # risk and service
    "days_past_due_max_12mo", "declined_count_3mo", "complaints_count_12mo",
    # digital habit
    "digital_count_3mo", "digital_days_count_3mo",
    # who they are
    "age", "tenure", "transactions_count_{span}",
)  # fmt: skip
CODES = ("customer_risk_class", "customer_occupation", "customer_income_band")
FALSE_DISCOVERIES = 0.05
LEAST_EFFECT = 0.147  # below, Romano et al. (2006) call an effect negligible
SHOWN = 8


def banking_features(can: Container[str], months: int) -> tuple[str, ...]:
    """Names of the features the segments are described by, as far as the bank's tables allow."""
    span = next(one for one in SPANS if int(one.removesuffix("mo")) <= max(months, 1))
    wanted = [*(name.format(span=span) for name in BANKING), *CODES]
    return tuple(name for name in dict.fromkeys(wanted) if name in can)


@dataclass(frozen=True)
class Portrait:
    """One segment: its label, what sets it apart in living and in banking, and its most typical customer."""

    label: int
    living: ClusterProfile | None
    banking: tuple[Difference, ...]
    typical: int | None


def portraits(model: SegmentModel, applied: Applied, features: Any, banking: Sequence[str]) -> list[Portrait]:
    """A portrait of every segment; what sets it apart is judged by customers of whom enough is known."""
    found = {one.label: one for one in _living(model, applied)}
    numbers, codes = _split(features, banking)
    return [
        Portrait(
            label=label,
            living=found.get(label),
            banking=_banking(applied.label == label, numbers, codes),
            typical=_typical(applied, label),
        )
        for label in range(len(model.ids))
    ]


def _living(model: SegmentModel, applied: Applied) -> tuple[ClusterProfile, ...]:
    """Cohen's d of every column of the style, each segment of the miner against the others."""
    own = len(model.miner.sizes_)
    rows = applied.clear & (applied.label < own)
    return profile(applied.values[rows], applied.label[rows], model.style.columns)


def _split(features: Any, names: Sequence[str]) -> tuple[dict[str, Floats], dict[str, list[str | None]]]:
    """Numbers and codes among the features."""
    import pyarrow as pa

    numbers: dict[str, Floats] = {}
    codes: dict[str, list[str | None]] = {}
    for name in names:
        kind = features.schema.field(name).type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
            numbers[name] = values_of(features, name)
        else:
            codes[name] = features.column(name).to_pylist()
    return numbers, codes


def _banking(
    inside: Any, numbers: Mapping[str, Floats], codes: Mapping[str, Sequence[str | None]]
) -> tuple[Difference, ...]:
    few = int(min(inside.sum(), (~inside).sum()))
    if few < MINIMUM.each_class or len(inside) < MINIMUM.rows:
        return ()
    return tuple(
        contrast(inside, numbers, codes, false_discoveries=FALSE_DISCOVERIES, least_effect=LEAST_EFFECT)
    )


def _typical(applied: Applied, label: int) -> int | None:
    """Position of the customer nearest to the segment's middle, the medoid; None for an empty segment."""
    rows = np.flatnonzero((applied.label == label) & applied.clear)
    rows = rows if len(rows) else np.flatnonzero(applied.label == label)
    if not len(rows):
        return None
    return int(rows[_nearest(applied.values[rows])])


def _nearest(values: Floats) -> int:
    """The row nearest to the mean of the rows; the first of equally near ones."""
    return int(((values - values.mean(axis=0)) ** 2).sum(axis=1).argmin())


def profits(bank: Bank, customers: Ints) -> Floats | None:
    """What each customer (ids ascending) brought in the 12 months before the cutoff, minor units, by the
    ledger of `tasks.value`; None where the bank keeps no rates to tell it by."""
    from bankmine.tasks.value.ledger import NEEDED, ledgers

    if not all(bank.warehouse.has(table) for table in NEEDED):
        return None
    return ledgers(bank, [bank.cutoff])[0].of(customers).profit.astype(np.float64)


def sums(label: Ints, values: Floats, segments: int) -> Floats:
    """Sum of a column over the rows of each segment."""
    return np.bincount(label, weights=np.nan_to_num(values), minlength=segments).astype(np.float64)
