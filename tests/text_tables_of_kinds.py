"""One small drawn table of every kind, under the names that exports give their columns."""

from __future__ import annotations

import csv
import io

from tests.text_tables import table

KINDS_DRAWN = {
    "orders": """
        Customer No | Order Date | Order No | Line No | Net Amount | Currency
        a           | 2026-01-01 | o1       | 1       | 100.00     | EUR
        b           | 2026-01-02 | o2       | 1       | -20.50     | EUR
    """,
    "customers": """
        customer_id | Company    | Key Account | Annual Spend | Blacklisted | May Call | Contact Person | Role  | Level
        a           | Ann Ltd    | VIP; image  | 5000         | no          | y        | Joe            | buyer | staff
        a           |            |             |              |             |          | Sue            | owner | owner
        b           | Bob & Sons |             |              | да          |          |                |       |
    """,
    "contacts": """
        Customer | Activity ID | Activity Date    | Type       | Direction | With | Notes
        a        | 1           | 2026-01-05 10:00 | Phone call | outbound  | Joe  | asked for a price
        b        | 2           | 2026-01-06 11:00 | E-Mail     | incoming  |      |
    """,
    "complaints": """
        Customer | Ticket No. | Ticket Type | Created    | First Response | Resolved
        a        | 7          | late        | 2026-01-05 | 2026-01-06     | 2026-01-09
        a        | 8          | late        | 2026-02-05 |                |
    """,
    "surveys": """
        Customer | Response ID | Response Date | NPS | Comment
        a        | 1           | 2026-01-05    | 9   | fine
        b        | 2           | 2026-01-06    | 0   |
    """,
    "payments": """
        Customer | Invoice Number | Invoice Date | Due Date   | Paid At    | Invoice Amount | Currency
        a        | 1              | 2026-01-05   | 2026-01-19 | 2026-02-01 | 100.00         | EUR
        b        | 2              | 2026-01-06   | 2026-01-20 |            | 50.25          | EUR
    """,
    "events": """
        Customer | Event     | Date       | Until
                 | holidays  | 2026-01-05 | 2026-01-12
        a        | New Buyer | 2026-01-07 |
    """,
    "managers": """
        Manager | Full Name | Deputy | Absent From | Absent Until | E-Mail
        m1      | Maria     | m2     | 2026-01-05  | 2026-01-12   | maria@example.com
        m2      | Mark      |        |             |              |
    """,
    "calls": """
        Customer | Call No | Called At        | Manager | Listed   | Arm     | Propensity     | Play
        a        | 1       | 2026-01-05 09:00 | m1      | 20260105 | called  | 0.666666666667 | engage
        b        | 2       | 2026-01-05 09:00 | m1      | 20260105 | control | 0.333333333333 |
    """,
    "outcomes": """
        Customer | Call No | Date       | Result       | Reason
        a        | 1       | 2026-01-05 | will order   |
        b        | 2       | 2026-01-06 | not reached  |
    """,
    "rates": """
        Currency | Date       | Exchange Rate
        USD      | 2026-01-01 | 0.912345678901
        GBP      | 2026-01-01 | 1.15
    """,
}


def as_csv(drawing: str) -> str:
    """The drawn table as the text of a CSV file."""
    drawn, text = table(drawing), io.StringIO()
    csv.writer(text).writerows([drawn.column_names, *(row.values() for row in drawn.to_pylist())])
    return text.getvalue()
