"""The folder of one company: database, mirror, bundles, model store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder given by ``--home``; two environment variables may move the database and MLflow elsewhere."""

    root: Path

    @property
    def var(self) -> Path:
        """The folder of everything the product writes."""
        return self.root / "var"

    @property
    def database_url(self) -> str:
        """SQLAlchemy address of the database: CALLFIRST_DATABASE_URL, else SQLite in var/."""
        return os.environ.get("CALLFIRST_DATABASE_URL") or f"sqlite:///{self.var.resolve() / 'callfirst.db'}"

    @property
    def mirror(self) -> Path:
        """The columnar copy of the ledger, derived from the database."""
        return self.var / "mirror"

    @property
    def bundles(self) -> Path:
        """Verified copies of served models, a folder per SHA-256."""
        return self.var / "bundles"

    @property
    def model_store(self) -> Path:
        """MLflow's own database and artifacts."""
        return self.root / "models" / "store"

    @property
    def tracking_uri(self) -> str:
        """MLflow's address: CALLFIRST_MLFLOW_URI, else SQLite in models/store/."""
        return os.environ.get("CALLFIRST_MLFLOW_URI") or f"sqlite:///{self.model_store.resolve() / 'mlflow.db'}"

    @property
    def policy_file(self) -> Path:
        """The company's settings."""
        return self.root / "policy.toml"

    @property
    def sources_file(self) -> Path:
        """The sources that rows are pulled from."""
        return self.root / "sources.toml"
