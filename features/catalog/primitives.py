"""The closed list of primitives a feature may be made of; each engine renders all of them.

A primitive aggregates one set of rows of one customer, as visible at one instant, over a window. Arithmetic combines
primitives into one number. Anything that is not in this file cannot be in a feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rows(StrEnum):
    """The set of rows that is aggregated; only rows visible at the as-of."""

    LINES = "lines"  # order lines, returns too
    SALES = "sales"  # order lines with an amount above 0, non-product lines too
    PURCHASES = "purchases"  # sales of a product: the lines that make an order
    RETURNS = "returns"  # order lines of a product with an amount below 0
    COSTED = "costed"  # order lines whose cost is known
    DISCOUNT_KNOWN = "discount_known"  # sales whose discount is known (0 counts as known)
    ORDER_DAYS = "order_days"  # calendar days with a purchase
    GAPS = "gaps"  # days between successive order days
    PROMISED = "promised"  # order lines that name the day promised
    COMMITMENTS = "commitments"  # sales known before they happen, as long as they have not
    DELIVERIES = "deliveries"  # order lines that were promised for a day and delivered
    LATE_DELIVERIES = "late_deliveries"  # deliveries after the promised day
    BROKEN_PROMISES = "broken_promises"  # order lines whose promised day is over, as long as they are not delivered
    CONTACTS = "contacts"  # contacts that no call list began
    OUR_CONTACTS = "our_contacts"  # contacts that we began
    THEIR_CONTACTS = "their_contacts"  # contacts that the customer began
    COMPLAINTS = "complaints"
    NAMED_COMPLAINTS = "named_complaints"  # complaints of a known kind
    OPEN_COMPLAINTS = "open_complaints"  # as long as they are not closed
    ANSWERED_COMPLAINTS = "answered_complaints"  # from their answer on
    SURVEYS = "surveys"
    UNPAID = "unpaid"  # invoices and credit notes as long as they are not paid
    UNPAID_TO_BE_DUE = "unpaid_to_be_due"  # unpaid rows that name their due day
    OVERDUE = "overdue"  # invoices whose due day is over, as long as they are not paid
    PAID = "paid"  # invoices with a due day, from the day after they were paid on
    PEOPLE = "people"  # people known at the customer, as they are known
    LEVELLED_PEOPLE = "levelled_people"  # people whose level is known
    BUYER_CHANGES = "buyer_changes"
    OWNER_CHANGES = "owner_changes"
    NEW_SUPPLIERS = "new_suppliers"


class Column(StrEnum):
    """The column of a row that is aggregated."""

    AMOUNT = "amount"  # of lines; of an order day, or the one a gap ends on: its sales, non-product lines too
    COST = "cost"
    DISCOUNT = "discount"
    PRODUCT = "product_id"
    CATEGORY = "category"
    MONTH = "month"  # calendar month of a line
    DAY = "day"  # of an order day
    DAYS = "days"  # length of a gap; from a complaint to its answer
    DAYS_SQUARED = "days_squared"
    DAYS_LATE = "days_late"  # from the day promised, or due, to the day delivered, or paid; 0 where it was in time
    ORDERED_FOR = "ordered_for"  # day of a commitment
    BY_US = "by_us"  # 1 where we began the contact, 0 where the customer did
    DUE = "due_on"  # day an invoice is to be paid by
    KIND = "kind"  # of a complaint
    SCORE_SHARE = "score_share"  # of the highest score there is
    PERSON = "person"
    LEVEL = "level"  # of a person


@dataclass(frozen=True)
class Window:
    """Business days back from the as-of's day: [as_of_day - start_days, as_of_day - end_days).

    ``start_days`` None reaches back to the customer's first row; ``end_days`` 0 ends at the as-of's instant.
    A gap belongs to the day it ends on.
    """

    start_days: int | None
    end_days: int = 0

    def __post_init__(self) -> None:
        if self.start_days is not None and self.start_days <= self.end_days:
            raise ValueError(f"a window of {self.start_days} to {self.end_days} days back is empty")


LIFETIME = Window(None)


@dataclass(frozen=True)
class Count:
    """Number of rows; 0 where there are none."""

    rows: Rows
    window: Window = LIFETIME


@dataclass(frozen=True)
class Sum:
    """Exact sum of a column; 0 where there are no rows."""

    rows: Rows
    column: Column
    window: Window = LIFETIME


@dataclass(frozen=True)
class Distinct:
    """Number of distinct known values; 0 where there are no rows, unknown where no row has a value.

    Only over order lines, in windows that end at the as-of: a value belongs to its newest day.
    """

    rows: Rows
    column: Column
    window: Window = LIFETIME

    def __post_init__(self) -> None:
        if self.window.end_days or self.rows in (Rows.ORDER_DAYS, Rows.GAPS):
            raise ValueError("distinct values are counted over order lines, in windows that end at the as-of")


@dataclass(frozen=True)
class Min:
    """Smallest value; unknown where there are no rows."""

    rows: Rows
    column: Column
    window: Window = LIFETIME


@dataclass(frozen=True)
class Max:
    """Largest value; unknown where there are no rows."""

    rows: Rows
    column: Column
    window: Window = LIFETIME


@dataclass(frozen=True)
class Last:
    """Newest known value; unknown where there is none."""

    rows: Rows
    column: Column


@dataclass(frozen=True)
class Quantile:
    """Quantile with linear interpolation between the two nearest values; unknown where there are no rows."""

    rows: Rows
    column: Column
    share: float


Primitive = Count | Sum | Distinct | Min | Max | Last | Quantile


@dataclass(frozen=True)
class Number:
    """The same whole number for all customers."""

    value: int


@dataclass(frozen=True)
class DaysSince:
    """Business days from a day to the as-of's day."""

    day: Primitive


