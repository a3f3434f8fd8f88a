"""A bank's own window features: `features.toml` in its folder, beside the shipped catalogue.

The file is one that `windows.declared` reads. Its features are of the customer (key `customer_id`); they
are listed, explained, versioned and put into matrices as the shipped ones are.
"""

from __future__ import annotations

from pathlib import Path

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Derived, Feature, Windowed
from bankmine.errors import ConfigurationError
from bankmine.windows import RatioFeature, WindowFeature
from bankmine.windows.declared import declared

FILE = "features.toml"
THEME = "own"


def catalogue_of(folder: Path | None) -> Catalogue:
    """The shipped catalogue and the features a bank's folder declares; the shipped one where it has none.

    ConfigurationError where the file cannot be meant, or names a feature that is shipped.
    """
    file = None if folder is None else folder / FILE
    if file is None or not file.is_file():
        return CATALOGUE
    return Catalogue([*CATALOGUE.values(), *own_features(file)])


def own_features(file: Path) -> tuple[Feature, ...]:
    """The features a file declares, as features of the customer.

    ConfigurationError for another key than the customer's, and for levels that are yet to be learnt.
    """
    return tuple(_feature(file, one) for one in declared(file))


def _feature(file: Path, one: WindowFeature | RatioFeature) -> Feature:
    if one.source.key != "customer_id":
        raise ConfigurationError(
            f"{file.name} declares {one.name} under the key {one.source.key}",
            hint="Features of a bank are of its customers: leave the key out.",
        )
    if isinstance(one, RatioFeature):
        inputs = (one.numerator.name, one.denominator.name)
        return Feature(
            name=one.name, theme=THEME, unit=one.unit, sentence=one.sentence, source=Derived("ratio", inputs)
        )
    if one.learns:
        raise ConfigurationError(
            f"{file.name} leaves the levels of {one.name} to be learnt",
            hint="Name them with `levels`; `bankmine tables` says which column it is.",
        )
    return Feature(
        name=one.name, theme=THEME, unit=one.unit, sentence=one.sentence, source=Windowed(one),
        window=str(one.window),
    )  # fmt: skip
