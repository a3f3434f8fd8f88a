"""T2: Pareto/NBD and Gamma-Gamma on CDNOW, against published figures and the reference library's fits.

Fader, Hardie and Lee 2005, table 2; Fader and Hardie's note on Gamma-Gamma, 946 repeat buyers.
"""

from __future__ import annotations

import numpy as np

from benchmarks.rows import Row
from benchmarks.value_data import cdnow, likelihood_at, rounded

PARETO = {"r": 0.5533, "alpha": 10.5777, "s": 0.6062, "beta": 11.6687}
GAMMA = {"p": 6.25, "q": 3.74, "v": 15.44}
LOG_LIKELIHOOD = -9594.976


def run() -> Row:
    """Fits both models with both libraries and compares with what is published."""
    from lifetimes import GammaGammaFitter, ParetoNBDFitter

    from bankmine.mining.value.gamma_gamma import GammaGamma
    from bankmine.mining.value.pareto_nbd import ParetoNbd

    sample = cdnow()
    often = ParetoNbd().fit(sample.values).fitted_
    bought = sample.values[:, 0] > 0
    spending = np.column_stack([sample.values[bought, 0], sample.mean_amount[bought]])
    much = GammaGamma().fit(spending)
    their_often = ParetoNBDFitter().fit(*sample.values.T)
    their_much = GammaGammaFitter().fit(*spending.T)
    own, own_much = rounded(often.parameters, 5), rounded(much.parameters_, 5)
    close = all(abs(own[name] - PARETO[name]) <= 1e-3 for name in PARETO)
    close = close and abs(often.log_likelihood - LOG_LIKELIHOOD) <= 0.01
    close = close and all(abs(own_much[name] - GAMMA[name]) <= 1e-2 for name in GAMMA)
    return Row(
        row="T2",
        bankmine={**own, "log_likelihood": round(often.log_likelihood, 4), **own_much,
                  "repeat_buyers": int(bought.sum()), "independence": str(much.independence_)},
        reference={
            "published": {**PARETO, "log_likelihood": LOG_LIKELIHOOD, **GAMMA},
            "lifetimes": {
                **rounded({name: their_often.params_[name] for name in PARETO}, 5),
                "log_likelihood": round(
                    likelihood_at(ParetoNbd(), sample.values, their_often.params_), 4
                ),
                **rounded({name: their_much.params_[name] for name in GAMMA}, 5),
            },
        },
        bar="Pareto/NBD within 1e-3 of the published parameters and .01 of the log-likelihood; Gamma-Gamma "
        "within 1e-2",
        met=bool(close),
        protocol="cdnow sample as in T1; Gamma-Gamma on the repeat purchases of repeat buyers; both "
        "libraries fit the same histories.",
        versions=("lifetimes", "scipy", "numpy"),
    )  # fmt: skip