@dataclass(frozen=True)
class DaysUntil:
    """Business days from the as-of's day to a day."""

    day: Primitive


@dataclass(frozen=True)
class ShutDaysSince:
    """Days between a day and the as-of's day, both excluded, that were closed or are missing in the ledger.

    As known at 00:00 of the as-of's day.
    """

    day: Primitive


@dataclass(frozen=True)
class OnRecord:
    """The value where any customer had a row of the set by 00:00 of the as-of's day; unknown as long as none had."""

    value: Expression
    rows: Rows


@dataclass(frozen=True)
class WhereKnown:
    """The value where the other value is known; else unknown."""

    value: Expression
    other: Expression


@dataclass(frozen=True)
class Clipped:
    """The value, but at least ``low`` and at most ``high``."""

    value: Expression
    low: int
    high: int


@dataclass(frozen=True)
class Minus:
    """First minus second; unknown where either is."""

    first: Expression
    second: Expression


@dataclass(frozen=True)
class Plus:
    """First plus second; unknown where either is."""

    first: Expression
    second: Expression


@dataclass(frozen=True)
class Ratio:
    """First ÷ second; unknown unless the second is above 0."""

    first: Expression
    second: Expression


@dataclass(frozen=True)
class Deviation:
    """Sample standard deviation from an exact count, sum and sum of squares; unknown under 2 rows."""

    count: Count
    total: Sum
    squares: Sum


@dataclass(frozen=True)
class WhenAtLeast:
    """The value where a share reaches the policy's setting of that name; unknown below."""

    value: Expression
    share: Expression
    setting: str


@dataclass(frozen=True)
class CompanyMedian:
    """Median of a value over the customers with at least ``least_count`` rows, as seen at 00:00 of the as-of's day."""

    value: Primitive
    count: Count
    least_count: int


@dataclass(frozen=True)
class Shrunken:
    """(n·own + w·company) ÷ (n + w), w the policy's setting; the company's alone where n is below the least count."""

    own: Primitive
    count: Count
    company: CompanyMedian
    weight_setting: str


Expression = (
    Primitive
    | Number
    | DaysSince
    | DaysUntil
    | ShutDaysSince
    | OnRecord
    | WhereKnown
    | Clipped
    | Minus
    | Plus
    | Ratio
    | Deviation
    | WhenAtLeast
    | CompanyMedian
    | Shrunken
)
