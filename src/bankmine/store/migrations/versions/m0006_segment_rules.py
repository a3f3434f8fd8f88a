"""Tables of segments by rules.

A migration never imports the tables: they change, it does not.
"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
