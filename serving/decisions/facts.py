"""Facts about one customer that a manager may be shown, and their wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from serving.decisions.wording import ago, counted, days, money, share

QUARTER_DAYS, YEAR_DAYS = 90, 365


@dataclass(frozen=True)
class CustomerFacts:
    """One customer as of a day; each attribute is the feature of that name; null: unknown."""

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
        """The facts of a row that has a value under each attribute's name."""
        return cls(**{name: row[name] for name in FACT_COLUMNS}, currency=currency)

    @property
    def rhythm_days(self) -> float | None:
        """The customer's median gap, from two gaps on; null before."""
        return self.gap_median_days if (self.gap_count or 0) >= 2 else None

    @property
    def silent_days(self) -> float:
        """Days since the last order; 0 where the customer never ordered."""
        return self.days_since_last_order or 0

    @property
    def is_customer_for_a_year(self) -> bool:
        """The first order was a year ago or earlier."""
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
        """Products bought in the last year but not in the last 90 days."""
        return int((self.products_365_days or 0) - (self.products_90_days or 0))

    @property
    def quarter_pace(self) -> float:
        """Net sales of 90 days at the pace of the last year."""
        return (self.net_sales_365_days or 0) * QUARTER_DAYS / YEAR_DAYS

    # The wording, as the sentences of the reasons use it.

    @property
    def rhythm_text(self) -> str:
        """``every 18 days``, ``every day``."""
        rhythm = round(self.rhythm_days or 0)
        return "almost every day" if rhythm <= 1 else f"every {rhythm} days"

    @property
    def silence_text(self) -> str:
        """``41 days``."""
        return days(self.silent_days)

    @property
    def longest_text(self) -> str:
        """``35 days``."""
        return days(self.gap_longest_days or 0)

    @property
    def sales_text(self) -> str:
        """``84,000 GBP a year``, ``84,000 GBP in its first 120 days``."""
        year = money(self.net_sales_365_days or 0, self.currency)
        if self.is_customer_for_a_year:
            return f"{year} a year"
        return f"{year} in its first {days(max(1, self.days_since_first_order or 0))}"

    @property
    def share_text(self) -> str:
        """``12 % of our sales``; of the group where the customer belongs to one."""
        prefix = "its group " if self.group_id not in (None, self.customer_id) else ""
        return f"{prefix}{share(self.company_share or 0)} of our sales"

    @property
    def key_text(self) -> str:
        """Why it is a key account, without its share of our sales, which is stated with its sales."""
        return ", ".join(reason for reason in self.key_reasons or () if not reason.endswith("of our sales"))

    @property
    def orders_text(self) -> str:
        """``one order so far``, ``two orders so far``."""
        count = int(self.order_days_lifetime or 0)
        return {1: "one order so far", 2: "two orders so far"}.get(count, f"{counted(count, 'order')} so far")

    @property
    def lifetime_sales_text(self) -> str:
        """``320 GBP``."""
        return money(self.net_sales_lifetime or 0, self.currency)

    @property
    def slower_text(self) -> str:
        """``38 % less``."""
        return f"{share(-self.pace_change)} less"

    @property
    def pace_text(self) -> str:
        """Net sales of 90 days at the year's pace: ``21,000 GBP``."""
        return money(self.quarter_pace, self.currency)

    @property
    def smaller_text(self) -> str:
        """``42 %``."""
        return share(-self.order_size_change)

    @property
    def year_before_text(self) -> str:
        """``35 %`` less than in the year before."""
        return share(1 - (self.net_sales_365_to_before_ratio or 0))

    @property
    def season_text(self) -> str:
        """Net sales of the coming 90 days a year ago: ``32,000 GBP``."""
        return money(self.net_sales_same_quarter_last_year or 0, self.currency)

    @property
    def returns_text(self) -> str:
        """``14 %``."""
        return share(self.returns_share_365_days or 0)

    @property
    def products_text(self) -> str:
        """``5 of 12 products``."""
        return f"{self.products_left_out} of {counted(int(self.products_365_days or 0), 'product')}"

    @property
    def margin_text(self) -> str:
        """``3 %``."""
        return share(self.margin_share_365_days or 0)

    @property
    def categories_text(self) -> str:
        """``2 of 5 categories``."""
        every = counted(int(self.categories_365_days or 0), "category", "categories")
        return f"{int(self.categories_dropped_90_days or 0)} of {every}"

    @property
    def booking_text(self) -> str:
        """``4,000 GBP, the next order in 12 days``."""
        wait = self.days_to_booked_order or 0
        return (
            f"{money(self.booked_sales or 0, self.currency)}, the next order {f'in {days(wait)}' if wait else 'today'}"
        )

    @property
    def our_silence_text(self) -> str:
        """``120 days``."""
        return days(self.days_since_our_last_contact or 0)

    @property
    def complaint_text(self) -> str:
        """``a complaint is open for 9 days``, ``2 complaints are open, the oldest for 9 days``, ``… since today``."""
        number, open_days = int(self.complaints_open or 0), self.complaint_open_days or 0
        since = f"for {days(open_days)}" if open_days else "since today"
        return f"{number} complaints are open, the oldest {since}" if number > 1 else f"a complaint is open {since}"

    @property
    def repeated_text(self) -> str:
        """``3 times``: complaints about something the customer had complained about before."""
        return counted(int(self.complaints_repeated_365_days or 0), "time")

    @property
    def new_buyer_text(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_buyer_change or 0)

    @property
    def new_owner_text(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_owner_change or 0)

    @property
    def new_supplier_text(self) -> str:
        """``12 days ago``."""
        return ago(self.days_since_new_supplier or 0)

    @property
    def overdue_text(self) -> str:
        """``4,000 GBP overdue, the oldest invoice for 12 days``."""
        oldest = days(self.invoice_overdue_days or 0)
        return f"{money(self.overdue_money or 0, self.currency)} overdue, the oldest invoice for {oldest}"

    @property
    def promise_text(self) -> str:
        """``3 order lines, promised up to 12 days ago``."""
        lines = counted(int(self.promises_broken or 0), "order line")
        return f"{lines}, promised up to {ago(self.promise_broken_days or 0)}"

    @property
    def years_text(self) -> str:
        """``6 years``."""
        return counted(int((self.days_since_first_order or 0) // YEAR_DAYS), "year")


FACT_COLUMNS: tuple[str, ...] = tuple(fact.name for fact in fields(CustomerFacts) if fact.name != "currency")
"""The columns a row needs to become CustomerFacts."""
