"""A company whose calls halve the risk, trained anew every quarter: the chance stays the one without a call."""

from __future__ import annotations

from functools import cache

from benchmarks.accuracy.calls_halve_risk import RETRAININGS, Forecast, off_of_called, pooled, simulated


@cache
def forecasts() -> list[Forecast]:
    return simulated(customers=1200, seed=1)


def test_over_eight_quarterly_retrainings_the_uncalled_stay_calibrated() -> None:
    assert len(forecasts()) == RETRAININGS == 8
    slope, bias = pooled(forecasts(), "ours")
    assert 0.9 <= slope <= 1.1
    assert abs(bias) <= 0.02


def test_where_nobody_is_held_out_what_a_call_changes_is_an_input_set_to_none() -> None:
    all_called = simulated(customers=600, seed=2, held_out_share=0.0)
    ours, naive = (off_of_called(all_called, name) for name in ("ours", "naive"))
    assert abs(ours) <= 0.05
    assert naive < ours - 0.05


def test_a_training_that_takes_calls_for_nothing_drifts_below_what_comes() -> None:
    after_first = forecasts()[1:]
    slope, bias = pooled(after_first, "naive")
    assert bias < -0.02
    assert not 0.9 <= slope <= 1.1
