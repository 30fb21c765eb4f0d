"""The verdict of a training: the model or rule that serves, the reason, and the places of its records."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from features.clock import AsOf
from models.bundle import Bundle
from models.registry import Promotion, record_of
from training.fitting.candidates import Rank
from training.selection.contest import CandidateScores
from training.selection.promotion import Decision
from training.selection.winner import Winner


@dataclass(frozen=True)
class Verdict:
    """The outcome of one training.

    Attributes:
        until: T. horizon_days, active_days: H and W.
        decision: the model or rule that serves, and every check behind it.
        bundle: of the winner. bundle_sha256: its digest.
        remarks: on how T, H and W were set. card: the model card, Markdown.
        run_id, tracking_uri: of the run in MLflow.
        seconds: duration of the training.
    """

    until: AsOf
    horizon_days: int
    active_days: int
    decision: Decision
    bundle: Bundle
    bundle_sha256: str
    remarks: tuple[str, ...]
    card: str
    run_id: str
    tracking_uri: str
    seconds: float

    @property
    def sentence(self) -> str:
        """The model or rule that serves, and the reason."""
        return self.decision.sentence

    @property
    def winner(self) -> Winner:
        """The winner, with the contest behind it."""
        return self.decision.winner

    @property
    def serving(self) -> Bundle:
        """The bundle that serves from now on: the winner's, or the champion's if it stays."""
        return self.bundle if self.decision.stays is None else self.decision.stays.bundle

    @property
    def figures(self) -> tuple[CandidateScores, ...]:
        """The scores of every candidate; none where no contest could be held."""
        return self.winner.outcome.figures if self.winner.outcome else ()

    def record(self) -> dict[str, Any]:
        """The verdict as JSON; an undefined figure is null."""
        outcome = self.winner.outcome
        improvement = outcome.improvement if outcome else None
        return {
            "served": self.serving.version,
            "is_rule": self.serving.is_rule,
            "promoted": self.decision.stays is None,
            "made": self.bundle.version,
            "sentence": self.sentence,
            "note": self.bundle.note,
            "remarks": list(self.remarks),
            "card": self.card,
            "until": str(self.until),
            "horizon_days": self.horizon_days,
            "active_days": self.active_days,
            "candidates": [_finite(asdict(scores)) for scores in self.figures],
            "skipped": outcome.skipped if outcome else {},
            "checks": [result.record() for result in self.decision.checks],
            "improvement": None if improvement is None else _finite(asdict(improvement)),
            "value_at_risk_by": str(self.winner.shortfall.kind),
            "money_found": {} if outcome is None else _finite({str(k): v for k, v in outcome.money.items()}),
            "circles": [] if outcome is None else [segment.record() for segment in outcome.segments],
            "made_of": {} if self.bundle.churn is None else self.bundle.churn.made_of,
            "usual_rates": asdict(self.winner.usual_rates),
            "carry": list(self.winner.reference.carry),
            "bundle_sha256": self.bundle_sha256,
            "mlflow_run": self.run_id,
            "mlflow_uri": self.tracking_uri,
            "seconds": round(self.seconds, 1),
        }

    def checks_record(self, promotion: Promotion) -> dict[str, Any]:
        """The checks and their consequence, as JSON; ``promotion``: the record of the winner, promoted or not."""
        return {
            "promoted": self.decision.stays is None,
            "served": self.serving.version,
            "promotion": record_of(promotion),
            "checks": [result.record() for result in self.decision.checks],
        }


def _finite(figures: dict[str, Any]) -> dict[str, Any]:
    def finite(value: Any) -> Any:
        if isinstance(value, Rank):
            return str(value)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {name: finite(value) for name, value in figures.items()}
