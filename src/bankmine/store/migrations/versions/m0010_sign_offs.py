"""Tables of sign-offs of models, settings, recovery codes.

A migration never imports the tables: they change, it does not.
"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
