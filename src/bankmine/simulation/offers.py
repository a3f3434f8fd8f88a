"""What the bank offers and when: offers by product and channel, and the plan of campaigns.

Shared by all communities; a longer world has the same campaigns and then more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bankmine.simulation.catalogue import NEXT, PRODUCTS, product
from bankmine.simulation.frame import MAXIMUM_MONTHS, Frame
from bankmine.simulation.streams import EVERYONE, stream

CONTACT_CHANNELS = ("app", "email", "phone", "branch", "post")
CONTACT_COST = (3, 2, 450, 900, 120)  # cents a contact
DURATION = 21  # days a campaign contacts people


class Offer(NamedTuple):
    """`cost`: cents of making it once; `gain`: cents an acceptance is worth; `channel`: CONTACT_CHANNELS."""

    code: str
    product: str
    channel: str
    cost: int
    gain: int
    rule: str


_REACHABLE = "consent_marketing = 1 AND flag_complaint_open = 0 AND flag_fraud_hold = 0"
_BORROWING = "flag_arrears = 0 AND age BETWEEN 21 AND 70"
OFFERS = (
    Offer("OF-SAV-APP", "SAV-FLEX", "app", 500, 4_500, f"{_REACHABLE} AND savings_held_count = 0"),
    Offer("OF-SAV-MAIL", "SAV-FLEX", "email", 500, 4_500, f"{_REACHABLE} AND savings_held_count = 0"),
    Offer("OF-DEP-POST", "DEP-12", "post", 1_000, 9_000, f"{_REACHABLE} AND deposit_held_count = 0"),
    Offer("OF-DEP-PHONE", "DEP-12", "phone", 1_000, 9_000, f"{_REACHABLE} AND deposit_held_count = 0"),
    Offer(
        "OF-CRD-APP", "CRD-CLASSIC", "app", 2_000, 12_000,
        f"{_REACHABLE} AND card_held_count = 0 AND {_BORROWING}",
    ),
    Offer("OF-INS-PHONE", "INS-LIFE", "phone", 3_000, 18_000, f"{_REACHABLE} AND insurance_held_count = 0"),
    Offer("OF-INS-MAIL", "INS-TRAVEL", "email", 800, 6_000, f"{_REACHABLE} AND insurance_held_count = 0"),
    Offer("OF-FND-APP", "FND-BAL", "app", 1_500, 15_000, f"{_REACHABLE} AND fund_held_count = 0"),
    Offer("OF-FND-BRANCH", "FND-BAL", "branch", 1_500, 15_000, f"{_REACHABLE} AND fund_held_count = 0"),
    Offer(
        "OF-LOAN-MAIL", "LOAN-CONS", "email", 2_500, 30_000,
        f"{_REACHABLE} AND loan_held_count = 0 AND {_BORROWING}",
    ),
)  # fmt: skip
OFFER_CODES = tuple(one.code for one in OFFERS)


@dataclass(frozen=True)
class Campaign:
    """`targeted`: who is treated depends on an old score (else on chance alone); `reach`: share asked of
    those who may be; `product`, `family`: places in PRODUCTS and NEXT; `starts`: day of the frame."""

    code: str
    offer: int
    product: int
    family: int
    channel: int
    starts: int
    targeted: bool
    reach: float

    @property
    def ends(self) -> int:
        """Day after the last contact."""
        return self.starts + DURATION


def campaigns_of(frame: Frame) -> list[Campaign]:
    """All campaigns that begin in the period, in order of time."""
    yearly = frame.scenario.response.campaigns_a_year
    if yearly <= 0:
        return []
    draw, plan = stream(frame.seed, EVERYONE, "campaigns"), []
    for number in range(int(yearly * MAXIMUM_MONTHS / 12)):
        place, late, targeted, reach = draw.random(4)
        starts = int((number + 0.15 + 0.5 * late) * 365.25 / yearly)
        if starts >= frame.days:
            break
        plan.append(_campaign(number, starts, int(place * len(OFFERS)), targeted < 0.5, 0.25 + 0.3 * reach))
    return plan


def _campaign(number: int, starts: int, offer: int, targeted: bool, reach: float) -> Campaign:
    which = product(OFFERS[offer].product)
    return Campaign(
        code=f"C{number + 1:04d}", offer=offer, product=which, family=NEXT.index(PRODUCTS[which].family),
        channel=CONTACT_CHANNELS.index(OFFERS[offer].channel), starts=starts, targeted=targeted, reach=reach,
    )  # fmt: skip
