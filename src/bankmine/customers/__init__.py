"""The customer 360: the feature catalogue, matrices and snapshots of features, the profile of one customer.

Imports windows, engine and bank. Start at `catalogue.CATALOGUE` (every feature as data; one file a theme
under `themes/`), then `matrix.matrix` (features of any subjects at their cutoffs), `snapshot.keep_snapshot`
(all customers at one cutoff, kept), `profile.profile` (one customer as known then), `explain.explain`.
"""

from bankmine.customers.available import Availability
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.explain import Explanation, explain
from bankmine.customers.feature import Direction, Feature, Kind, Need
from bankmine.customers.levels import learn_levels
from bankmine.customers.listing import as_data, listing
from bankmine.customers.matrix import MatrixReport, matrix, report_of
from bankmine.customers.own import catalogue_of
from bankmine.customers.profile import Profile, profile
from bankmine.customers.reference import reference_page
from bankmine.customers.snapshot import Snapshot, default_cutoff, keep_snapshot, kept_snapshots

__all__ = [
    "CATALOGUE",
    "Availability",
    "Catalogue",
    "Direction",
    "Explanation",
    "Feature",
    "Kind",
    "MatrixReport",
    "Need",
    "Profile",
    "Snapshot",
    "as_data",
    "catalogue_of",
    "default_cutoff",
    "explain",
    "keep_snapshot",
    "kept_snapshots",
    "learn_levels",
    "listing",
    "matrix",
    "profile",
    "reference_page",
    "report_of",
]
