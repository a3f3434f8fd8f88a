"""Loans' chances of default, asked so that grades can be tested: with as many tested cohorts as fit.

The question is the behaviour score's own; only its plan differs. A scale made of one year's customers is to
be tested on the next year's, so where the records are long enough the tested cutoffs span over a year.
"""

from __future__ import annotations

import numpy as np

from bankmine.tasks.behaviour_score.question import HISTORY_DAYS, MOST_MONTHS, LoanDefaults
from bankmine.tasks.contract import Bank, Fold, Ints, Plan
from bankmine.tasks.population import coverage, months_back

SPANS = (28, 16)  # months from the first tested cutoff to the last, both included, a quarter apart
LEAST_EARLY = 9  # monthly cutoffs that must be left to train on


class Rated(LoanDefaults):
    """Running loans of persons and companies together; who is what is told apart by the scales."""

    def __init__(self) -> None:
        super().__init__(customer_kind="any", light=True)

    def plan(self, bank: Bank) -> Plan:
        """Quarterly tested cutoffs over one year or two where enough is left to train on; else the behaviour
        score's own plan."""
        zone = bank.warehouse.zone
        start, _ = coverage(bank.warehouse, self.needs)
        months = np.array(
            months_back(bank, from_month=1, earliest=zone.days_before(start, -HISTORY_DAYS)), dtype=np.int64
        )
        known = self.rule(bank).known_at(months, zone)
        mature = months[known <= bank.cutoff]
        for span in SPANS:
            last = mature[-span:][::-3][::-1]
            early = mature[known[: len(mature)] <= last[0]] if len(mature) > span else mature[:0]
            if len(early) >= LEAST_EARLY:
                return self._spread(bank, mature, early[::-1][:MOST_MONTHS][::-1], last)
        return super().plan(bank)

    def _spread(self, bank: Bank, mature: Ints, early: Ints, last: Ints) -> Plan:
        zone = bank.warehouse.zone
        every = 2 if bank.budget.settings == 1 else 1
        early = early[::-every][::-1]
        between = mature[(mature > early[-1]) & (mature < last[0])][::-3][::-1]
        kept = np.unique(np.concatenate([early, between, last]))
        return Plan(
            score=(bank.cutoff, bank.cutoff + 1), cutoffs=(*(int(one) for one in kept), bank.cutoff),
            test=Fold(train_from=int(early[0]), test_from=int(last[0]), test_until=int(last[-1]) + 1),
            final_from=int(kept[max(0, len(kept) - MOST_MONTHS)]),
            sentence=f"Loans are looked at on {len(kept)} cutoffs from {zone.show(int(kept[0]))} to "
            f"{zone.show(int(kept[-1]))}; the {len(last)} quarterly ones from {zone.show(int(last[0]))} on "
            f"test, the {len(early)} up to {zone.show(int(early[-1]))}, whose year was then over, train.",
        )  # fmt: skip
