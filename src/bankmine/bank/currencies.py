"""Decimals of currencies' minor units (ISO 4217)."""

_WHOLE = frozenset(
    (
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
        "XOF", "XPF",
    )
)  # fmt: skip
_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def exponent_of(currency: str) -> int:
    """Decimals of a currency's minor unit; 2 where it is not one of those with none or three."""
    return 0 if currency in _WHOLE else 3 if currency in _THREE else 2
