"""Tables of lists that people keep.

A migration never imports the tables: they change, it does not.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
