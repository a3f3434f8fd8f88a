"""The crime of a community: what is planned, and what becomes of it once the ledger has booked it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bankmine.simulation.accounts import Accounts
from bankmine.simulation.crime.cards import copied_cards, stolen_cards
from bankmine.simulation.crime.honest_accounts import honest_schemes
from bankmine.simulation.crime.honest_cards import honest_twins
from bankmine.simulation.crime.laundering import laundering
from bankmine.simulation.crime.planned import FRAUDS, KINDS, Parts, Planned, chosen, together
from bankmine.simulation.crime.scene import Scene
from bankmine.simulation.crime.shops import Amounts, shops_of
from bankmine.simulation.crime.takeover import Steps, joined_steps, new_phones, taken_over
from bankmine.simulation.crime.verdicts import Verdicts, verdicts_of
from bankmine.simulation.entries import Entries
from bankmine.simulation.frame import DAY, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.ledger import DECLINED, Ledger
from bankmine.simulation.life import Life
from bankmine.simulation.people import People

if TYPE_CHECKING:
    from bankmine.simulation.credit.lending import Credit

FIRST_TAG = 2**40  # tags of crime; other steps use smaller ones
_ACCUSTOMED = 30  # days an account must exist before crime uses it


@dataclass(frozen=True)
class Crime:
    """`entries`: payments of crime and of its innocent twins, each with a tag. `part` (m,): the part of
    `parts` each belongs to. `steps`: steps in app or web by strangers and by travellers. `verdicts`: what the
    bank comes to know. `replaced`: places of `money` that crime replaces (none)."""

    entries: Entries
    part: Ints
    parts: Parts
    steps: Steps
    verdicts: Verdicts
    replaced: Ints | None = None

    @property
    def kind(self) -> Ints:
        """Kind of each payment, index of KINDS."""
        return self.parts.kind[self.part]

    @property
    def fraud(self) -> Truth:
        """Whether each payment is fraud."""
        return self.kind < len(FRAUDS)

    def transactions(self, ledger: Ledger) -> Ints:
        """Raw number of each payment's transaction, 0 where there is none or it was declined."""
        number, declined = self.attempts(ledger)
        return np.where(declined, 0, number)

    def attempts(self, ledger: Ledger) -> tuple[Ints, Truth]:
        """Raw number of each payment's transaction, 0 where there is none, and whether it was declined."""
        first = np.flatnonzero(ledger.money.tag == FIRST_TAG)
        if not first.size:
            return np.zeros(self.part.size, dtype=np.int64), np.zeros(self.part.size, dtype=np.bool_)
        rows = slice(int(first[0]), int(first[0]) + self.part.size)
        return ledger.number[rows], ledger.status[rows] == DECLINED

    def tables(
        self, frame: Frame, who: People, acc: Accounts, ledger: Ledger, credit: Credit | None
    ) -> dict[str, pa.Table]:
        """Extracts `feedback`, `digital` and `flags`."""
        from bankmine.simulation.crime.tables import crime_tables

        return crime_tables(self, frame, who, acc, ledger, credit)

    def truth(self, frame: Frame, who: People, acc: Accounts, ledger: Ledger) -> dict[str, pa.Table]:
        """`patterns`, `frauds`, `label_card_fraud`, `label_laundering`."""
        from bankmine.simulation.crime.truth import crime_truth

        return crime_truth(self, frame, who, acc, ledger)


def crime_of(frame: Frame, who: People, life: Life, leave: Leaving, acc: Accounts, money: Entries) -> Crime:
    """Plans the crime of one community; `money`: its ordinary spending."""
    scene = Scene(
        frame=frame, who=who, life=life, shops=shops_of(frame.seed), amounts=Amounts(money), acc=acc,
        since=acc.opened[acc.main] + _ACCUSTOMED, until=np.minimum(leave.gone, acc.closed[acc.main]),
    )  # fmt: skip
    over, strange = taken_over(scene)
    phones, travelling = new_phones(scene)
    plan = together([
        stolen_cards(scene), copied_cards(scene, money), over, *laundering(scene),
        *honest_twins(scene, money), phones, *honest_schemes(scene),
    ])  # fmt: skip
    plan = _possible(frame, acc, plan)
    steps = joined_steps([strange, travelling])
    steps = steps.where(steps.second < frame.days * DAY)
    tags = FIRST_TAG + np.arange(plan.part.size)
    made = Entries(**{**plan.entries.__dict__, "tag": tags})
    return Crime(made, plan.part, plan.parts, steps, verdicts_of(scene, made, plan.part, plan.parts))


def _possible(frame: Frame, acc: Accounts, plan: Planned) -> Planned:
    """Payments within the period and while the account is open; parts that have a payment or a role."""
    made = plan.entries
    day = made.second // DAY
    keep = (made.second >= 0) & (day < frame.days)
    keep &= (day >= acc.opened[made.account]) & (day < acc.closed[made.account])
    if acc.card_closed.size:
        keep &= (made.card < 0) | (day < acc.card_closed[made.card])
    used = np.zeros(plan.parts.count, dtype=np.bool_)
    used[plan.part[keep]] = True
    begun = (plan.parts.other > 0) & (plan.parts.person < 0) & (plan.parts.begins < frame.days * DAY)
    used |= begun & np.isin(plan.parts.pattern, plan.parts.pattern[used])
    place = np.cumsum(used) - 1
    return Planned(chosen(made, keep), place[plan.part[keep]], plan.parts.where(used))


__all__ = ["FIRST_TAG", "KINDS", "Crime", "crime_of"]
