"""What a manager may be told about one customer, each fact with the words it is said in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from serving.decisions.wording import ago, counted, days, money, share

QUARTER_DAYS, YEAR_DAYS = 90, 365


@dataclass(frozen=True)
class CustomerFacts:
    """One customer as of a day; each attribute is the feature of that name, null where unknown."""

    customer_id: str
    currency: str
    population: str
    is_newcomer: bool
    group_id: str | None
    company_share: float | None
    key_reasons: Sequence[str] | None
    days_since_last_order: float | None
    days_since_first_order: float | None
    due_gap_days: float | None
    gap_count: float | None
    gap_median_days: float | None
    gap_longest_days: float | None
    order_days_lifetime: float | None
    order_days_90_days: float | None
    order_days_365_days: float | None
    net_sales_90_days: float | None
    net_sales_365_days: float | None
    net_sales_lifetime: float | None
    net_sales_365_to_before_ratio: float | None
    net_sales_same_quarter_last_year: float | None
    order_size_last: float | None
    order_size_mean_365_days: float | None
    products_90_days: float | None
    products_365_days: float | None
    returns_share_365_days: float | None
    margin_share_365_days: float | None
    categories_365_days: float | None
    categories_dropped_90_days: float | None
    booked_sales: float | None
    days_to_booked_order: float | None
    days_since_our_last_contact: float | None
    complaints_open: float | None
    complaint_open_days: float | None
    complaints_repeated_365_days: float | None
    days_since_buyer_change: float | None
    days_since_owner_change: float | None
    days_since_new_supplier: float | None
    overdue_money: float | None
    invoice_overdue_days: float | None
    promises_broken: float | None
    promise_broken_days: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any], currency: str) -> CustomerFacts:
        """The facts in a row that carries a value under each attribute's name."""
        return cls(**{name: row[name] for name in FACT_COLUMNS}, currency=currency)

    @property
    def rhythm_days(self) -> float | None:
        """Its own median gap, from two gaps on; null before, when nobody can speak of a rhythm."""
        return self.gap_median_days if (self.gap_count or 0) >= 2 else None

    @property
    def silent_days(self) -> float:
        """Days since its last order; 0 where it never ordered."""
        return self.days_since_last_order or 0

    @property
    def is_customer_for_a_year(self) -> bool:
        """Its first order lies a year back or more."""
        return (self.days_since_first_order or 0) >= YEAR_DAYS

    @property
    def pace_change(self) -> float:
        """Net sales of the last 90 days against the pace of the year, as a share: -0.38 is 38 % less."""
        year = self.net_sales_365_days or 0
        return (self.net_sales_90_days or 0) * YEAR_DAYS / (QUARTER_DAYS * year) - 1 if year > 0 else 0.0

    @property
    def order_size_change(self) -> float:
        """The last order against the mean of the year, as a share; 0 where either is unknown."""
        usual = self.order_size_mean_365_days or 0
        return (self.order_size_last or 0) / usual - 1 if usual > 0 else 0.0

    @property
    def products_left_out(self) -> int:
        """Products of the last year that it has not bought in the last 90 days."""
        return int((self.products_365_days or 0) - (self.products_90_days or 0))

    @property
    def quarter_pace(self) -> float:
        """What 90 days bring at the pace of the last year."""
        return (self.net_sales_365_days or 0) * QUARTER_DAYS / YEAR_DAYS

    # The words, as the sentences of the reasons use them.

    @property
    def said_rhythm(self) -> str:
        """``every 18 days``, ``every day``."""
        rhythm = round(self.rhythm_days or 0)
        return "almost every day" if rhythm <= 1 else f"every {rhythm} days"

    @property
    def said_silence(self) -> str:
        """``41 days``."""
        return days(self.silent_days)

    @property
    def said_longest(self) -> str:
        """``35 days``."""
        return days(self.gap_longest_days or 0)

    @property
    def said_sales(self) -> str:
        """``84,000 GBP a year``, ``84,000 GBP in its first 120 days``."""
        year = money(self.net_sales_365_days or 0, self.currency)
        if self.is_customer_for_a_year:
            return f"{year} a year"
        return f"{year} in its first {days(max(1, self.days_since_first_order or 0))}"

    @property
    def said_share(self) -> str:
        """``12 % of our sales``, of its group where it has one."""
        whose = "its group " if self.group_id not in (None, self.customer_id) else ""
        return f"{whose}{share(self.company_share or 0)} of our sales"

    @property
    def said_key(self) -> str:
        """Why it is a key account, where that is more than its share of our sales: that is said with its money."""
        return ", ".join(reason for reason in self.key_reasons or () if not reason.endswith("of our sales"))

    @property
    def said_orders(self) -> str:
        """``one order``, ``two orders``: of a newcomer."""
        count = int(self.order_days_lifetime or 0)
        return {1: "one order so far", 2: "two orders so far"}.get(count, f"{counted(count, 'order')} so far")

    @property
    def said_lifetime_sales(self) -> str:
        """``320 GBP``."""
        return money(self.net_sales_lifetime or 0, self.currency)

    @property
    def said_slower(self) -> str:
        """``38 % less``."""
        return f"{share(-self.pace_change)} less"

    @property
    def said_pace(self) -> str:
        """What a quarter brings at the year's pace: ``21,000 GBP``."""
        return money(self.quarter_pace, self.currency)

    @property
    def said_smaller(self) -> str:
        """``42 %``."""
        return share(-self.order_size_change)

    @property
    def said_year_before(self) -> str:
        """``35 %`` less than in the year before."""
        return share(1 - (self.net_sales_365_to_before_ratio or 0))

    @property
    def said_season(self) -> str:
        """What the coming 90 days brought a year ago: ``32,000 GBP``."""
        return money(self.net_sales_same_quarter_last_year or 0, self.currency)

    @property
    def said_returns(self) -> str:
        """``14 %``."""
        return share(self.returns_share_365_days or 0)

    @property
    def said_products(self) -> str:
        """``5 of 12 products``."""
        return f"{self.products_left_out} of {counted(int(self.products_365_days or 0), 'product')}"

    @property
    def said_margin(self) -> str:
        """``3 %``."""
        return share(self.margin_share_365_days or 0)

    @property
    def said_categories(self) -> str:
        """``2 of 5 categories``."""
        every = counted(int(self.categories_365_days or 0), "category", "categories")
        return f"{int(self.categories_dropped_90_days or 0)} of {every}"

    @property
    def said_booking(self) -> str:
        """``4,000 GBP, the next order in 12 days``."""
        wait = self.days_to_booked_order or 0
        return (
            f"{money(self.booked_sales or 0, self.currency)}, the next order {f'in {days(wait)}' if wait else 'today'}"
        )

    @property
    def said_our_silence(self) -> str:
        """``120 days``."""
        return days(self.days_since_our_last_contact or 0)

    @property
    def said_complaint(self) -> str:
        """``a complaint is open for 9 days``, ``2 complaints are open, the oldest for 9 days``, ``… since today``."""
        number, open_days = int(self.complaints_open or 0), self.complaint_open_days or 0
        since = f"for {days(open_days)}" if open_days else "since today"
        return f"{number} complaints are open, the oldest {since}" if number > 1 else f"a complaint is open {since}"

    @property
    def said_repeated(self) -> str:
        """``3 times``: complaints of what it had complained of before."""
        return counted(int(self.complaints_repeated_365_days or 0), "time")

    @property
    def said_new_buyer(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_buyer_change or 0)

    @property
    def said_new_owner(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_owner_change or 0)

    @property
    def said_new_supplier(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_new_supplier or 0)

    @property
    def said_overdue(self) -> str:
        """``4,000 GBP overdue, the oldest invoice for 12 days``."""
        oldest = days(self.invoice_overdue_days or 0)
        return f"{money(self.overdue_money or 0, self.currency)} overdue, the oldest invoice for {oldest}"

    @property
    def said_promise(self) -> str:
        """``3 order lines, promised up to 12 days ago``."""
        lines = counted(int(self.promises_broken or 0), "order line")
        return f"{lines}, promised up to {ago(self.promise_broken_days or 0)}"

    @property
    def said_years(self) -> str:
        """``6 years``."""
        return counted(int((self.days_since_first_order or 0) // YEAR_DAYS), "year")


FACT_COLUMNS: tuple[str, ...] = tuple(fact.name for fact in fields(CustomerFacts) if fact.name != "currency")
"""The columns a row must carry to become Facts."""
