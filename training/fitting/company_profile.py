"""Here you find whether costs are known well enough for money at risk to be counted in margin."""

from __future__ import annotations

import numpy as np

from features.policy import Policy
from models.margin import Margin
from training.dataset.training_set import TrainingSet


def margin_of(rows: TrainingSet, policy: Policy) -> Margin | None:
    """The company's margin over a year before the newest of some origins; None: costs cover too little of net sales.

    One answer for the whole company: sales of one account and margin of another make no ranking.
    """
    days = rows.snapshot.as_of_days
    newest = rows.where((days == days.max()) & rows.active) if len(rows) else rows
    sales, cover, margin = (
        newest.snapshot.feature(f"{name}_365_days") for name in ("net_sales", "cost_cover_share", "margin_share")
    )
    told = float(np.sum(np.maximum(sales, 0.0)))
    covered = float(np.nansum(np.maximum(sales, 0.0) * cover))
    known = (sales > 0) & ~np.isnan(margin)
    if told <= 0 or covered / told < policy.cost_cover_share or not known.any():
        return None
    share = float(np.average(margin[known], weights=sales[known]))
    return Margin(float(np.clip(share, 0.0, 1.0)), covered / told)
