"""The sets of ledger rows that features aggregate: record type, when a row counts, and its day.

All of it is SQL over the views of ``Ledger.open()`` after ``define_days``, the same for every engine. A row of a stream
counts at an as-of where its ``happened`` and its visible_from lie before the as-of, and neither its replaced_at nor its
``until`` does. A later day that a row names never counts before the row itself has happened: an order that is not
placed yet breaks no promise, an invoice that is not written yet is not overdue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.catalog.primitives import Column, Rows
from features.ledger.sql import day_of, literal


@dataclass(frozen=True, eq=False)
class EventStream:
    """Rows of one record type that happen at the same kind of moment.

    Attributes:
        name: unique, an SQL identifier.
        view: of ``Ledger.open()``; has customer_id, visible_from, replaced_at and row_id.
        happened: SQL instant from which a row counts.
        day: SQL day that windows compare; later rows of a customer never have an earlier one.
        columns: SQL of each column that can be aggregated.
        until: SQL instant from which a row no longer counts; empty where it counts for good.
        where: SQL condition of every row.
        required_column: a column of the view; where it is always null, the stream has no rows.
    """

    name: str
    view: str
    happened: str
    day: str
    columns: Mapping[Column, str]
    until: str = ""
    where: str = "TRUE"
    required_column: str = "row_id"

    @property
    def begins(self) -> str:
        """SQL instant after which a row counts."""
        return f"greatest({self.happened}, visible_from)"

    @property
    def ends(self) -> str:
        """SQL instant after which a row no longer counts; null: it counts for good."""
        return f"least(replaced_at, {self.until})" if self.until else "replaced_at"


@dataclass(frozen=True)
class RowSet:
    """The rows of a stream for which a condition holds."""

    stream: EventStream
    condition: str = "TRUE"


ORDER_LINES = EventStream(
    "order_lines",
    view="order_lines",
    happened="ordered_at",
    day="order_day",
    columns={
        Column.AMOUNT: "amount",
        Column.COST: "cost",
        Column.DISCOUNT: "discount",
        Column.PRODUCT: "product_id",
        Column.CATEGORY: "category",
        Column.MONTH: "CAST(date_trunc('month', order_day) AS DATE)",
        Column.DAY: "order_day",
    },
)

COMMITMENTS = EventStream(
    "commitments",
    view="order_lines",
    happened="visible_from",
    day="business_day(visible_from)",
    until="ordered_at",
    where="visible_from < ordered_at AND amount > 0",
    columns={Column.AMOUNT: "amount", Column.ORDERED_FOR: "order_day"},
)
DELIVERIES = EventStream(
    "deliveries",
    view="order_lines",
    happened="greatest(ordered_at, end_of(delivered_on))",
    day="greatest(order_day, delivered_on)",
    where="delivered_on IS NOT NULL AND promised_on IS NOT NULL",
    columns={Column.DAYS_LATE: "greatest(delivered_on - promised_on, 0)"},
    required_column="delivered_on",
)
BROKEN_PROMISES = EventStream(
    "broken_promises",
    view="order_lines",
    happened="greatest(ordered_at, end_of(promised_on))",
    day="greatest(order_day, promised_on)",
    until="end_of(delivered_on)",
    where="promised_on IS NOT NULL AND coalesce(delivered_on > promised_on, TRUE)",
    columns={Column.DAY: "greatest(order_day, promised_on)"},
    required_column="promised_on",
)
CONTACTS = EventStream(
    "contacts",
    view="contacts",
    happened="contacted_at",
    day="business_day(contacted_at)",
    where="listed_on IS NULL",  # what a call list began is a consequence of the score
    columns={Column.DAY: "business_day(contacted_at)", Column.BY_US: "CAST(began_by = 'us' AS INTEGER)"},
)
COMPLAINTS = EventStream(
    "complaints",
    view="complaints",
    happened="opened_at",
    day="business_day(opened_at)",
    columns={Column.DAY: "business_day(opened_at)", Column.KIND: "complaint_kind"},
)
OPEN_COMPLAINTS = EventStream(
    "open_complaints",
    view="complaints",
    happened="opened_at",
    day="business_day(opened_at)",
    until="closed_at",
    columns={Column.DAY: "business_day(opened_at)"},
)
ANSWERED_COMPLAINTS = EventStream(
    "answered_complaints",
    view="complaints",
    happened="greatest(opened_at, answered_at)",
    day="business_day(greatest(opened_at, answered_at))",
    where="answered_at IS NOT NULL",
    columns={Column.DAYS: "greatest(business_day(answered_at) - business_day(opened_at), 0)"},
    required_column="answered_at",
)
SURVEYS = EventStream(
    "surveys",
    view="surveys",
    happened="answered_at",
    day="business_day(answered_at)",
    columns={
        Column.DAY: "business_day(answered_at)",
        Column.SCORE_SHARE: "CAST(CAST(score AS DOUBLE) / CAST(score_max AS DOUBLE) AS DECIMAL(18,4))",
    },
)
UNPAID = EventStream(
    "unpaid",
    view="payments",
    happened="invoiced_at",
    day="business_day(invoiced_at)",
    until="end_of(paid_on)",
    columns={Column.AMOUNT: "amount", Column.DUE: "due_on"},
)
OVERDUE = EventStream(
    "overdue",
    view="payments",
    happened="greatest(invoiced_at, end_of(due_on))",
    day="greatest(business_day(invoiced_at), due_on)",
    until="end_of(paid_on)",
    where="due_on IS NOT NULL AND amount > 0 AND coalesce(paid_on > due_on, TRUE)",
    columns={Column.AMOUNT: "amount", Column.DAY: "greatest(business_day(invoiced_at), due_on)"},
    required_column="due_on",
)
PAID = EventStream(
    "paid",
    view="payments",
    happened="greatest(invoiced_at, end_of(paid_on))",
    day="greatest(business_day(invoiced_at), paid_on)",
    where="paid_on IS NOT NULL AND due_on IS NOT NULL AND amount > 0",
    columns={Column.DAYS_LATE: "greatest(paid_on - due_on, 0)"},
    required_column="paid_on",
)
PEOPLE = EventStream(
    "people",
    view="people",
    happened="visible_from",
    day="business_day(visible_from)",
    columns={Column.PERSON: "person", Column.LEVEL: "level"},
)
EVENTS = EventStream(
    "events",
    view="events",
    happened="happened_at",
    day="business_day(happened_at)",
    where="customer_id IS NOT NULL",
    columns={Column.DAY: "business_day(happened_at)"},
)

SETS: Mapping[Rows, RowSet] = {
    Rows.LINES: RowSet(ORDER_LINES),
    Rows.SALES: RowSet(ORDER_LINES, "amount > 0"),
    Rows.PURCHASES: RowSet(ORDER_LINES, "makes_order"),
    Rows.RETURNS: RowSet(ORDER_LINES, "is_return"),
    Rows.COSTED: RowSet(ORDER_LINES, "cost IS NOT NULL"),
    Rows.DISCOUNT_KNOWN: RowSet(ORDER_LINES, "amount > 0 AND discount IS NOT NULL"),
    Rows.PROMISED: RowSet(ORDER_LINES, "promised_on IS NOT NULL"),
    Rows.COMMITMENTS: RowSet(COMMITMENTS),
    Rows.DELIVERIES: RowSet(DELIVERIES),
    Rows.LATE_DELIVERIES: RowSet(DELIVERIES, "delivered_on > promised_on"),
    Rows.BROKEN_PROMISES: RowSet(BROKEN_PROMISES),
    Rows.CONTACTS: RowSet(CONTACTS),
    Rows.OUR_CONTACTS: RowSet(CONTACTS, "began_by = 'us'"),
    Rows.THEIR_CONTACTS: RowSet(CONTACTS, "began_by = 'customer'"),
    Rows.COMPLAINTS: RowSet(COMPLAINTS),
    Rows.NAMED_COMPLAINTS: RowSet(COMPLAINTS, "complaint_kind IS NOT NULL"),
    Rows.OPEN_COMPLAINTS: RowSet(OPEN_COMPLAINTS),
    Rows.ANSWERED_COMPLAINTS: RowSet(ANSWERED_COMPLAINTS),
    Rows.SURVEYS: RowSet(SURVEYS),
    Rows.UNPAID: RowSet(UNPAID),
    Rows.UNPAID_TO_BE_DUE: RowSet(UNPAID, "due_on IS NOT NULL"),
    Rows.OVERDUE: RowSet(OVERDUE),
    Rows.PAID: RowSet(PAID),
    Rows.PEOPLE: RowSet(PEOPLE),
    Rows.LEVELLED_PEOPLE: RowSet(PEOPLE, "level IS NOT NULL"),
    Rows.BUYER_CHANGES: RowSet(EVENTS, "event = 'buyer_changed'"),
    Rows.OWNER_CHANGES: RowSet(EVENTS, "event = 'owner_changed'"),
    Rows.NEW_SUPPLIERS: RowSet(EVENTS, "event = 'supplier_added'"),
}
"""Every set but order days and gaps, which are made of purchases."""

ON_ORDER_DAYS = (Rows.ORDER_DAYS, Rows.GAPS)


def define_days(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """The macros ``business_day(instant)`` and ``end_of(day)`` (the day's last microsecond) exist in the connection.

    A row with only a day counts from the end of that day on.
    """
    day = day_of("moment", zone)
    day_end = f"timezone('UTC', timezone({literal(zone)}, CAST(day + 1 AS TIMESTAMP)))" if zone != "UTC" else "day + 1"
    connection.execute(f"CREATE OR REPLACE TEMP MACRO business_day(moment) AS {day}")
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO end_of(day) AS CAST({day_end} AS TIMESTAMP) - INTERVAL 1 MICROSECOND"
    )
