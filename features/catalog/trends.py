"""The features of trends: season, dropped categories and products, pace, bookings."""

from __future__ import annotations

from features.catalog.definition import Feature, Unit
from features.catalog.orders import (
    DUE_GAP,
    GAPS_SEEN,
    NEVER_ORDERED,
    OPEN_SILENCE,
    QUARTER,
    SHUT_DAYS,
    SILENCE,
    TENURE,
    YEAR,
    net_sales,
)
from features.catalog.primitives import (
    Clipped,
    Column,
    Count,
    DaysSince,
    DaysUntil,
    Distinct,
    Expression,
    Max,
    Min,
    Minus,
    Number,
    OnRecord,
    Ratio,
    Rows,
    Sum,
    WhereKnown,
    Window,
)

BTYD = "BTYD: Fader, Hardie & Lee, Marketing Science 24(2), 2005"
SAME_WEEKS_LAST_YEAR = Window(379, 351)  # the 28 days around the as-of's day of last year
BEFORE_THOSE_WEEKS, A_YEAR_AGO = Window(None, 379), Window(None, 365)
NO_CUSTOMER_THEN = "no order before these weeks of last year"
NO_BOOKING = "no booking on record"

GAP_LAST_YEAR = Minus(
    DaysSince(Max(Rows.ORDER_DAYS, Column.DAY, A_YEAR_AGO)), DaysSince(Min(Rows.ORDER_DAYS, Column.DAY, YEAR))
)
DAYS_SPREAD_OVER = Clipped(TENURE, 90, 365)
SPEND_TO_REFERENCE = Ratio(Ratio(net_sales(QUARTER), net_sales(YEAR)), Ratio(Number(90), DAYS_SPREAD_OVER))


def _while_a_customer(value: Expression) -> WhereKnown:
    return WhereKnown(value, Min(Rows.ORDER_DAYS, Column.DAY, BEFORE_THOSE_WEEKS))


def _dropped(column: Column) -> Minus:
    return Minus(Distinct(Rows.PURCHASES, column, YEAR), Distinct(Rows.PURCHASES, column, QUARTER))


# fmt: off
SILENCE_IN_SEASON = (
    Feature("shut_days_since_last_order", Unit.DAYS, "days since the newest order day on which we were closed or of which the ledger misses all lines, as seen at 00:00", SHUT_DAYS, NEVER_ORDERED, "for {value} of those days we were closed or have no data", "docs/design.md 3, Due gap", learnable=False),
    Feature("order_days_same_weeks_last_year", Unit.COUNT, "order days in the 28 days around the as-of's day of last year", _while_a_customer(Count(Rows.ORDER_DAYS, SAME_WEEKS_LAST_YEAR)), NO_CUSTOMER_THEN, "ordered on {value} days in these four weeks of last year", "docs/domain.md 3"),
    Feature("net_sales_same_weeks_last_year", Unit.MONEY, "net sales in the 28 days around the as-of's day of last year", _while_a_customer(net_sales(SAME_WEEKS_LAST_YEAR)), NO_CUSTOMER_THEN, "bought for {value} in these four weeks of last year", "docs/domain.md 3"),
    Feature("gap_last_year_days", Unit.DAYS, "gap between orders that spanned this day a year ago", GAP_LAST_YEAR, "no order over 365 days ago, or none since", "left {value} days between orders around this day of last year", "docs/domain.md 3"),
    Feature("silence_to_gap_last_year", Unit.RATIO, "silence without shut days ÷ the gap that spanned this day a year ago", Ratio(OPEN_SILENCE, GAP_LAST_YEAR), "no order over 365 days ago, or none since", "silent {value} times as long as around this day of last year", "docs/domain.md 3"),
)

DROPPING_OUT = (
    Feature("categories_dropped_90_days", Unit.COUNT, "categories bought in 365 days but not in the last 90", _dropped(Column.CATEGORY), "bought, but no line names a category", "has not bought {value} of its categories for 90 days", "docs/domain.md 8"),
    Feature("products_dropped_90_days", Unit.COUNT, "products bought in 365 days but not in the last 90", _dropped(Column.PRODUCT), "bought, but no line names a product", "has not bought {value} of its products for 90 days", "docs/domain.md 8"),
    Feature("spend_to_reference_90_days", Unit.RATIO, "net sales of 90 days ÷ what 90 days bring at the pace of the last 365 (of its tenure, clipped to 90 to 365)", SPEND_TO_REFERENCE, "no net sales in 365 days", "bought {value} times its usual in the last 90 days", "docs/design.md 6, R"),
)

NEXT_ORDER = (
    Feature("days_to_next_order", Unit.DAYS, "due gap - silence without shut days; below 0 is overdue", Minus(DUE_GAP, OPEN_SILENCE), "never ordered, or no customer has 3 gaps", "the next order is due in {value} days", "docs/design.md 3, Overdue"),
    Feature("days_first_to_last_order", Unit.DAYS, "oldest to newest order day; its repeat order days are gap_count, its age is the tenure", Minus(TENURE, SILENCE), NEVER_ORDERED, "has ordered over {value} days", BTYD),
    Feature("repeat_order_size_mean", Unit.MONEY, "gross sales of its order days after the first ÷ their number", Ratio(Sum(Rows.GAPS, Column.AMOUNT), GAPS_SEEN), "under two order days", "an order after the first brought {value} on average", BTYD),
)

BOOKED = (
    Feature("booked_sales", Unit.MONEY, "sales known before they happen", OnRecord(Sum(Rows.COMMITMENTS, Column.AMOUNT), Rows.COMMITMENTS), NO_BOOKING, "has booked for {value}", "docs/design.md 3, Commitment"),
    Feature("booked_order_days", Unit.COUNT, "different days it has booked orders for", OnRecord(Distinct(Rows.COMMITMENTS, Column.ORDERED_FOR), Rows.COMMITMENTS), NO_BOOKING, "has booked orders on {value} days", "docs/design.md 3, Commitment"),
    Feature("days_to_booked_order", Unit.DAYS, "the nearest day it has booked for - as-of's day", DaysUntil(Min(Rows.COMMITMENTS, Column.ORDERED_FOR)), "nothing booked", "its next booked order comes in {value} days", "docs/design.md 3, Commitment"),
)
# fmt: on

TRENDS = SILENCE_IN_SEASON + DROPPING_OUT + NEXT_ORDER + BOOKED
