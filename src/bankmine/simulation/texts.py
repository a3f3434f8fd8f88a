"""Free text of customers in English and Chinese: what a loan is for, and what they tell the bank.

A text is a row of slots (opening, request, thing, detail, timing, repayment, closing); each slot has a list
of alternatives by language, half of the phrase bank and meaning, read from `phrases/*.toml`. In a list,
`(a|b|)` stands for one of the alternatives, `{n}` for a digit and `{name}` for a family name. Risky purposes
share their words with harmless ones: what a slot says is drawn by intent, but no slot belongs to one alone.
All texts are made at once: slots are drawn with NumPy as places in one Arrow array and joined by Arrow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation import columns
from bankmine.simulation.frame import Floats, Ints
from bankmine.simulation.leaving import TOPICS
from bankmine.simulation.phrases import NAMES, Writer, phrase_bank

__all__ = (
    "CLAIMS", "INTERACTION_KINDS", "LEVELS", "NAMES", "PURPOSE_INTENTS", "RISKY", "TEXT_KINDS",
    "interaction_texts", "purpose_texts", "texts_truth",
)  # fmt: skip

PURPOSE_INTENTS = (
    "home", "car", "education", "wedding", "medical", "business", "holiday", "debt", "urgent_need",
    "gambling_like",
)  # fmt: skip
RISKY = frozenset(("debt", "urgent_need", "gambling_like"))
CLAIMS = ("none", "steady job", "own business", "between jobs", "high income")
INTERACTION_KINDS = ("complaint", "survey", "call", "chat", "post")
TEXT_KINDS = ("purpose", *INTERACTION_KINDS)
LEVELS = ("awful", "poor", "fair", "good", "great")
_DETAILS = (*PURPOSE_INTENTS, "innocent")
_FIRST_RISKY = len(PURPOSE_INTENTS) - len(RISKY)
# By intent: chance to hide behind a harmless thing, to be in a hurry, to speak of repayment in veiled words.
_COVER = np.array([0.0] * _FIRST_RISKY + [0.45, 0.55, 0.55])
_HURRY = np.array([0.22, 0.20, 0.18, 0.20, 0.30, 0.25, 0.15, 0.50, 0.70, 0.55])
_VEILED = np.array([0.12, 0.14, 0.10, 0.12, 0.16, 0.18, 0.14, 0.55, 0.60, 0.65])
_OPENING = np.array([0.6, 0.15, 0.8, 0.6, 0.5])  # chance of an opening by kind


def purpose_texts(
    draw: np.random.Generator,
    intent: Any,
    chinese: Any,
    half: Any,
    *,
    claim: Any = None,
) -> pa.StringArray:
    """What the applicant writes a loan is for, one text a place; no missing values.

    `intent` (n,): places in PURPOSE_INTENTS; `chinese` (n,): language of the text; `half` (n,) or one
    number, 0 or 1: which half of the phrase bank; `claim` (n,): place in CLAIMS, a clause about work or
    income (0: none). Text i takes its draws before text i + 1, so more texts begin like fewer.
    """
    what = np.asarray(intent, dtype=np.int64)
    writer = Writer(phrase_bank("purposes", _purpose_slots()), draw, what.size, chinese, half)
    thing, detail = _meant(writer, what)
    hurry = (writer.chance() < _HURRY[what]).astype(np.int64)
    veiled = (writer.chance() < _VEILED[what]).astype(np.int64)
    said = np.zeros(what.size, dtype=np.int64) if claim is None else np.asarray(claim, dtype=np.int64)
    parts = [
        writer.slot("opening", keep=0.45),
        writer.joined("ask", "thing", thing),
        writer.slot("detail", detail, keep=0.85),
        writer.slot("claim", np.maximum(said - 1, 0), keep=(said > 0).astype(np.float64)),
        writer.slot("timing", hurry, keep=0.75),
        writer.slot("repayment", veiled, keep=0.75),
        writer.slot("closing", keep=0.4),
    ]
    writer.swap(parts, 2, 4)
    writer.swap(parts, 4, 5)
    return writer.texts(parts)


def _meant(writer: Writer, what: Ints) -> tuple[Ints, Ints]:
    """Keys of thing and detail: the risky often name a harmless thing, the harmless use the risky's words."""
    harmless = np.minimum((writer.chance() * _FIRST_RISKY).astype(np.int64), _FIRST_RISKY - 1)
    thing = np.where(writer.chance() < _COVER[what], harmless, what)
    told = np.where(writer.chance() < 0.3, thing, what)
    innocent = (writer.chance() < 0.22) & (what < _FIRST_RISKY)
    return thing, np.where(innocent, _DETAILS.index("innocent"), told)


