"""Here you find the column contract as data: what a row of each kind may carry, and the names it usually has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from features.ledger.ledger import LedgerError


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"


SQL_TYPES = {
    ColumnKind.TEXT: "VARCHAR",
    ColumnKind.MONEY: "DECIMAL(18,4)",
    ColumnKind.NUMBER: "DECIMAL(18,4)",
    ColumnKind.DAY: "DATE",
    ColumnKind.INSTANT: "TIMESTAMP",
}
"""How DuckDB keeps a checked value of each kind."""


class ColumnsError(LedgerError):
    """Columns that do not fit the contract: one is missing, or two want the same place."""


@dataclass(frozen=True)
class Column:
    """One column of the contract.

    Attributes:
        name: ours.
        kind: what it holds.
        meaning: in plain words.
        usual_names: how others call it; case, spaces and punctuation do not matter.
        required: a file without it cannot be read.
    """

    name: str
    kind: ColumnKind
    meaning: str
    usual_names: tuple[str, ...] = ()
    required: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """Its names, ours included, as they are compared."""
        return frozenset(name_key(name) for name in (self.name, *self.usual_names))


def name_key(name: str) -> str:
    """A column name as it is compared: letters and digits alone, lower case."""
    return re.sub(r"[\W_]+", "", name.casefold())


TEXT, MONEY, NUMBER, DAY, INSTANT = ColumnKind

CUSTOMER_ID = Column(
    "customer_id",
    TEXT,
    "the customer's own number or code",
    (
        "customer", "customer no", "customer number", "customer code", "customer key", "cust", "cust id", "cust no",
        "client", "client id", "client no", "account", "account id", "account no", "account number",
        "user id", "buyer id", "kundennummer", "kundennr",
    ),
    required=True,
)  # fmt: skip
DEPARTMENT = Column(
    "department", TEXT, "the department it belongs to", ("dept", "division", "business unit", "sales department")
)
MANAGER_ID = Column(
    "manager_id",
    TEXT,
    "the manager who looks after it",
    ("manager", "account manager", "account owner", "sales rep", "sales person", "sales manager", "rep id"),
)
KNOWN_AT = Column("known_at", INSTANT, "when we knew of the row", ("known on", "recorded at", "entered at"))

ORDER_COLUMNS: tuple[Column, ...] = (
    CUSTOMER_ID,
    Column(
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
    ),
    Column(
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
    Column(
        "order_id",
        TEXT,
        "number of the order",
        (
            "order", "order no", "order number", "order code", "invoice", "invoice id", "invoice no", "invoice number",
            "transaction id", "receipt id", "receipt no", "document no", "document number", "bill no",
        ),
    ),
    Column(
        "line_id",
        TEXT,
        "number of the line within the order",
        ("line no", "line number", "order line", "order line id", "order line number", "order item id", "invoice line"),
    ),
    Column(
        "product_id",
        TEXT,
        "number or code of the product",
        (
            "product code", "product no", "product number", "sku", "stock code", "item id", "item code", "item no",
            "item number", "article", "article id", "article no", "article number", "material no", "upc", "ean",
        ),
    ),
    Column(
        "category",
        TEXT,
        "group of products",
        ("product category", "category name", "product category name", "item category", "product group"),
    ),
    Column("quantity", NUMBER, "how many", ("qty", "units", "units sold", "order qty", "quantity ordered", "pieces")),
    Column("unit_price", NUMBER, "price of one", ("price", "price each", "item price", "selling price")),
    Column("cost", MONEY, "what the whole line cost us", ("line cost", "total cost", "cogs", "cost of goods sold")),
    Column("discount", MONEY, "money already taken off the amount", ("discount amount", "line discount", "rebate")),
    Column("currency", TEXT, "ISO 4217 code of the amount", ("currency code", "ccy", "curr", "iso currency")),
    DEPARTMENT,
    MANAGER_ID,
    Column(
        "promised_on",
        DAY,
        "the day delivery was promised for",
        (
            "promised date", "promise date", "promised delivery date", "scheduled", "scheduled date",
            "scheduled delivery date", "expected delivery date", "estimated delivery date",
            "order estimated delivery date", "required date", "requested delivery date",
        ),
    ),
    Column(
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

CUSTOMER_COLUMNS: tuple[Column, ...] = (
    CUSTOMER_ID,
    Column(
        "name",
        TEXT,
        "what the customer is called",
        ("customer name", "client name", "account name", "company", "company name"),
    ),
    Column(
        "parent_id",
        TEXT,
        "the customer it is a branch of",
        ("parent", "parent customer", "parent customer id", "parent account", "parent account id", "group id"),
    ),
    DEPARTMENT,
    MANAGER_ID,
    KNOWN_AT,
)
"""What a row of ``ingest customers`` may carry."""

KINDS: Mapping[str, tuple[Column, ...]] = {"orders": ORDER_COLUMNS, "customers": CUSTOMER_COLUMNS}
"""The kinds of rows that can come in today, each with its contract."""


def match_columns(
    found: Sequence[str], contract: Sequence[Column], mapping: Mapping[str, str], *, source: str
) -> dict[str, str]:
    """Which column of the source stands for which of ours: ours → theirs.

    What ``mapping`` says holds; then an exact name of the contract; then a usual name.

    Raises:
        ColumnsError: a required column is missing, two columns want the same place, or the mapping names
            something that is not there.
    """
    matched = {ours: _mapped(ours, theirs, found, contract, source) for ours, theirs in mapping.items()}
    free = [name for name in found if name not in matched.values()]
    for column in contract:
        if column.name in matched:
            continue
        candidates = [name for name in free if name_key(name) in column.keys]
        exact = [name for name in candidates if name == column.name] or [
            name for name in candidates if name_key(name) == name_key(column.name)
        ]
        candidates = exact or candidates
        if len(candidates) > 1:
            raise ColumnsError(
                f"{source}: the columns {_listed(candidates)} could each be {column.name} ({column.meaning}).",
                f'Say which one: --map "{column.name}={candidates[0]}".',
            )
        if candidates:
            matched[column.name] = candidates[0]
    _refuse_missing(found, matched, contract, source)
    return matched


def _mapped(ours: str, theirs: str, found: Sequence[str], contract: Sequence[Column], source: str) -> str:
    if ours not in {column.name for column in contract}:
        raise ColumnsError(
            f"--map names '{ours}', which is no column of ours.",
            f"Ours are: {', '.join(column.name for column in contract)}.",
        )
    same = [name for name in found if name == theirs] or [name for name in found if name_key(name) == name_key(theirs)]
    if len(same) != 1:
        raise ColumnsError(
            f"{source} has {'no' if not same else 'more than one'} column '{theirs}' for {ours}.",
            f"Its columns are: {_listed(found)}.",
        )
    return same[0]


def _refuse_missing(found: Sequence[str], matched: Mapping[str, str], contract: Sequence[Column], source: str) -> None:
    missing = [column for column in contract if column.required and column.name not in matched]
    if "quantity" in matched and "unit_price" in matched:
        missing = [column for column in missing if column.name != "amount"]
    if not missing:
        return
    unused = [name for name in found if name not in matched.values()] or ["THEIR COLUMN"]
    example = ",".join(f"{column.name}={unused[min(at, len(unused) - 1)]}" for at, column in enumerate(missing))
    raise ColumnsError(
        f"{source} has no column for {' and '.join(f'{column.name} ({column.meaning})' for column in missing)}; "
        f"it has: {_listed(found)}.",
        f'Say which one it is, for example: --map "{example}".',
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:30])
    return shown + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def parse_mapping(text: str) -> dict[str, str]:
    """What ``--map OURS=THEIRS,…`` says.

    Raises:
        ColumnsError: a part is not OURS=THEIRS, or ours is named twice.
    """
    mapping: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        ours, sign, theirs = part.partition("=")
        if not sign or not ours.strip() or not theirs.strip() or ours.strip() in mapping:
            raise ColumnsError(
                f"Cannot read '{part}' in --map.", 'Write it like: --map "amount=Net Sales,ordered_at=Day".'
            )
        mapping[ours.strip()] = theirs.strip()
    return mapping
