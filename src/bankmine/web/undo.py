"""How an act is taken back: the opposite act, offered beside the word that it was done.

The undo is an act like any other, with its own permission and its own event in the audit; what it needs to
know travels in the address (`of`: about whom or what; `was_…`: how it was before), sealed, and is checked
like any input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Back:
    """The opposite act: where it is sent and with which fields (one name may have several values)."""

    path: str
    fields: tuple[tuple[str, str], ...] = ()


def _person(act: str, *names: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a person, with fields that restore how it was; several values stand between `~`."""

    def back(of: str, was: Mapping[str, str]) -> Back:
        fields = tuple((name, value) for name in names for value in was.get(name, "").split("~"))
        return Back(f"/administration/people/{of}/{act}", fields)

    return back


def _job(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a job."""
    return lambda of, was: Back(f"/tasks/{of}/{act}")


def _lead(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a lead of the stranger's form."""
    return lambda of, was: Back(f"/offers/stranger/leads/{of}/{act}")


def _segment(of: str, was: Mapping[str, str]) -> Back:
    """Another name of a segment found: its former one, empty where it had none."""
    fields = tuple((name, was.get(name, "")) for name in ("name", "sentence"))
    return Back(f"/segments/found/{of}/name", fields)


def _rules(act: str, *names: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on segments by rules; publishing over nothing is taken back by unpublishing."""

    def back(of: str, was: Mapping[str, str]) -> Back:
        if act == "publish" and not was.get("version"):
            return Back(f"/segments/rules/{of}/unpublish")
        return Back(f"/segments/rules/{of}/{act}", tuple((name, was.get(name, "")) for name in names))

    return back


def _mark(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a mark of a rule."""
    return lambda of, was: Back(f"/offers/rules/marks/{of}/{act}")


def _calls(act: str, *names: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a call list, with fields that restore how it was."""
    return lambda of, was: Back(
        f"/value/calls/{of}/{act}", tuple((name, was.get(name, "")) for name in names)
    )


def _contact(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a step noted for rows of a list; `at` is the list's address."""
    return lambda of, was: Back(f"{was.get('at', '')}/steps/{of}/{act}")


def _saved(act: str, *names: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a saved list, with fields that restore how it was."""
    return lambda of, was: Back(
        f"/saved-lists/{of}/{act}", tuple((name, was.get(name, "")) for name in names)
    )


def _said(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on one's own wording, signature or remark."""
    return lambda of, was: Back(f"/agreements/{was.get('about', '')}/{of}/{act}")


def _finding(of: str, was: Mapping[str, str]) -> Back:
    """A finding as it stood before."""
    fields = tuple((name, was.get(name, "")) for name in ("state", "owner", "due"))
    return Back(f"/data/findings/{of}", fields)


def _ruling(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on one's own ruling."""
    return lambda of, was: Back(f"/rulings/{of}/{act}")


def _bin(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a proposal for a scorecard."""
    return lambda of, was: Back(f"/scorecards/marks/{of}/{act}")


def _around(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a mark of a link or on a note about a customer; `at` is the page's address."""
    return lambda of, was: Back(f"{was.get('at', '')}/{of}/{act}")


def _setting(of: str, was: Mapping[str, str]) -> Back:
    """A setting as it was, or the file's again."""
    return Back("/administration/settings", (("name", was.get("name", "")), ("value", was.get("value", ""))))


def _card(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a card that is kept."""
    return lambda of, was: Back(f"/scorecards/drafts/{of}/{act}")


def _strategy(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a credit strategy."""
    return lambda of, was: Back(f"/portfolio/strategies/{of}/{act}")


def _quarter(act: str) -> Callable[[str, Mapping[str, str]], Back]:
    """An act on a mark of a quarter of the portfolio."""
    return lambda of, was: Back(f"/portfolio/marks/{of}/{act}")


UNDO: Mapping[str, Callable[[str, Mapping[str, str]], Back]] = {
    "person-added": _person("disable"),
    "person-disabled": _person("enable"),
    "person-enabled": _person("disable"),
    "roles-changed": _person("roles", "roles"),
    "scope-changed": _person("scope", "branches", "managers"),
    "job-started": _job("cancel"),
    "job-cancelled": _job("resume"),
    "job-resumed": _job("cancel"),
    "segment-named": _segment,
    "rules-made": _rules("withdraw"),
    "rules-saved": _rules("restore", "version"),
    "rules-restored": _rules("restore", "version"),
    "rules-renamed": _rules("rename", "name"),
    "rules-published": _rules("publish", "version"),
    "rules-unpublished": _rules("publish", "version"),
    "rules-withdrawn": _rules("bring-back"),
    "rules-brought-back": _rules("withdraw"),
    "call-list-filled": _calls("take-off", "batch"),
    "call-noted": _calls("state", "customer", "state"),
    "call-list-changed": _calls("change", "name", "owner", "due"),
    "call-list-ended": _calls("reopen"),
    "call-list-reopened": _calls("end"),
    "finding-cared": _finding,
    "bin-proposed": _bin("take-back"),
    "bin-unproposed": _bin("restore"),
    "quarter-marked": _quarter("take-back"),
    "quarter-unmarked": _quarter("restore"),
    "setting-changed": _setting,
    "card-kept": _card("delete"),
    "card-deleted": _card("restore"),
    "card-agreed": _card("disagree"),
    "card-unagreed": _card("agree"),
    "strategy-kept": _strategy("delete"),
    "strategy-deleted": _strategy("restore"),
    "strategy-agreed": _strategy("disagree"),
    "strategy-unagreed": _strategy("agree"),
    "link-marked": _around("take-back"),
    "link-unmarked": _around("restore"),
    "customer-noted": _around("take-back"),
    "customer-unnoted": _around("restore"),
    "application-ruled": _ruling("take-back"),
    "ruling-taken": _ruling("restore"),
    "saved-list-made": _saved("delete"),
    "saved-list-renamed": _saved("rename", "name"),
    "saved-list-shared": _saved("share", "shared"),
    "saved-list-deleted": _saved("restore"),
    "saved-list-restored": _saved("delete"),
    **{f"{what}-said": _said("take-back") for what in ("wording", "signature", "remark")},
    **{f"{what}-taken": _said("restore") for what in ("wording", "signature", "remark")},
    "contact-noted": _contact("take-back"),
    "contact-taken-back": _contact("restore"),
    "lead-recorded": _lead("withdraw"),
    "mark-put": _mark("take-back"),
    "mark-taken-back": _mark("restore"),
    "lead-withdrawn": _lead("restore"),
    "lead-restored": _lead("withdraw"),
}


def undo_of(said: Mapping[str, str]) -> Back | None:
    """The opposite of what was done, or None where it cannot be taken back."""
    of = said.get("of", "")
    if said["done"] not in UNDO or not of.isalnum():
        return None
    was = {name.removeprefix("was_"): value for name, value in said.items()}
    return UNDO[said["done"]](of, was)
