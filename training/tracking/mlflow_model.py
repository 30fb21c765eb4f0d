"""The model in MLflow: code that loads a bundle and scores a DataFrame of features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from features.snapshot import Snapshot
from models.bundle import Bundle


class ScoresOfBundle(PythonModel):
    """Takes a snapshot's rows as a DataFrame; gives the columns of ``models.bundle.SCORED``, bit for bit the same."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle, checked against the digest it was logged with."""
        self.bundle = Bundle.load(Path(context.artifacts["bundle"]), str(context.model_config["sha256"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Scores of each row; the caller vouches that the columns are those of the bundle's catalogue."""
        manifest = self.bundle.manifest
        rows = Snapshot(
            table=pa.Table.from_pandas(model_input, preserve_index=False),
            as_ofs=(),
            catalogue_fingerprint=manifest.catalogue_fingerprint,
            policy_digest=manifest.policy_digest,
            ledger_digest=manifest.ledger_digest,
        )
        scores: pd.DataFrame = self.bundle.score(rows).to_pandas()
        return scores


set_model(ScoresOfBundle())
