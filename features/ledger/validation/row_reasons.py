"""SQL that says why a row cannot be used, and which of its optional values cannot."""

from __future__ import annotations

from collections.abc import Sequence

from features.ledger.parsing.inference import Dialect
from features.ledger.parsing.layout import RowLayout
from features.ledger.parsing.numbers import is_other_sign
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import ColumnKind, ColumnSpec, Order, RecordType
from features.ledger.sql import at_utc, day_of, literal
from features.ledger.validation.row_values import has_owner, named_currency
from features.policy import Policy

LONGEST_ID = 200
CUT_SHORT = "^[0-9]([.,][0-9]+)?[eE][+][0-9]+$"  # as spreadsheets show numbers of too many digits
MISSING = {
    "customer_id": QuarantineReason.CUSTOMER,
    "manager_id": QuarantineReason.MANAGER,
    "outcome": QuarantineReason.OUTCOME,
}
"""Why a row without a required text cannot be used."""

Tests = list[tuple[str, QuarantineReason]]
"""SQL tests over the values, each with the reason why a row that meets it cannot be used."""


def reason_of(layout: RowLayout, dialect: Dialect, policy: Policy, from_price: str, currency: str) -> str:
    """SQL over the values: the first reason why the row cannot be used, or null."""
    required = [column for column in layout.record_type.columns if column.required]
    tests = [
        *_text_tests(layout, required),
        *(test for column in required for test in _value_tests(column, from_price)),
        *_currency_tests(layout, dialect, currency),
        *_other_tests(layout, policy),
    ]
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(reason)}" for test, reason in tests) + " END"


def _text_tests(layout: RowLayout, required: Sequence[ColumnSpec]) -> Tests:
    tests = [
        (f"{column.name} IS NULL", MISSING[column.name])
        for column in required
        if column.kind is ColumnKind.TEXT and column.name != "currency"
    ]
    if unusable := _unusable_texts(layout):
        tests.append((_any_of(unusable), QuarantineReason.TEXT))
    ids = [name for name in layout.columns if name.endswith("_id")]
    cut_short = [f"contains(lower({name}), 'e+') AND regexp_matches({name}, '{CUT_SHORT}')" for name in ids]
    return [*tests, (_any_of(cut_short) or "false", QuarantineReason.ID)]


def _any_of(tests: Sequence[str]) -> str:
    return " OR ".join(f"coalesce({test}, false)" for test in tests)


def _unusable_texts(layout: RowLayout) -> list[str]:
    """SQL tests of unusable texts; a tidy text can only be too long."""
    texts = [name for name, column in layout.columns.items() if column.kind is ColumnKind.TEXT]
    ids = [name for name in texts if name.endswith("_id")]
    untidy = [name for name in texts if name not in layout.tidy]
    return [
        *(f"contains({name}, chr(0)) OR contains({name}, chr(65533))" for name in untidy),
        *(f"length({name}) > {LONGEST_ID}" for name in ids),
        *(f"regexp_matches({name}, '[[:cntrl:]\\x{{80}}-\\x{{9F}}]')" for name in ids if name in untidy),
    ]


def _value_tests(column: ColumnSpec, from_price: str) -> Tests:
    """Tests of a required value that is not a text."""
    name = column.name
    match column.kind:
        case ColumnKind.INSTANT | ColumnKind.DAY:
            return [
                (f"{name}_read IS NULL", QuarantineReason.WHEN),
                (f"{name} IS NULL", QuarantineReason.WHEN_IMPOSSIBLE),
            ]
        case ColumnKind.MONEY:
            unread = "quantity_read IS NULL OR unit_price_read IS NULL" if from_price else f"{name}_read IS NULL"
            return [(unread, QuarantineReason.AMOUNT), (f"{name} IS NULL", QuarantineReason.AMOUNT_LARGE)]
        case ColumnKind.NUMBER | ColumnKind.PRECISE:
            return [(f"{name} IS NULL", QuarantineReason.NUMBER)]
        case ColumnKind.WORD | ColumnKind.WORDS | ColumnKind.YES_NO:
            return [(f"{name} IS NULL", QuarantineReason.WORD)]
    return []


def _currency_tests(layout: RowLayout, dialect: Dialect, currency: str) -> Tests:
    has_money = bool(layout.record_type.money)
    named = named_currency(layout, currency)
    signs = dialect.signs if has_money else {}
    tests = [(is_other_sign(name, of_column, named), QuarantineReason.SIGN) for name, of_column in signs.items()]
    if "currency" in layout.columns:
        codes = ", ".join(map(literal, sorted(CURRENCIES)))
        missing = "" if has_money else "currency IS NULL OR "
        tests.append((f"{missing}currency NOT IN ({codes})", QuarantineReason.CURRENCY))
    return tests


def _other_tests(layout: RowLayout, policy: Policy) -> Tests:
    record_type, columns = layout.record_type, layout.columns
    tests: Tests = []
    if "known_at" in columns:
        tests.append(("known_at_given AND known_at IS NULL", QuarantineReason.KNOWN_AT))
    if "score" in columns:
        scale = str(policy.survey_score_max)
        best = f"coalesce(score_max, {scale})" if "score_max" in columns else scale
        tests.append((f"score < 0 OR score > {best}", QuarantineReason.SCALE))
    return tests + [
        (_contradicts(record_type, order, policy.time_zone), QuarantineReason.CONTRADICTION)
        for order in record_type.in_order
        if order.earlier in columns and order.later in columns
    ]


def _contradicts(record_type: RecordType, order: Order, zone: str) -> str:
    """SQL: whether the later of two dates comes first; a date without a time is no earlier than its day."""
    has_day_only = {name: record_type.column(name).kind is ColumnKind.DAY for name in (order.earlier, order.later)}
    days = {name: name if is_day else day_of(name, zone) for name, is_day in has_day_only.items()}
    if not order.may_be_one_day:
        return f"{days[order.later]} <= {days[order.earlier]}"
    before = f"{days[order.later]} < {days[order.earlier]}"
    if any(has_day_only.values()):
        return before
    has_time = f"{order.later} <> {at_utc(f'CAST({days[order.later]} AS TIMESTAMP)', zone)}"
    return f"{before} OR ({order.later} < {order.earlier} AND {has_time})"


def may_be_set_aside(record_type: RecordType) -> tuple[ColumnSpec, ...]:
    """The optional columns whose unusable values become null; column i is bit i of ``checked.aside``."""
    return tuple(column for column in record_type.columns if column.may_be_set_aside)


def set_aside_bits(layout: RowLayout) -> str:
    """SQL: which optional values are given but unusable, as bits; see :func:`may_be_set_aside`."""
    bits = [
        f"(CASE WHEN {_is_unusable(layout, column)} THEN {1 << bit} ELSE 0 END)"
        for bit, column in enumerate(may_be_set_aside(layout.record_type))
        if column.name in layout.columns
    ]
    return " + ".join(bits) or "0"


def _is_unusable(layout: RowLayout, column: ColumnSpec) -> str:
    is_text = column.kind is ColumnKind.TEXT
    is_given = f"{column.name} IS NOT NULL" if is_text else f"{column.name}_given"
    tests = [] if is_text else [f"{is_given} AND {column.name} IS NULL"]
    tests += [f"{is_given} AND NOT {has_owner(layout, column)}"] if column.of else []
    return " OR ".join(tests)
