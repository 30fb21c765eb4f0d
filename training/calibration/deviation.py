"""A deviation told from offsets: every value it may have, weighed by how likely it makes them."""

from __future__ import annotations

import numpy as np

from features.snapshot import Floats


def posterior_deviation(offsets: Floats, variances: Floats, *, deviations: Floats, log_prior: Floats) -> float:
    """Root mean square deviation by which offsets scatter beyond their own variances; without any the prior's.

    Args:
        variances: of the offsets, by chance alone. deviations: those it may have. log_prior: of each of these.
    """
    squares = deviations**2
    variance = variances[None, :] + squares[:, None]
    score = -0.5 * np.sum(offsets**2 / variance + np.log(variance), axis=1) + log_prior
    likely = np.exp(score - score.max())
    return float(np.sqrt(likely @ squares / likely.sum()))
