"""What a training came to: who is served and why, and where everything lies."""

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
        decision: who serves, and every check behind it.
        bundle: what was made. bundle_sha256: its digest.
        remarks: what a person should know of how T, H and W were set. card: the model card, Markdown.
        run_id, tracking_uri: where MLflow keeps the run.
        seconds: how long it took.
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
        """Who is served, and why."""
        return self.decision.sentence

    @property
    def winner(self) -> Winner:
        """What was made, with the contest behind it."""
        return self.decision.winner

    @property
    def serving(self) -> Bundle:
        """What serves from now on: what was made, or the champion that stays."""
        return self.bundle if self.decision.stays is None else self.decision.stays.bundle

    @property
    def figures(self) -> tuple[CandidateScores, ...]:
        """How every candidate did; none where no contest could be held."""
        return self.winner.outcome.figures if self.winner.outcome else ()

    def record(self) -> dict[str, Any]:
        """The verdict as JSON; a figure that cannot be told is null."""
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
            "candidates": [_known(asdict(each)) for each in self.figures],
            "skipped": outcome.skipped if outcome else {},
            "checks": [each.record() for each in self.decision.checks],
            "improvement": None if improvement is None else _known(asdict(improvement)),
            "value_at_risk_by": str(self.winner.shortfall.kind),
            "money_found": {} if outcome is None else _known({str(k): v for k, v in outcome.money.items()}),
            "circles": [] if outcome is None else [each.record() for each in outcome.segments],
            "made_of": {} if self.bundle.churn is None else self.bundle.churn.made_of,
            "usual_rates": asdict(self.winner.usual_rates),
            "carry": list(self.winner.reference.carry),
            "bundle_sha256": self.bundle_sha256,
            "mlflow_run": self.run_id,
            "mlflow_uri": self.tracking_uri,
            "seconds": round(self.seconds, 1),
        }

    def checks_record(self, promotion: Promotion) -> dict[str, Any]:
        """The checks and what came of them, as JSON; ``promotion`` is what was made, promoted or not."""
        return {
            "promoted": self.decision.stays is None,
            "served": self.serving.version,
            "promotion": record_of(promotion),
            "checks": [each.record() for each in self.decision.checks],
        }


def _known(figures: dict[str, Any]) -> dict[str, Any]:
    def known(value: Any) -> Any:
        if isinstance(value, Rank):
            return str(value)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {name: known(value) for name, value in figures.items()}
