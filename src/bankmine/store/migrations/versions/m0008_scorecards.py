"""Tables of drafts of scorecards and strategies.

A migration never imports the tables: they change, it does not.
"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
