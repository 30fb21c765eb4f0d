"""How Alembic runs: on the connection it is handed, inside the caller's transaction."""

from alembic import context

from features.ledger.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
