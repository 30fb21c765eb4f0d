"""The features of payments and promised deliveries."""

from __future__ import annotations

from features.catalog.definition import Feature, Unit
from features.catalog.orders import YEAR, net_sales
from features.catalog.primitives import (
    Column,
    Count,
    DaysSince,
    Distinct,
    Expression,
    Max,
    Min,
    OnRecord,
    Ratio,
    Rows,
    Sum,
    WhereKnown,
)

NO_DUE_DAY = "no due day on record, or no unpaid invoice of the customer names one"
NO_DELIVERY = "no delivery on record, or the customer was never promised a day"


def _of_due(value: Expression) -> OnRecord:
    return OnRecord(WhereKnown(value, Distinct(Rows.UNPAID, Column.DUE)), Rows.UNPAID_TO_BE_DUE)


def _of_promises(value: Expression) -> OnRecord:
    """Unknown without any delivery on record: then a broken promise looks like a kept one that was not recorded."""
    return OnRecord(WhereKnown(value, Max(Rows.PROMISED, Column.DAY)), Rows.DELIVERIES)


OVERDUE_MONEY = _of_due(Sum(Rows.OVERDUE, Column.AMOUNT))

# fmt: off
PAYMENTS = (
    Feature("unpaid_money", Unit.MONEY, "invoices less credit notes that are not paid", OnRecord(Sum(Rows.UNPAID, Column.AMOUNT), Rows.UNPAID), "no invoice on record", "has {value} to pay", "docs/domain.md 6"),
    Feature("overdue_money", Unit.MONEY, "unpaid invoices whose due day is over", OVERDUE_MONEY, NO_DUE_DAY, "is behind with {value}", "docs/domain.md 6"),
    Feature("invoices_overdue", Unit.COUNT, "unpaid invoices whose due day is over", _of_due(Count(Rows.OVERDUE)), NO_DUE_DAY, "is behind with {value} invoices", "docs/domain.md 6"),
    Feature("invoice_overdue_days", Unit.DAYS, "days the oldest overdue invoice is overdue", DaysSince(Min(Rows.OVERDUE, Column.DAY)), "none is overdue", "an invoice has been overdue for {value} days", "docs/domain.md 6"),
    Feature("payment_delay_worst_365_days", Unit.DAYS, "longest delay of an invoice paid in the last 365 days; 0: all in time", Max(Rows.PAID, Column.DAYS_LATE, YEAR), "none with a due day was paid in 365 days", "paid up to {value} days late in a year", "docs/domain.md 6"),
    Feature("overdue_to_sales_ratio", Unit.RATIO, "overdue money ÷ net sales of 365 days", Ratio(OVERDUE_MONEY, net_sales(YEAR)), f"{NO_DUE_DAY}; or no net sales in 365 days", "is behind with {value} of a year's sales", "docs/domain.md 6"),
)

PROMISES = (
    Feature("late_delivery_share_365_days", Unit.SHARE, "share of the order lines delivered in the last 365 days that came after the day promised", Ratio(Count(Rows.LATE_DELIVERIES, YEAR), Count(Rows.DELIVERIES, YEAR)), "nothing promised was delivered in 365 days", "{value} of its deliveries in a year came late", "docs/domain.md 15"),
    Feature("delivery_delay_worst_365_days", Unit.DAYS, "longest delay of an order line delivered in the last 365 days; 0: all in time", Max(Rows.DELIVERIES, Column.DAYS_LATE, YEAR), "nothing promised was delivered in 365 days", "waited up to {value} days longer than promised in a year", "docs/domain.md 15"),
    Feature("promises_broken", Unit.COUNT, "order lines not delivered though the day promised is over", _of_promises(Count(Rows.BROKEN_PROMISES)), NO_DELIVERY, "waits for {value} order lines that we promised for an earlier day", "docs/domain.md 15"),
    Feature("promise_broken_days", Unit.DAYS, "days the oldest open broken promise is over", _of_promises(DaysSince(Min(Rows.BROKEN_PROMISES, Column.DAY))), f"none is broken; or {NO_DELIVERY}", "has waited {value} days longer than promised", "docs/domain.md 15"),
)
# fmt: on

OBLIGATIONS = PAYMENTS + PROMISES
