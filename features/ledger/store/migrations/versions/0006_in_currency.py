"""Money that was converted keeps what its sender wrote beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ORIGINALS = {
    "order_lines": ("amount_in_currency", "cost_in_currency", "discount_in_currency"),
    "payments": ("amount_in_currency",),
}


def upgrade() -> None:
    """Add the columns."""
    for table, names in ORIGINALS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger))


def downgrade() -> None:
    """Drop them."""
    for table, names in ORIGINALS.items():
        for name in names:
            op.drop_column(table, name)
