"""The usual rates behind 'at risk': the windows, customers and outcomes they count."""

from __future__ import annotations

from features.policy import Policy
from models.manifest import UsualRates
from models.reference import Reference
from tests.text_tables import POLICY, at, ledger
from training.dataset.folds import origins_of
from training.dataset.training_set import training_set
from training.fitting.company_profile import usual_rates

H = 100
UNTIL = "2026-12-31"
# T - 100, - 200, - 300, - 400: windows that close at T, T - 100, T - 200, T - 300; T - 500 closes T - 400: too long ago
ORIGINS = ["2026-09-22", "2026-06-14", "2026-03-06", "2025-11-26"]


def rates(orders: str, policy: Policy = POLICY) -> UsualRates:
    ends = "first | 2022-01-01 | 1\nlast | 2026-12-30 | 1\n"  # neither is active at an origin
    world = ledger(f"customer_id | ordered_at | amount\n{ends}{orders}", policy=policy)
    origins = origins_of(at(UNTIL), H, H, starts_on=world.starts_on, zone=policy.zone)
    rows = training_set(world, origins, H, policy)
    return usual_rates(rows, origins, Reference(H), active_days=H, policy=policy)


def orders(customer: str, *days: str, amount: int = 10) -> str:
    return "".join(f"{customer} | {day} | {amount}\n" for day in days)


def test_windows_that_closed_in_the_year_before_count_also_where_they_began_earlier() -> None:
    # active at each of the four origins, by an order 10 days before; it came back in the oldest window alone
    stays = orders("a", "2025-11-16", "2026-02-24", "2026-06-04", "2026-09-12")
    # 2025-11-26: comes back on 2026-02-24. 2026-03-06: on 06-04. 2026-06-14: on 09-12. 2026-09-22: never again
    assert rates(stays).before_due == 1 / 4


def test_a_window_that_closed_over_a_year_before_counts_no_more() -> None:
    # active at T - 500 (2025-08-18) alone, and never back
    assert rates(orders("b", "2025-08-08")).before_due == 0


def test_customers_due_only_after_the_horizon_do_not_count() -> None:
    # every 150 days. 2026-03-06 and 06-14: due in 40 and 90 days, and it came. 2025-11-26 and 2026-09-22: due in 140
    days = (
        "2023-10-28",
        "2024-03-26",
        "2024-08-23",
        "2025-01-20",
        "2025-06-19",
        "2025-11-16",
        "2026-04-15",
        "2026-09-12",
    )
    assert rates(orders("g", *days)).before_due == 0


def test_declining_counts_only_customers_with_three_orders_expected() -> None:
    every_ten_days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 10) for day in (1, 11, 21)]
    rate = rates(orders("often", *every_ten_days) + orders("once", "2026-09-12")).decline
    # "often" keeps on after 2026-03-06 and 06-14 and stops before 09-22; of "once" only one is expected
    assert rate == 1 / 3
