"""Tables of decisions on applications and offers.

A migration never imports the tables: they change, it does not.
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
