"""Tables of contacts with customers, work on warnings.

A migration never imports the tables: they change, it does not.
"""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
