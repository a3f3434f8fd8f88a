"""The fitted segments: from a customer's features to a segment's number, the same today and a year ago.

Companies are a segment of their own beside those of persons: what a firm pays for is no way of life. Numbers
are ids that stay with their segment from run to run; labels (0, 1, 2 …) are the miner's own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from bankmine.customers.themes.consumption import Living
from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.mining.files import document, from_document
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.segmentation.living import StyleFeatures
from bankmine.tasks.segmentation.style import Style, values_of

KIND = "customer_kind"
COMPANY = "company"
CLEAR_A_MONTH = 2.0


@dataclass(frozen=True)
class Applied:
    """The segments of some rows: label, distance from the segment's middle, whether enough is known."""

    label: Ints
    distance: Floats
    clear: Truth
    values: Floats


@dataclass(frozen=True, kw_only=True)
class SegmentModel:
    """Style, miner, and for each label its id and name; `companies` says that the last label is theirs."""

    style: Style
    miner: AdaptiveKMeans
    wanted: StyleFeatures
    living: Living
    months: int
    companies: bool
    ids: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it reads."""
        return (*self.wanted.names, KIND) if self.companies else self.wanted.names

    def apply(self, features: Any) -> Applied:
        """The segments of the rows of an Arrow table that has the features."""
        values = self.style.transform(features)
        squared = self.miner.transform(values)
        label = squared.argmin(axis=1).astype(np.int64)
        distance = np.sqrt(squared.min(axis=1))
        if self.companies:
            firm = is_company(features)
            label[firm], distance[firm] = len(self.ids) - 1, 0.0
        return Applied(label, distance, is_clear(features, self.wanted, self.months), values)

    def named(self, ids: tuple[int, ...], names: tuple[str, ...]) -> SegmentModel:
        """The same segments under these ids and names."""
        return replace(self, ids=ids, names=names)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "style": self.style.to_json(), "miner": document(self.miner), "months": self.months,
            "living": asdict(self.living), "companies": self.companies,
            "ids": list(self.ids), "names": list(self.names),
            "wanted": {
                "wholes": [list(one) for one in self.wanted.wholes], "parts": list(self.wanted.parts),
                "counts": dict(self.wanted.counts), "numbers": list(self.wanted.numbers),
                "count": self.wanted.count,
            },
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """The model that `to_json` described."""
        wanted = content["wanted"]
        return cls(
            style=Style.from_json(content["style"]), miner=from_document(dict(content["miner"])),
            living=_living(content["living"]), months=content["months"],
            companies=content["companies"], ids=tuple(content["ids"]),
            names=tuple(content["names"]),
            wanted=StyleFeatures(
                wholes=tuple(tuple(one) for one in wanted["wholes"]), parts=tuple(wanted["parts"]),
                counts=wanted["counts"], numbers=tuple(wanted["numbers"]), count=wanted["count"],
            ),
        )  # fmt: skip


def is_company(features: Any) -> Truth:
    """Rows of companies; a customer of unknown kind counts as a person."""
    return np.array([one == COMPANY for one in features.column(KIND).to_pylist()], dtype=np.bool_)


def is_clear(features: Any, wanted: StyleFeatures, months: int) -> Truth:
    """Rows with at least two purchases a month, of whom it is known how they live."""
    if not wanted.count:
        return np.ones(features.num_rows, dtype=np.bool_)
    return np.asarray(np.nan_to_num(values_of(features, wanted.count)) >= CLEAR_A_MONTH * months)


def _living(content: Any) -> Living:
    """Levels as they were kept: lists were tuples."""
    kept: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in content.items()
    }
    return Living(**kept)
