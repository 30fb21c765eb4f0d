"""Parameters, metrics and tags of a training in MLflow, by stable names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from features.clock import AsOf
from models.bundle import Bundle
from training.metrics import scoring as metrics
from training.metrics.segments import SegmentCalibration
from training.selection.out_of_sample import OutOfSample
from training.selection.winner import Winner


@dataclass(frozen=True)
class WindowFigures:
    """One candidate's figures of one unseen window; ``forecast`` and ``observed`` are mean rates."""

    origin: str
    customers: int
    forecast: float
    observed: float
    auc: float
    brier: float
    log_loss: float

    @property
    def metrics(self) -> dict[str, float]:
        """The finite figures, by name."""
        figures = {name: value for name, value in asdict(self).items() if name != "origin"}
        return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


FIGURES = ("auc", "brier", "log_loss", "calibration_error", "perfect_calibration_error", "money_found")


def parameters_of(winner: Winner, bundle: Bundle, until: AsOf, *, seed: int, unseen: Sequence[AsOf]) -> dict[str, Any]:
    """The settings of the training and its choices; ``unseen``: origins with closed or missing windows."""
    return {
        "until": str(until),
        "horizon_days": bundle.horizon_days,
        "active_days": bundle.active_days,
        "seed": seed,
        "origins": len(bundle.manifest.origins),
        "origins_unseen": ", ".join(str(origin.day) for origin in unseen) or "none",
        "served": winner.name,
        "value_at_risk_by": str(winner.shortfall.kind),
        "decline_by": (winner.outcome.decline if winner.outcome else None) or "churn",
        "calibrator": type(winner.churn.calibrator.curve).__name__.lower() if winner.churn else "none",
        **{f"carry_{band}": round(carry, 6) for band, carry in enumerate(winner.reference.carry)},
    }


def metrics_of(winner: Winner, seconds: float) -> dict[str, float]:
    """All figures: ``candidate.figure``, ``money_found.kind``, the Brier improvement, ``calibration.segment.name``."""
    metrics_by_name = {"seconds": seconds}
    metrics_by_name |= {f"usual_rate.{name}": rate for name, rate in vars(winner.usual_rates).items()}
    if winner.outcome is not None:
        for scores in winner.outcome.figures:
            metrics_by_name |= {f"{_slug(scores.name)}.{figure}": getattr(scores, figure) for figure in FIGURES}
        metrics_by_name |= {f"money_found.{_slug(str(kind))}": money for kind, money in winner.outcome.money.items()}
        for segment in winner.outcome.segments:
            metrics_by_name |= _of_segment(segment)
        if winner.outcome.improvement is not None:
            metrics_by_name |= {
                f"brier_improvement.{name}": bound for name, bound in vars(winner.outcome.improvement).items()
            }
    return {name: value for name, value in metrics_by_name.items() if math.isfinite(value)}


def _of_segment(segment: SegmentCalibration) -> dict[str, float]:
    figures = {"forecasts": float(segment.forecasts)} | (
        {} if segment.calibration is None else vars(segment.calibration)
    )
    return {f"calibration.{_slug(str(segment.circle))}.{name}": value for name, value in figures.items()}


def windows_of(unseen: OutOfSample | None) -> dict[str, list[WindowFigures]]:
    """Candidate → its figures at every contest origin, oldest first; empty where no contest was held."""
    if unseen is None:
        return {}
    windows = [(origin, unseen.rows.origin == origin) for origin in np.unique(unseen.rows.origin)]
    weight = unseen.rows.weight
    return {
        name: [
            WindowFigures(
                origin=str(np.datetime64(int(origin), "us").astype("datetime64[D]")),
                customers=int(rows.sum()),
                forecast=float(np.average(chance[rows], weights=weight[rows])),
                observed=float(np.average(unseen.churned[rows], weights=weight[rows])),
                auc=metrics.auc(chance[rows], unseen.churned[rows], weight[rows]),
                brier=metrics.brier(chance[rows], unseen.churned[rows], weight[rows]),
                log_loss=metrics.log_loss(chance[rows], unseen.churned[rows], weight[rows]),
            )
            for origin, rows in windows
        ]
        for name, chance in unseen.churn.items()
    }


def tags_of(bundle: Bundle, sha256: str) -> dict[str, str]:
    """The model's inputs, by digest."""
    manifest = bundle.manifest
    return {
        "served": manifest.version,
        "catalogue_fingerprint": manifest.catalogue_fingerprint,
        "policy_digest": manifest.policy_digest,
        "ledger_digest": manifest.ledger_digest,
        "code_version": manifest.code_version,
        "bundle_sha256": sha256,
        "mlflow.note.content": manifest.note,
    }


def _slug(name: str) -> str:
    return name.replace(" × ", "_times_").replace(" ", "_").replace("/", "_")
