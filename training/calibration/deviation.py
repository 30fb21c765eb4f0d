"""A deviation estimated from offsets: each possible value, weighed by its likelihood."""

from __future__ import annotations

import numpy as np

from features.snapshot import Floats


def posterior_deviation(offsets: Floats, variances: Floats, *, deviations: Floats, log_prior: Floats) -> float:
    """Root mean square deviation of offsets beyond their own variances; without offsets it is the prior's.

    Args:
        variances: of the offsets, by chance alone. deviations: the possible values. log_prior: of each of these.
    """
    squares = deviations**2
    variance = variances[None, :] + squares[:, None]
    score = -0.5 * np.sum(offsets**2 / variance + np.log(variance), axis=1) + log_prior
    likely = np.exp(score - score.max())
    return float(np.sqrt(likely @ squares / likely.sum()))
