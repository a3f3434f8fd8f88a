"""The label tests of the study's own learning: shuffled histories say nothing, a planted leak is named.

Borrowers exchange their whole histories of default, so that what is learnt before a look and what is tested
after it still belong together, but to somebody else's signals. Tested are those whose new history is empty
before the look: whoever learns from nothing later cannot rank them (AUC ½ within the noise of Mann and
Whitney); a label read too early would tell them apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.errors import FeasibilityError
from bankmine.evaluation import leaks
from bankmine.tasks.contract import Truth
from bankmine.tasks.early_warning.likelihood import STATES, columns, landmarks, learn
from bankmine.tasks.early_warning.watch import Watch

YEAR, FEWEST, STOP_AT = 365, 5, 0.99
SHUFFLED, PLANTED = "permuted labels", "planted leak"


def shuffled(watched: Watch, until: int, *, rounds: int, seed: int, learning: Any = learn) -> str:
    """Learns from shuffled histories before the look `until` and ranks what follows it; says what was seen.

    `learning(watched, until, seed=…)` gives the model. LeakError where it ranks better or worse than chance
    allows; FeasibilityError where too few defaults are left to tell.
    """
    draw = np.random.default_rng([seed, until])
    sizes: list[int] = []

    def train_and_score(_: Truth) -> tuple[Any, Any]:
        other = replace(watched, days=watched.days[draw.permutation(watched.panel.shape[0])])
        who = np.flatnonzero(watched.looked_at[:, until] & _clean(other, until))
        truth = other.days[who, until] < YEAR
        if min(int(truth.sum()), int((~truth).sum())) < FEWEST:
            raise FeasibilityError(
                f"{int(truth.sum())} defaults of {len(who)} borrowers are left to test shuffled labels on",
                hint=f"It needs {FEWEST}.",
            )
        sizes.append(len(who))
        model = learning(other, until, seed=seed)
        return truth, model.chances(other, who, np.full(len(who), until))[:, -1]

    seen = leaks.permuted_labels(train_and_score, watched.days[:, until] < YEAR, rounds=rounds)
    leaks.raise_on(seen.findings)
    return (
        "Learnt from default histories shuffled among borrowers, the AUC of the year after is "
        f"{seen.mean:.3f} on {sizes[0]:,} borrowers over {rounds} round{'s' if rounds > 1 else ''}; chance "
        f"allows {seen.low:.3f} to {seen.high:.3f}."
    )


def _clean(watched: Watch, until: int) -> Any:
    """Whose history shows no default before the look `until`."""
    cutoffs = watched.panel.cutoffs
    when = cutoffs[:until] + watched.days[:, :until] * DAY
    return (when >= cutoffs[until]).all(axis=1)


def planted(watched: Watch, until: int, *, seed: int) -> str:
    """Names a planted column that knows whether a year brings default; says which real ones almost do.

    LeakError where a real one does, or the planted one is missed; FeasibilityError for too few defaults.
    """
    who, look = landmarks(watched, until)
    over = (watched.panel.cutoffs[until] - watched.panel.cutoffs[look]) >= YEAR * DAY
    who, look = who[over], look[over]
    values, truth = columns(watched, who, look), watched.days[who, look] < YEAR
    names = (*STATES, *(one.name for one in watched.signals))
    named = leaks.suspicious_features(values, truth, names)
    leaks.raise_on(one for one in named if one.value >= STOP_AT)
    leaks.raise_on(leaks.planted_leak(
        lambda X, labels: leaks.suspicious_features(X, truth, labels), values, truth, names, random_state=seed
    ))  # fmt: skip
    real = ", ".join(f"{one.feature} ({one.value:.3f})" for one in named)
    return "A planted column that knows the label was named; " + (
        f"of {len(names)} real columns these are very good alone and deserve a look: {real}."
        if real else f"none of the {len(names)} real columns gives an AUC of 0.95 alone."
    )  # fmt: skip
