"""The features of orders, as data, and the expressions that other features share."""

from __future__ import annotations

from features.catalog.definition import Feature, Unit
from features.catalog.primitives import (
    LIFETIME,
    Column,
    CompanyMedian,
    Count,
    DaysSince,
    Deviation,
    Distinct,
    Last,
    Max,
    Min,
    Minus,
    Plus,
    Quantile,
    Ratio,
    Rows,
    Shrunken,
    ShutDaysSince,
    Sum,
    WhenAtLeast,
    Window,
)

WINDOW_DAYS = (30, 90, 180, 365, 730)
QUARTER, YEAR, BEFORE_LAST_YEAR = Window(90), Window(365), Window(730, 365)
SAME_QUARTER_LAST_YEAR = Window(365, 275)  # the 90 days that began a year before the as-of
RFM = "RFM: Hughes, Strategic Database Marketing, 1994"
NEVER_ORDERED = "never ordered"
NEVER = "never"

GAPS_SEEN = Count(Rows.GAPS)
GAP_TOTAL = Sum(Rows.GAPS, Column.DAYS)
GAP_MEAN = Ratio(GAP_TOTAL, GAPS_SEEN)
LAST_ORDER = Max(Rows.ORDER_DAYS, Column.DAY)
SILENCE = DaysSince(LAST_ORDER)
TENURE = DaysSince(Min(Rows.ORDER_DAYS, Column.DAY))
SHUT_DAYS = ShutDaysSince(LAST_ORDER)
OPEN_SILENCE = Minus(SILENCE, SHUT_DAYS)
OWN_DUE_GAP = Quantile(Rows.GAPS, Column.DAYS, 0.9)
COMPANY_GAP = CompanyMedian(OWN_DUE_GAP, GAPS_SEEN, least_count=3)
DUE_GAP = Shrunken(OWN_DUE_GAP, GAPS_SEEN, COMPANY_GAP, weight_setting="company_gap_weight")


def net_sales(window: Window) -> Sum:
    """Sales less returns in a window."""
    return Sum(Rows.LINES, Column.AMOUNT, window)


def _gross(window: Window) -> Sum:
    return Sum(Rows.SALES, Column.AMOUNT, window)


def _order_size(window: Window) -> Ratio:
    return Ratio(_gross(window), Count(Rows.ORDER_DAYS, window))


def _returns_share(window: Window) -> Ratio:
    sales_kept = Plus(_gross(window), Sum(Rows.RETURNS, Column.AMOUNT, window))
    return Ratio(Minus(_gross(window), sales_kept), _gross(window))


COST_COVER = Ratio(Sum(Rows.COSTED, Column.AMOUNT, YEAR), net_sales(YEAR))
MARGIN = Ratio(
    Minus(Sum(Rows.COSTED, Column.AMOUNT, YEAR), Sum(Rows.COSTED, Column.COST, YEAR)),
    Sum(Rows.COSTED, Column.AMOUNT, YEAR),
)
DISCOUNT = Sum(Rows.DISCOUNT_KNOWN, Column.DISCOUNT, YEAR)
LIST_PRICE = Plus(Sum(Rows.DISCOUNT_KNOWN, Column.AMOUNT, YEAR), DISCOUNT)

# fmt: off
RECENCY = (
    Feature("last_order_on", Unit.DATE, "newest order day", LAST_ORDER, NEVER_ORDERED, "last ordered on {value}", RFM, learnable=False),
    Feature("first_order_on", Unit.DATE, "oldest order day", Min(Rows.ORDER_DAYS, Column.DAY), NEVER_ORDERED, "first ordered on {value}", RFM, learnable=False),
    Feature("days_since_last_order", Unit.DAYS, "silence: as-of's day minus newest order day", SILENCE, NEVER_ORDERED, "silent for {value} days", "docs/design.md 3, Due gap"),
    Feature("days_since_first_order", Unit.DAYS, "tenure: as-of's day minus oldest order day", TENURE, NEVER_ORDERED, "customer for {value} days", RFM),
)

FREQUENCY = (
    *(Feature(f"order_days_{days}_days", Unit.COUNT, f"order days in the last {days} days", Count(Rows.ORDER_DAYS, Window(days)), NEVER, f"ordered on {{value}} days in the last {days}", RFM)
      for days in WINDOW_DAYS),
    Feature("order_days_lifetime", Unit.COUNT, "order days so far", Count(Rows.ORDER_DAYS), NEVER, "ordered on {value} days so far", RFM),
)

