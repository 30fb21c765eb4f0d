"""A published score says between which bounds its value at risk lies."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BOUNDS = ("value_at_risk_low", "value_at_risk_high")


def upgrade() -> None:
    """Give published scores the bounds; those published before have none."""
    for name in _BOUNDS:
        op.add_column("published_scores", sa.Column(name, sa.Double))


def downgrade() -> None:
    """Drop them."""
    for name in _BOUNDS:
        op.drop_column("published_scores", name)
