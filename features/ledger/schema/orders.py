"""Order-line columns of the ledger, as data."""

from __future__ import annotations

from features.ledger.schema.column import DAY, INSTANT, MONEY, NUMBER, TEXT, ColumnSpec
from features.ledger.schema.shared import CURRENCY, CUSTOMER_ID, DEPARTMENT, KNOWN_AT, MANAGER_ID

ORDER_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "ordered_at",
        INSTANT,
        "when it was ordered",
        (
            "ts", "timestamp", "date", "datetime", "order date", "order time", "order datetime", "order timestamp",
            "ordered on", "order purchase timestamp", "invoice date", "invoice datetime", "transaction date",
            "trans date", "purchase date", "purchased at", "sale date", "sales date", "posting date", "document date",
            "happened at", "bestelldatum",
        ),
        required=True,
        day="order_day",
    ),
    ColumnSpec(
        "amount",
        MONEY,
        "money of the line, net of discount; below 0: a return",
        (
            "net amount", "line amount", "total amount", "sales amount", "order amount", "invoice amount",
            "transaction amount", "sales", "net sales", "sale amount", "sales value", "revenue", "net revenue",
            "turnover", "total", "line total", "order total", "total price", "total sales", "dollar value", "value",
            "net value", "order value", "line value", "extended price", "spend", "amt", "tran amount",
        ),
        required=True,
    ),
    ColumnSpec(
        "order_id",
        TEXT,
        "number of the order",
        (
            "order", "order no", "order number", "order code", "invoice", "invoice id", "invoice no", "invoice number",
            "transaction id", "receipt id", "receipt no", "document no", "document number", "bill no",
        ),
    ),
    ColumnSpec(
        "line_id",
        TEXT,
        "number of the line within the order",
        ("line no", "line number", "order line", "order line id", "order line number", "order item id", "invoice line"),
    ),
    ColumnSpec(
        "product_id",
        TEXT,
        "number or code of the product",
        (
            "product code", "product no", "product number", "sku", "stock code", "item id", "item code", "item no",
            "item number", "article", "article id", "article no", "article number", "material no", "upc", "ean",
        ),
    ),
    ColumnSpec(
        "category",
        TEXT,
        "group of products",
        ("product category", "category name", "product category name", "item category", "product group"),
    ),
    ColumnSpec(
        "quantity", NUMBER, "how many", ("qty", "units", "units sold", "order qty", "quantity ordered", "pieces")
    ),
    ColumnSpec("unit_price", NUMBER, "price of one", ("price", "price each", "item price", "selling price")),
    ColumnSpec("cost", MONEY, "what the whole line cost us", ("line cost", "total cost", "cogs", "cost of goods sold")),
    ColumnSpec("discount", MONEY, "money already taken off the amount", ("discount amount", "line discount", "rebate")),
    CURRENCY,
    DEPARTMENT,
    MANAGER_ID,
    ColumnSpec(
        "promised_on",
        DAY,
        "the day delivery was promised for",
        (
            "promised date", "promise date", "promised delivery date", "scheduled", "scheduled date",
            "scheduled delivery date", "expected delivery date", "estimated delivery date",
            "order estimated delivery date", "required date", "requested delivery date",
        ),
    ),
    ColumnSpec(
        "delivered_on",
        DAY,
        "the day it was delivered",
        (
            "delivered", "delivered at", "delivered date", "delivery date", "actual delivery date",
            "order delivered customer date",
        ),
    ),
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest orders`` may carry."""
