"""What an applicant wrote, whether it contradicts what is known otherwise, and whether others wrote the
same."""

from __future__ import annotations

from bankmine.customers.feature import Computed, Direction, Feature, Need

THEME, PROVIDER, APPLICATION = "text", "text", "application"
RISKIER = Direction.RISKIER
_WRITTEN = Need(table="credit_application", columns=("purpose_text",), everyone=True)
_FORM = (_WRITTEN,)
_ACCOUNTS = (_WRITTEN, Need(table="transaction"))
_PERSON = (_WRITTEN, Need(table="customer", columns=("occupation",)))
_BUREAU = (_WRITTEN, Need(table="bureau_report"), Need(table="bureau_event"), Need(table="consent"))
_LINKS = (_WRITTEN, Need(table="party_link", optional=True))
_PRODUCT = (_WRITTEN, Need(table="product"))
_CHECKS = (
    ("income_form", "states another income than the form", _FORM),
    ("income_paid", "states another income than the accounts see", _ACCOUNTS),
    ("income_level", "calls an income high or low that is not", _ACCOUNTS),
    ("work", "says the applicant lives on other work than the records", _PERSON),
    ("tenure", "claims more years in the job than the bureau allows", _BUREAU),
    ("debt", "denies other loans that the bureau knows", _BUREAU),
    ("amount", "needs another amount than the form", _FORM),
    ("purpose", "is for something else than the product", _PRODUCT),
    ("alone", "says alone where the network knows a household", _LINKS),
    ("unaided", "says without help where strangers gave the same device or phone", _LINKS),
)
_ANY = (
    _WRITTEN,
    *(Need(table=name, optional=True) for name in (
        "transaction", "customer", "bureau_report", "bureau_event", "consent", "product", "party_link",
    )),
)  # fmt: skip


_NAMES = {"purpose": "other_purpose"}  # text_purpose is the text itself


def _feature(
    name: str, column: str, unit: str, sentence: str, needs: tuple[Need, ...], direction: Direction = RISKIER
) -> Feature:
    return Feature(
        name=f"text_{name}", theme=THEME, unit=unit, sentence=sentence, subject=APPLICATION, credit_only=True,
        source=Computed(PROVIDER, column, needs), direction=direction,
    )  # fmt: skip


FEATURES = (
    _feature("purpose", "words", "text", "What the applicant wrote the credit is for, personal data masked.",
             (_WRITTEN,), Direction.NONE),
    *(
        _feature(
            _NAMES.get(check, check), check, "flag", f"1 where the text {said}, 0 where it agrees.", needs
        )
        for check, said, needs in _CHECKS
    ),
    _feature("contradictions", "contradictions", "checks", "Checks that found the text to contradict.", _ANY),
    _feature("copies_before", "copies_before", "customers",
             "Other customers who handed in nearly the same text before.", (_WRITTEN,)),
)  # fmt: skip
