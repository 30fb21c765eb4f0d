"""The reasons: what is worth telling a manager about a customer, most telling first, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from features.errors import CallfirstError
from serving.decisions.facts import QUARTER_DAYS, YEAR_DAYS, CustomerFacts

HALF_YEAR_DAYS = 182
"""A change at the customer is news for so long."""

MOST_REASONS = 4
"""A line says at most so many; a fifth is not read before a call."""

RHYTHM_BEGINS = "usually orders"
"""How the sentences about a customer's rhythm begin; the page draws it instead."""


class ReasonError(CallfirstError):
    """A table of reasons that cannot hold."""


@dataclass(frozen=True)
class CallReason:
    """One thing that may be true of a customer.

    Attributes:
        code: its name; stable, for those who count how often it is given.
        priority: lower is said earlier; of two reasons of one topic only the first is said.
        topic: what it is about.
        applies: true of the customers it is told about.
        sentence: plain words; ``{f.said_…}`` stands for the fact in its words.
    """

    code: str
    priority: int
    topic: str
    applies: Callable[[CustomerFacts], bool]
    sentence: str

    def __post_init__(self) -> None:
        for _, name, _, _ in Formatter().parse(self.sentence):
            if name is not None and not hasattr(CustomerFacts, name.removeprefix("f.")):
                raise ReasonError(
                    f"The reason {self.code} speaks of '{name}', which is no fact.",
                    "Name an attribute of Facts.",
                )

    def said_of(self, facts: CustomerFacts) -> str:
        """The sentence about one customer."""
        return self.sentence.format(f=facts)


def _ordered_before_today(f: CustomerFacts) -> bool:
    return f.is_newcomer and f.silent_days >= 1


def _silent_past_rhythm(f: CustomerFacts) -> bool:
    return f.rhythm_days is not None and f.silent_days > f.rhythm_days


def _silent_as_never_before(f: CustomerFacts) -> bool:
    return (f.gap_count or 0) >= 3 and f.silent_days > (f.gap_longest_days or 0)


def _brings_money(f: CustomerFacts) -> bool:
    return (f.net_sales_365_days or 0) > 0


def _brings_a_share(f: CustomerFacts) -> bool:
    return _brings_money(f) and (f.company_share or 0) >= 0.01


def _orders_often(f: CustomerFacts) -> bool:
    """Two orders a quarter and more; for a rarer buyer a thin quarter says nothing."""
    return f.is_customer_for_a_year and (f.order_days_365_days or 0) * QUARTER_DAYS / YEAR_DAYS >= 2


def _stopped_within_year(f: CustomerFacts) -> bool:
    return _orders_often(f) and f.quarter_pace > 0 and (f.net_sales_90_days or 0) <= 0


def _slower(f: CustomerFacts) -> bool:
    return _orders_often(f) and (f.net_sales_90_days or 0) > 0 and f.pace_change <= -0.25


def _season_ahead(f: CustomerFacts) -> bool:
    last_year = f.net_sales_same_quarter_last_year or 0
    return f.is_customer_for_a_year and f.quarter_pace > 0 and last_year >= 1.3 * f.quarter_pace


def _down_on_year_before(f: CustomerFacts) -> bool:
    ratio = f.net_sales_365_to_before_ratio
    return ratio is not None and 0 <= ratio <= 0.75 and (f.days_since_first_order or 0) >= 2 * YEAR_DAYS


def _products_left_out(f: CustomerFacts) -> bool:
    """Told of ranges a manager can hold in mind, and of buyers who did order lately."""
    products = f.products_365_days or 0
    return 4 <= products <= 40 and (f.order_days_90_days or 0) >= 2 and 0.3 <= f.products_left_out / products < 1


def _categories_dropped(f: CustomerFacts) -> bool:
    """Told of buyers who did order lately; of the others the silence says it."""
    return (f.order_days_90_days or 0) >= 1 and 1 <= (f.categories_dropped_90_days or 0) < (f.categories_365_days or 0)


def _lately(days: float | None) -> bool:
    return days is not None and days <= HALF_YEAR_DAYS


def _promise_broken(f: CustomerFacts) -> bool:
    """After a year nobody waits for the goods: their delivery was not written down, or the order was forgotten."""
    return (f.promises_broken or 0) > 0 and (f.promise_broken_days or 0) <= YEAR_DAYS


def _margin_below(limit: float) -> Callable[[CustomerFacts], bool]:
    return lambda f: f.margin_share_365_days is not None and f.margin_share_365_days < limit