MONEY = (
    *(Feature(f"net_sales_{days}_days", Unit.MONEY, f"sales less returns in the last {days} days", net_sales(Window(days)), NEVER, f"bought for {{value}} in the last {days} days", RFM)
      for days in WINDOW_DAYS),
    Feature("net_sales_lifetime", Unit.MONEY, "sales less returns so far", net_sales(LIFETIME), NEVER, "bought for {value} so far", RFM),
    Feature("gross_sales_365_days", Unit.MONEY, "sales before returns in the last 365 days", _gross(YEAR), NEVER, "ordered for {value} in a year", RFM),
)

RHYTHM = (
    Feature("gap_count", Unit.COUNT, "gaps between successive order days", GAPS_SEEN, NEVER, "came back {value} times", "docs/domain.md 3"),
    Feature("gap_mean_days", Unit.DAYS, "mean gap", GAP_MEAN, "under two order days", "orders every {value} days on average", "docs/domain.md 3"),
    Feature("gap_median_days", Unit.DAYS, "median gap", Quantile(Rows.GAPS, Column.DAYS, 0.5), "under two order days", "usually orders every {value} days", "docs/domain.md 3"),
    Feature("gap_deviation_days", Unit.DAYS, "sample standard deviation of the gaps", Deviation(GAPS_SEEN, GAP_TOTAL, Sum(Rows.GAPS, Column.DAYS_SQUARED)), "under two gaps", "its rhythm varies by {value} days", "docs/domain.md 3"),
    Feature("gap_longest_days", Unit.DAYS, "longest gap", Max(Rows.GAPS, Column.DAYS), "under two order days", "was once silent for {value} days", "docs/domain.md 3"),
    Feature("gap_longest_365_days", Unit.DAYS, "longest gap that ended in the last 365 days", Max(Rows.GAPS, Column.DAYS, YEAR), "no gap ended in 365 days", "was silent for {value} days within a year", "docs/domain.md 1, advocate"),
    Feature("gap_last_days", Unit.DAYS, "gap before the newest order day", Last(Rows.GAPS, Column.DAYS), "under two order days", "the last order came after {value} days", "docs/domain.md 3"),
    Feature("own_due_gap_days", Unit.DAYS, "90th percentile of the gaps", OWN_DUE_GAP, "under two order days", "nine of ten orders come within {value} days", "docs/design.md 3, Due gap"),
    Feature("company_due_gap_days", Unit.DAYS, "median of own_due_gap_days over customers with 3 gaps, at 00:00 of the as-of's day", COMPANY_GAP, "no customer has 3 gaps", "our customers usually reorder within {value} days", "docs/design.md 3, Due gap", learnable=False),
    Feature("due_gap_days", Unit.DAYS, "own due gap drawn towards the company's", DUE_GAP, "no customer has 3 gaps", "an order is due within {value} days", "docs/design.md 3, Due gap"),
    Feature("silence_to_due_gap", Unit.RATIO, "silence without shut days ÷ due gap; above 1 is overdue", Ratio(OPEN_SILENCE, DUE_GAP), "never ordered, or no customer has 3 gaps", "silent {value} times its due gap", "docs/design.md 3, Overdue"),
    Feature("silence_to_gap_mean", Unit.RATIO, "silence ÷ mean gap", Ratio(SILENCE, GAP_MEAN), "under two order days", "silent {value} times its usual gap", "docs/domain.md 3"),
    Feature("gap_last_to_mean", Unit.RATIO, "last gap ÷ mean gap", Ratio(Last(Rows.GAPS, Column.DAYS), GAP_MEAN), "under two order days", "the last gap was {value} times the usual", "docs/domain.md 3"),
)

TREND = (
    Feature("order_days_90_to_365_share", Unit.SHARE, "share of the year's order days that lie in the last 90 days", Ratio(Count(Rows.ORDER_DAYS, QUARTER), Count(Rows.ORDER_DAYS, YEAR)), "no order in 365 days", "{value} of the year's orders came in the last 90 days", "docs/domain.md 10"),
    Feature("net_sales_90_to_365_share", Unit.SHARE, "net sales of 90 days ÷ net sales of 365 days", Ratio(net_sales(QUARTER), net_sales(YEAR)), "no net sales in 365 days", "{value} of the year's sales came in the last 90 days", "docs/domain.md 10"),
    Feature("net_sales_365_to_before_ratio", Unit.RATIO, "net sales of the last 365 days ÷ of the 365 days before", Ratio(net_sales(YEAR), net_sales(BEFORE_LAST_YEAR)), "no net sales in the year before", "bought {value} times what it bought the year before", "docs/domain.md 10"),
)

