"""The order in which customers are called: by value at risk, ties by customer_id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats


def order_of(value_at_risk: Floats, customer_ids: Sequence[str]) -> npt.NDArray[np.intp]:
    """Row numbers, highest value first; equal values by customer_id ascending; unknown values last."""
    values = np.where(np.isnan(value_at_risk), -np.inf, value_at_risk)
    return np.lexsort((np.asarray(customer_ids, dtype=np.str_), -values))
