"""What happens in customers' money without credit, insurance of the house, funds and crime.

Start here: `spending_of` puts together wages and bills (`spending_regular`), purchases and cash
(`spending_purchases`), transfers and moves (`spending_transfers`) and companies (`spending_companies`), all
of
which follow the habits of `spending_habits`.
"""

from __future__ import annotations

from typing import Any

from bankmine.simulation.accounts import Accounts
from bankmine.simulation.entries import Entries, entries, joined
from bankmine.simulation.frame import Frame
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.spending_companies import companies_of
from bankmine.simulation.spending_habits import habits_of
from bankmine.simulation.spending_purchases import cash_of, purchases_of
from bankmine.simulation.spending_regular import bills_of, opening_of, wages_of
from bankmine.simulation.spending_transfers import funded_of, moved_of, transfers_of


def spending_of(
    frame: Frame, who: People, life: Life, leave: Leaving, held: Any, acc: Accounts, credit: Any
) -> Entries:
    """The payments of one community, in any order; purchases come first.

    `held` and `credit` bring their own entries (premiums, funds, instalments); of them only the instalments
    of `credit` (None: no credit) are read, for which light users send the money over.
    """
    habits = habits_of(frame, who, life, leave)
    none = entries(account=[], second=[], cents=[], out=[], category=[], channel=[])
    return joined([
        purchases_of(frame, who, life, acc, habits),
        cash_of(frame, who, life, acc, habits),
        wages_of(frame, who, life, leave, acc, habits),
        bills_of(frame, who, acc, habits),
        opening_of(frame, who, acc),
        transfers_of(frame, who, leave, acc, habits),
        moved_of(frame, who, life, leave, acc, habits),
        funded_of(who, acc, habits, none if credit is None else credit.entries),
        companies_of(frame, who, life, leave, acc, habits),
    ])  # fmt: skip
