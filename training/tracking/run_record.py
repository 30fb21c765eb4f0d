"""What MLflow is told of a training: parameters, metrics and tags, by stable names."""

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
    """How one candidate forecast one window it had not seen; ``forecast`` and ``observed`` are mean rates."""

    origin: str
    customers: int
    forecast: float
    observed: float
    auc: float
    brier: float
    log_loss: float

    @property
    def metrics(self) -> dict[str, float]:
        """The figures that are known, by name."""
        told = {name: value for name, value in asdict(self).items() if name != "origin"}
        return {name: float(value) for name, value in told.items() if math.isfinite(value)}


FIGURES = ("auc", "brier", "log_loss", "calibration_error", "perfect_calibration_error", "money_found")


def parameters_of(chosen: Winner, bundle: Bundle, until: AsOf, *, seed: int, unseen: Sequence[AsOf]) -> dict[str, Any]:
    """How the training was set, and what was chosen; ``unseen``: origins whose windows are closed or missing."""
    return {
        "until": str(until),
        "horizon_days": bundle.horizon_days,
        "active_days": bundle.active_days,
        "seed": seed,
        "origins": len(bundle.manifest.origins),
        "origins_unseen": ", ".join(str(origin.day) for origin in unseen) or "none",
        "served": chosen.name,
        "value_at_risk_by": str(chosen.shortfall.kind),
        "decline_by": (chosen.outcome.decline if chosen.outcome else None) or "churn",
        "calibrator": type(chosen.churn.calibrator.curve).__name__.lower() if chosen.churn else "none",
        **{f"carry_{band}": round(carry, 6) for band, carry in enumerate(chosen.reference.carry)},
    }


def metrics_of(chosen: Winner, seconds: float) -> dict[str, float]:
    """Every candidate's figures as ``candidate.figure``, money found by each way of telling it, the difference, and
    how the served chances held as ``calibration.circle.figure``.
    """
    told = {"seconds": seconds}
    told |= {f"usual_rate.{name}": rate for name, rate in vars(chosen.usual_rates).items()}
    if chosen.outcome is not None:
        for each in chosen.outcome.figures:
            told |= {f"{_slug(each.name)}.{figure}": getattr(each, figure) for figure in FIGURES}
        told |= {f"money_found.{_slug(str(kind))}": found for kind, found in chosen.outcome.money.items()}
        for circle in chosen.outcome.segments:
            told |= _of_circle(circle)
        if chosen.outcome.improvement is not None:
            told |= {f"brier_improvement.{name}": bound for name, bound in vars(chosen.outcome.improvement).items()}
    return {name: value for name, value in told.items() if math.isfinite(value)}


def _of_circle(found: SegmentCalibration) -> dict[str, float]:
    told = {"forecasts": float(found.forecasts)} | ({} if found.calibration is None else vars(found.calibration))
    return {f"calibration.{_slug(str(found.circle))}.{name}": value for name, value in told.items()}


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
    """What the model was made of, by digest."""
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