ORDER_SIZE = (
    Feature("order_size_mean_365_days", Unit.MONEY, "gross sales ÷ order days, 365 days", _order_size(YEAR), "no order in 365 days", "an order brings {value} on average", "docs/domain.md 10"),
    Feature("order_size_mean_lifetime", Unit.MONEY, "gross sales ÷ order days", _order_size(LIFETIME), NEVER_ORDERED, "an order brought {value} on average so far", "docs/domain.md 10"),
    Feature("order_size_last", Unit.MONEY, "sales of the newest order day, before returns", Last(Rows.ORDER_DAYS, Column.AMOUNT), NEVER_ORDERED, "the last order brought {value}", "docs/domain.md 10"),
    Feature("order_size_change_ratio", Unit.RATIO, "last order day's sales ÷ mean order size", Ratio(Last(Rows.ORDER_DAYS, Column.AMOUNT), _order_size(LIFETIME)), NEVER_ORDERED, "the last order was {value} times the usual size", "docs/domain.md 10"),
)

BREADTH = (
    Feature("products_90_days", Unit.COUNT, "different products bought in 90 days", Distinct(Rows.PURCHASES, Column.PRODUCT, QUARTER), NEVER, "bought {value} different products in 90 days", "docs/domain.md 4d"),
    Feature("products_365_days", Unit.COUNT, "different products bought in 365 days", Distinct(Rows.PURCHASES, Column.PRODUCT, YEAR), NEVER, "bought {value} different products in a year", "docs/domain.md 4d"),
    Feature("products_lifetime", Unit.COUNT, "different products bought so far", Distinct(Rows.PURCHASES, Column.PRODUCT), NEVER, "bought {value} different products so far", "docs/domain.md 4d"),
    Feature("categories_365_days", Unit.COUNT, "different categories bought in 365 days", Distinct(Rows.PURCHASES, Column.CATEGORY, YEAR), NEVER, "bought from {value} categories in a year", "docs/domain.md 4d"),
)

RETURNS = (
    Feature("returns_share_365_days", Unit.SHARE, "returned money ÷ gross sales, 365 days; may exceed 1 where the sale lies before", _returns_share(YEAR), "no sale in 365 days", "returned {value} of what it bought in a year", "docs/domain.md 11"),
    Feature("returns_share_lifetime", Unit.SHARE, "returned money ÷ gross sales", _returns_share(LIFETIME), "never bought", "returned {value} of what it bought so far", "docs/domain.md 11"),
)

SEASON = (
    Feature("order_days_same_quarter_last_year", Unit.COUNT, "order days in the 90 days that began 365 days before the as-of's day", Count(Rows.ORDER_DAYS, SAME_QUARTER_LAST_YEAR), NEVER, "ordered on {value} days in these three months of last year", "docs/design.md 3, Reference"),
    Feature("net_sales_same_quarter_last_year", Unit.MONEY, "net sales in the 90 days that began 365 days before the as-of's day", net_sales(SAME_QUARTER_LAST_YEAR), NEVER, "bought for {value} in these three months of last year", "docs/design.md 3, Reference"),
    Feature("buying_months_365_days", Unit.COUNT, "different calendar months with an order in 365 days", Distinct(Rows.PURCHASES, Column.MONTH, YEAR), NEVER, "bought in {value} months of the year", "docs/domain.md 3"),
)

TERMS = (
    Feature("discount_share_365_days", Unit.SHARE, "discount ÷ price before discount, sales with known discount, 365 days", Ratio(DISCOUNT, LIST_PRICE), "no sale with a known discount in 365 days", "gets {value} off the price", "docs/domain.md 19"),
    Feature("cost_cover_share_365_days", Unit.SHARE, "share of net sales whose cost is known, 365 days", COST_COVER, "no net sales in 365 days", "costs are known for {value} of its sales", "docs/domain.md 2", learnable=False),
    Feature("margin_share_365_days", Unit.SHARE, "margin ÷ net sales of lines with known cost, 365 days", WhenAtLeast(MARGIN, COST_COVER, setting="cost_cover_share"), "costs cover less of net sales than the policy asks", "leaves us {value} of its sales", "docs/domain.md 2"),
)

# fmt: on

ORDERS = RECENCY + FREQUENCY + MONEY + RHYTHM + TREND + ORDER_SIZE + BREADTH + RETURNS + SEASON + TERMS