def interaction_texts(
    draw: np.random.Generator,
    topic: Any,
    sentiment: Any,
    chinese: Any,
    half: Any,
    *,
    kind: Any = None,
) -> pa.StringArray:
    """What a customer tells the bank, one text a place; no missing values.

    `topic` (n,): places in leaving.TOPICS; `sentiment` (n,): −1 (awful) to 1 (great), told in graded words
    that scatter around it, with negation and sarcasm; `chinese`, `half` as in `purpose_texts`; `kind` (n,)
    or one number: place in INTERACTION_KINDS, drawn evenly where None.
    """
    about = np.asarray(topic, dtype=np.int64)
    writer = Writer(phrase_bank("interactions", _interaction_slots()), draw, about.size, chinese, half)
    drawn = np.minimum(
        (writer.chance() * len(INTERACTION_KINDS)).astype(np.int64), len(INTERACTION_KINDS) - 1
    )
    form = drawn if kind is None else np.broadcast_to(np.asarray(kind, dtype=np.int64), about.shape)
    subject, tale = _spoken_of(writer, about)
    feeling = np.clip(np.asarray(sentiment, dtype=np.float64), -1.0, 1.0)
    bad = (writer.chance() > 1 / (1 + np.exp(-4.0 * feeling))).astype(np.int64)
    parts = [
        writer.slot("opening", form, keep=_OPENING[form]),
        writer.joined("subject", "verdict", _level(feeling, writer.chance()), subject),
        writer.slot("event", 2 * tale + bad, keep=0.85),
        writer.slot("mood", _mood(writer, _level(feeling, writer.chance())), keep=0.85),
        writer.slot("wish", bad, keep=0.5),
        writer.slot("closing", form, keep=0.35),
    ]
    writer.swap(parts, 1, 2)
    writer.swap(parts, 2, 3)
    return writer.texts(parts)


def _spoken_of(writer: Writer, about: Ints) -> tuple[Ints, Ints]:
    """Keys of the subject, often left vague, and of what happened, now and then with something else."""
    other = np.minimum((writer.chance() * len(TOPICS)).astype(np.int64), len(TOPICS) - 1)
    subject = np.where(writer.chance() < 0.35, len(TOPICS), about)
    return subject, np.where(writer.chance() < 0.2, other, about)


def _mood(writer: Writer, level: Ints) -> Ints:
    """A quarter of the unhappy are sarcastic, a quarter of the happy say it by negation."""
    twist = writer.chance() < 0.25
    unhappy, happy = twist & (level <= 1), twist & (level >= 3)
    return np.where(unhappy, len(LEVELS), np.where(happy, len(LEVELS) + 1, level))


def _level(feeling: Floats, chance: NDArray[np.float32]) -> Ints:
    """Place in LEVELS, scattered around the feeling: a logistic deviate about as wide as one level."""
    safe = np.clip(chance.astype(np.float64), 1e-4, 1 - 1e-4)
    drawn = 2.0 + 2.0 * feeling + 0.4 * np.log(safe / (1 - safe))
    return np.asarray(np.clip(np.rint(drawn), 0, len(LEVELS) - 1), dtype=np.int64)


def texts_truth(
    *, key: Ints, kind: Any, half: Ints, chinese: Any, intent: Any = -1, topic: Any = -1,
    sentiment: Any = np.nan,
) -> pa.Table:  # fmt: skip
    """Table `texts` of the truth: one row a text, whatever kind it is of.

    `key`: raw number of the application or interaction; `kind`: place in TEXT_KINDS; `half` 0 or 1. Purposes
    have an `intent` (place in PURPOSE_INTENTS; -1: null), which is `risky` or not; interactions a `topic`
    (place in leaving.TOPICS; -1: null) and a `sentiment` from -1 to 1 (NaN: null).
    """
    told = [np.broadcast_to(one, key.shape) for one in (kind, chinese, intent, topic, sentiment)]
    return pa.table(
        {
            "key": columns.key(key),
            "kind": columns.code(told[0], TEXT_KINDS),
            "half": columns.amount(half),
            "language": columns.code(told[1], ("en", "zh")),
            "intent": columns.code(told[2], PURPOSE_INTENTS),
            "risky": columns.truth(told[2] >= _FIRST_RISKY, missing=told[2] < 0),
            "topic": columns.code(told[3], TOPICS),
            "sentiment": columns.real(told[4]),
        }
    )


def _purpose_slots() -> dict[str, tuple[str, ...]]:
    return {
        "opening": (), "ask": (), "thing": PURPOSE_INTENTS, "detail": _DETAILS,
        "claim": tuple(name.replace(" ", "_") for name in CLAIMS[1:]), "timing": ("calm", "hurry"),
        "repayment": ("plan", "veiled"), "closing": (),
    }  # fmt: skip


def _interaction_slots() -> dict[str, tuple[str, ...]]:
    return {
        "opening": INTERACTION_KINDS, "subject": (*TOPICS, "vague"), "verdict": LEVELS,
        "event": tuple(f"{topic}_{side}" for topic in TOPICS for side in ("good", "bad")),
        "mood": (*LEVELS, "sarcasm", "negation"), "wish": ("good", "bad"), "closing": INTERACTION_KINDS,
    }  # fmt: skip
