"""Everything a community's customers and the bank say and do to each other besides payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation.credit.lending import Credit, Holdings
from bankmine.simulation.frame import Frame
from bankmine.simulation.identities import identity_table
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.products import Products
from bankmine.simulation.prospects import Prospects, prospects_of
from bankmine.simulation.registry import Versions, registry_tables, versions_of
from bankmine.simulation.service.campaigns import contact_table, treatment_truth
from bankmine.simulation.service.digital import digital_table, prospect_steps
from bankmine.simulation.service.interactions import (
    Interactions,
    interaction_table,
    interaction_truth,
    interactions_of,
)
from bankmine.simulation.service.next_truth import LONG_AGO, label_next_product
from bankmine.simulation.service.truth import label_dissatisfaction, label_response, thrift_of
from bankmine.simulation.service.visits import Visits, visits_of
from bankmine.simulation.spending_habits import _presence


@dataclass(frozen=True)
class Service:
    """What one community's service step has drawn; `presence` (n, days): where each customer is."""

    leave: Leaving
    held: Products
    granted: Holdings
    versions: Versions
    prospects: Prospects
    visits: Visits
    said: Interactions
    presence: NDArray[np.int8]

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extracts `customers`, `companies`, `flags`, `identities`, `consents`, `prospects`, `digital`,
        `interactions`, `contacts`."""
        return {
            **registry_tables(frame, who, self.leave, self.versions),
            "identities": identity_table(frame, who, self.versions),
            **self.held.consents.tables(frame, who),
            **self.prospects.tables(frame, who),
            "digital": pa.concat_tables(
                [digital_table(frame, who, self.visits, self.presence), prospect_steps(self.prospects)]
            ),
            "interactions": interaction_table(frame, who, self.said),
            "contacts": contact_table(frame, who, self.held),
        }

    def truth(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """`label_next_product`, `label_response`, `label_dissatisfaction`, `treatment`, `texts`,
        `prospects`."""
        married = self.versions.months_since_marriage(frame, who.count)
        known = {
            "months_since_marriage": np.minimum(married, LONG_AGO),
            "prudence": np.repeat(thrift_of(frame, who)[:, None], frame.months, axis=1),
            "region_unemployment": frame.unemployment[who.region],
        }
        return {
            "label_next_product": label_next_product(
                frame, who, self.leave, self.held, self.granted, self.visits, known
            ),
            "label_response": label_response(frame, who, self.held, self.said),
            "label_dissatisfaction": label_dissatisfaction(frame, who, self.held, self.said),
            "treatment": treatment_truth(frame, who, self.held),
            "texts": interaction_truth(who, self.said),
            **self.prospects.truth(frame, who),
        }


def service_of(
    frame: Frame,
    who: People,
    life: Life,
    leave: Leaving,
    held: Products,
    acc: Any,
    credit: Credit,
    crime: Any,
) -> Service:
    """Draws the service side of one community; accounts and crime are not looked at."""
    return Service(
        leave=leave, held=held, granted=credit.holdings, versions=versions_of(frame, who, life, leave),
        prospects=prospects_of(frame, who), visits=visits_of(frame, who, leave, held),
        said=interactions_of(frame, who, leave, held), presence=_presence(frame, who),
    )  # fmt: skip
