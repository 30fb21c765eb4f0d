"""The reasons shown to a manager about a customer, most important first, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from features.errors import CallfirstError
from serving.decisions.facts import QUARTER_DAYS, YEAR_DAYS, CustomerFacts

HALF_YEAR_DAYS = 182
"""For so long a change at the customer is news."""

MOST_REASONS = 4
"""A line shows at most so many; a fifth is not read before a call."""

RHYTHM_BEGINS = "usually orders"
"""How the sentences about a customer's rhythm begin; the page draws it instead."""


class ReasonError(CallfirstError):
    """A table of reasons that is inconsistent."""


@dataclass(frozen=True)
class CallReason:
    """One statement that may be true of a customer.

    Attributes:
        code: a stable name, for counting how often the reason is shown.
        priority: lower comes first; of two reasons of one topic only the first is shown.
        topic: the subject of the statement.
        applies: whether the statement is true of a customer.
        sentence: plain words; ``{f.…_text}`` stands for the wording of a fact.
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

    def sentence_about(self, facts: CustomerFacts) -> str:
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
    """Two orders a quarter or more; for a rarer buyer a thin quarter means nothing."""
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
    """Only for ranges a manager can hold in mind, and customers that ordered lately."""
    products = f.products_365_days or 0
    return 4 <= products <= 40 and (f.order_days_90_days or 0) >= 2 and 0.3 <= f.products_left_out / products < 1


def _categories_dropped(f: CustomerFacts) -> bool:
    """Only for customers that ordered lately; for the others the silence says it."""
    return (f.order_days_90_days or 0) >= 1 and 1 <= (f.categories_dropped_90_days or 0) < (f.categories_365_days or 0)


def _lately(days: float | None) -> bool:
    return days is not None and days <= HALF_YEAR_DAYS


def _promise_broken(f: CustomerFacts) -> bool:
    """After a year a promise no longer counts: the delivery was not recorded, or the order was forgotten."""
    return (f.promises_broken or 0) > 0 and (f.promise_broken_days or 0) <= YEAR_DAYS


def _margin_below(limit: float) -> Callable[[CustomerFacts], bool]:
    return lambda f: f.margin_share_365_days is not None and f.margin_share_365_days < limit


# fmt: off
REASONS: tuple[CallReason, ...] = (
    CallReason("newcomer", 0, "rhythm", _ordered_before_today,
           "new customer: {f.orders_text} for {f.lifetime_sales_text}, {f.silence_text} ago"),
    CallReason("newcomer_today", 0, "rhythm", lambda f: f.is_newcomer,
           "new customer: {f.orders_text} for {f.lifetime_sales_text}"),
    CallReason("silent_past_rhythm", 1, "rhythm", _silent_past_rhythm,
           f"{RHYTHM_BEGINS} {{f.rhythm_text}}, silent for {{f.silence_text}}"),
    CallReason("sales_and_share", 2, "money", _brings_a_share, "{f.sales_text}, {f.share_text}"),
    CallReason("sales", 2, "money", lambda f: _brings_money(f) and not f.is_newcomer, "{f.sales_text}"),
    CallReason("no_sales_kept", 2, "money", lambda f: (f.net_sales_365_days or 0) < 0,
           "returned more than it bought in the last year"),
    CallReason("key", 2, "key", lambda f: bool(f.key_text), "key: {f.key_text}"),
    CallReason("booked", 3, "booked", lambda f: f.days_to_booked_order is not None, "has booked {f.booking_text}"),
    CallReason("complaint_open", 3, "complaint", lambda f: (f.complaints_open or 0) > 0, "{f.complaint_text}"),
    CallReason("promise_broken", 3, "promise", _promise_broken, "waits for {f.promise_text}"),
    CallReason("overdue_invoice", 3, "payment",
           lambda f: f.invoice_overdue_days is not None and f.overdue_money is not None, "{f.overdue_text}"),
    CallReason("buyer_changed", 3, "buyer", lambda f: _lately(f.days_since_buyer_change),
           "its buyer changed {f.new_buyer_text}"),
    CallReason("owner_changed", 3, "owner", lambda f: _lately(f.days_since_owner_change),
           "its owner changed {f.new_owner_text}"),
    CallReason("new_supplier", 3, "supplier", lambda f: _lately(f.days_since_new_supplier),
           "took a new supplier {f.new_supplier_text}"),
    CallReason("complaint_repeated", 3, "complaint again", lambda f: (f.complaints_repeated_365_days or 0) > 0,
           "complained again about the same thing, {f.repeated_text} in a year"),
    CallReason("stopped_within_year", 3, "pace", _stopped_within_year,
           "bought nothing in the last 90 days; at its yearly pace it would be {f.pace_text}"),
    CallReason("slower", 3, "pace", _slower, "bought {f.slower_text} in the last 90 days than at its yearly pace"),
    CallReason("no_contact", 3, "contact", lambda f: (f.days_since_our_last_contact or 0) >= QUARTER_DAYS,
           "no contact from us for {f.our_silence_text}"),
    CallReason("longest_silence", 4, "longest", _silent_as_never_before,
           "never silent this long before (longest {f.longest_text})"),
    CallReason("returns", 5, "returns", lambda f: _brings_money(f) and (f.returns_share_365_days or 0) >= 0.1,
           "returns {f.returns_text} of sales"),
    CallReason("season_ahead", 6, "season", _season_ahead, "the 90 days ahead brought {f.season_text} last year"),
    CallReason("down_on_year_before", 7, "year", _down_on_year_before,
           "{f.year_before_text} less than in the year before"),
    CallReason("categories_dropped", 8, "products", _categories_dropped,
           "has not bought from {f.categories_text} for 90 days"),
    CallReason("products_left_out", 8, "products", _products_left_out,
           "has not bought {f.products_text} for 90 days"),
    CallReason("smaller_order", 9, "size",
           lambda f: (f.order_days_365_days or 0) >= 3 and f.order_size_change <= -0.4,
           "last order {f.smaller_text} smaller than usual"),
    CallReason("loss", 10, "margin", _margin_below(0.0), "costs us more than it pays"),
    CallReason("thin_margin", 11, "margin", _margin_below(0.05), "leaves us a margin of only {f.margin_text}"),
    CallReason("in_rhythm", 12, "rhythm", lambda f: f.rhythm_days is not None,
           f"{RHYTHM_BEGINS} {{f.rhythm_text}}, last {{f.silence_text}} ago"),
    CallReason("lapsed", 12, "rhythm", lambda f: f.population == "lapsed", "silent for {f.silence_text}"),
    CallReason("loyal", 13, "tenure", lambda f: (f.days_since_first_order or 0) >= 3 * YEAR_DAYS,
           "customer for {f.years_text}"),
)
# fmt: on
"""Every reason, by priority; a line never shows two of one topic."""


def reasons_of(facts: CustomerFacts) -> tuple[str, ...]:
    """The reasons about a customer, most important first, at most MOST_REASONS; none if it never ordered."""
    if facts.population == "never":
        return ()
    sentence_by_topic: dict[str, str] = {}
    for reason in REASONS:
        if reason.topic not in sentence_by_topic and reason.applies(facts):
            sentence_by_topic[reason.topic] = reason.sentence_about(facts)
        if len(sentence_by_topic) == MOST_REASONS:
            break
    return tuple(sentence_by_topic.values())
