"""T1: BG/NBD on CDNOW, against the paper's figures and the reference library's fit.

Fader, Hardie and Lee 2005, table 2. Both fit the same 2,357 histories.
"""

from __future__ import annotations

from benchmarks.rows import Row
from benchmarks.value_data import cdnow, likelihood_at, rounded

PUBLISHED = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
LOG_LIKELIHOOD = -9582.43


def run() -> Row:
    """Fits both and compares with what is published."""
    from lifetimes import BetaGeoFitter

    from bankmine.mining.value.beta_geometric import BgNbd

    sample = cdnow()
    fitted = BgNbd().fit(sample.values).fitted_
    own = rounded(fitted.parameters, 5)
    other = BetaGeoFitter().fit(*sample.values.T)
    theirs = rounded({name: other.params_[name] for name in PUBLISHED}, 5)
    close = all(abs(own[name] - PUBLISHED[name]) <= 5e-4 for name in PUBLISHED)
    close = close and abs(fitted.log_likelihood - LOG_LIKELIHOOD) <= 0.01 and not fitted.warnings
    return Row(
        row="T1",
        bankmine={**own, "log_likelihood": round(fitted.log_likelihood, 4), "customers": len(sample.values),
                  "starts_agreeing": fitted.agreeing, "warnings": len(fitted.warnings)},
        reference={"published": {**PUBLISHED, "log_likelihood": LOG_LIKELIHOOD}, "lifetimes": {
            **theirs, "log_likelihood": round(likelihood_at(BgNbd(), sample.values, other.params_), 4)}},
        bar="each parameter within 5e-4 of the published, log-likelihood within .01",
        met=bool(close),
        protocol="cdnow sample, purchases of one day joined, 39 weeks of calibration, time in weeks; "
        "both fit the same histories.",
        versions=("lifetimes", "scipy", "numpy"),
    )  # fmt: skip
