"""Every planted leak by its name: each reads what nobody could know. UNSEEN came after the checks."""

from __future__ import annotations

from typing import Any

from benchmarks.leak_trap.leak_frames import Across, Column
from benchmarks.leak_trap.leaks import across, borders, future, other_kinds, states, unseen, whole_ledger


def _by_name(*plants: Any) -> dict[str, Any]:
    return {plant.__name__: plant for plant in plants}


PLANTED: dict[str, Column] = _by_name(
    *future.PLANTS, *whole_ledger.PLANTS, *borders.PLANTS, *states.PLANTS, *other_kinds.PLANTS
)
PLANTED_ACROSS: dict[str, Across] = _by_name(*across.ACROSS)
UNSEEN: dict[str, Column] = _by_name(*unseen.PLANTS)
UNSEEN_ACROSS: dict[str, Across] = _by_name(*unseen.ACROSS)