# fmt: off
REASONS: tuple[CallReason, ...] = (
    CallReason("newcomer", 0, "rhythm", _ordered_before_today,
           "new customer: {f.said_orders} for {f.said_lifetime_sales}, {f.said_silence} ago"),
    CallReason("newcomer_today", 0, "rhythm", lambda f: f.is_newcomer,
           "new customer: {f.said_orders} for {f.said_lifetime_sales}"),
    CallReason("silent_past_rhythm", 1, "rhythm", _silent_past_rhythm,
           f"{RHYTHM_BEGINS} {{f.said_rhythm}}, silent for {{f.said_silence}}"),
    CallReason("sales_and_share", 2, "money", _brings_a_share, "{f.said_sales}, {f.said_share}"),
    CallReason("sales", 2, "money", lambda f: _brings_money(f) and not f.is_newcomer, "{f.said_sales}"),
    CallReason("no_sales_kept", 2, "money", lambda f: (f.net_sales_365_days or 0) < 0,
           "returned more than it bought in the last year"),
    CallReason("key", 2, "key", lambda f: bool(f.said_key), "key: {f.said_key}"),
    CallReason("booked", 3, "booked", lambda f: f.days_to_booked_order is not None, "has booked {f.said_booking}"),
    CallReason("complaint_open", 3, "complaint", lambda f: (f.complaints_open or 0) > 0, "{f.said_complaint}"),
    CallReason("promise_broken", 3, "promise", _promise_broken, "waits for {f.said_promise}"),
    CallReason("overdue_invoice", 3, "payment",
           lambda f: f.invoice_overdue_days is not None and f.overdue_money is not None, "{f.said_overdue}"),
    CallReason("buyer_changed", 3, "buyer", lambda f: _lately(f.days_since_buyer_change),
           "its buyer changed {f.said_new_buyer}"),
    CallReason("owner_changed", 3, "owner", lambda f: _lately(f.days_since_owner_change),
           "its owner changed {f.said_new_owner}"),
    CallReason("new_supplier", 3, "supplier", lambda f: _lately(f.days_since_new_supplier),
           "took a new supplier {f.said_new_supplier}"),
    CallReason("complaint_repeated", 3, "complaint again", lambda f: (f.complaints_repeated_365_days or 0) > 0,
           "complained again of the same {f.said_repeated} in a year"),
    CallReason("stopped_within_year", 3, "pace", _stopped_within_year,
           "bought nothing in the last 90 days, at a year's pace {f.said_pace}"),
    CallReason("slower", 3, "pace", _slower, "bought {f.said_slower} in the last 90 days than a year's pace"),
    CallReason("no_contact", 3, "contact", lambda f: (f.days_since_our_last_contact or 0) >= QUARTER_DAYS,
           "no contact from us for {f.said_our_silence}"),
    CallReason("longest_silence", 4, "longest", _silent_as_never_before,
           "never silent so long before (longest {f.said_longest})"),
    CallReason("returns", 5, "returns", lambda f: _brings_money(f) and (f.returns_share_365_days or 0) >= 0.1,
           "returns {f.said_returns} of sales"),
    CallReason("season_ahead", 6, "season", _season_ahead, "the 90 days ahead brought {f.said_season} last year"),
    CallReason("down_on_year_before", 7, "year", _down_on_year_before,
           "{f.said_year_before} less than in the year before"),
    CallReason("categories_dropped", 8, "products", _categories_dropped,
           "has not bought from {f.said_categories} for 90 days"),
    CallReason("products_left_out", 8, "products", _products_left_out,
           "has not bought {f.said_products} for 90 days"),
    CallReason("smaller_order", 9, "size",
           lambda f: (f.order_days_365_days or 0) >= 3 and f.order_size_change <= -0.4,
           "last order {f.said_smaller} smaller than usual"),
    CallReason("loss", 10, "margin", _margin_below(0.0), "costs us more than it pays"),
    CallReason("thin_margin", 11, "margin", _margin_below(0.05), "leaves us only {f.said_margin} of its sales"),
    CallReason("in_rhythm", 12, "rhythm", lambda f: f.rhythm_days is not None,
           f"{RHYTHM_BEGINS} {{f.said_rhythm}}, last {{f.said_silence}} ago"),
    CallReason("lapsed", 12, "rhythm", lambda f: f.population == "lapsed", "silent for {f.said_silence}"),
    CallReason("loyal", 13, "tenure", lambda f: (f.days_since_first_order or 0) >= 3 * YEAR_DAYS,
           "customer for {f.said_years}"),
)
# fmt: on
"""Every reason, by priority; two of one topic never stand on one line."""


def reasons_of(facts: CustomerFacts) -> tuple[str, ...]:
    """What to tell about a customer, most telling first, at most MOST_REASONS; none for who never ordered."""
    if facts.population == "never":
        return ()
    told: dict[str, str] = {}
    for reason in REASONS:
        if reason.topic not in told and reason.applies(facts):
            told[reason.topic] = reason.said_of(facts)
        if len(told) == MOST_REASONS:
            break
    return tuple(told.values())
