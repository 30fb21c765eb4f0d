"""Why a row cannot be used: each reason with its sentence and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class QuarantineReason(StrEnum):
    """Why a row is in quarantine."""

    FIELDS = "wrong number of fields"
    HEADER = "header again"
    TOTAL = "total of rows above"
    CUSTOMER = "no customer"
    MANAGER = "no manager"
    OUTCOME = "no outcome"
    ID = "id cut short"
    COLLISION = "order number used twice"
    TEXT = "unusable text"
    WHEN = "unreadable date"
    WHEN_IMPOSSIBLE = "impossible date"
    AMOUNT = "unreadable amount"
    AMOUNT_LARGE = "amount too large"
    NUMBER = "unreadable number"
    SCALE = "score outside its scale"
    WORD = "unknown word"
    CONTRADICTION = "dates contradict"
    CURRENCY = "unknown currency"
    SIGN = "other currency sign"
    RATE = "no exchange rate"
    KNOWN_AT = "unreadable known-at"
    TWICE = "customer given twice"
    MANAGER_TWICE = "manager given twice"


@dataclass(frozen=True)
class Explanation:
    """What is wrong with a row, and what its sender can do."""

    sentence: str
    hint: str


EXPLANATIONS: Mapping[QuarantineReason, Explanation] = {
    QuarantineReason.FIELDS: Explanation(
        "The line has more or fewer fields than the header.", "Quote fields that hold the separator or a line break."
    ),
    QuarantineReason.HEADER: Explanation(
        "The line repeats the header: several files were joined.", "Nothing is lost; leave it out next time."
    ),
    QuarantineReason.TOTAL: Explanation(
        "The row is a total of the rows above it, not a sale.", "Nothing is lost; leave it out next time."
    ),
    QuarantineReason.CUSTOMER: Explanation("The row names no customer.", "Fill in the customer, or leave the row out."),
    QuarantineReason.MANAGER: Explanation("The row names no manager.", "Fill in the manager, or leave the row out."),
    QuarantineReason.OUTCOME: Explanation("The row has no outcome.", "Fill in the outcome, or leave the row out."),
    QuarantineReason.TEXT: Explanation(
        "A text holds a NUL or a broken character, or an id has a control character or more than 200 letters.",
        "Export the file as UTF-8 and check the row.",
    ),
    QuarantineReason.COLLISION: Explanation(
        "The file has the same order line for another customer on another day: neither row corrects the other.",
        "Make the numbers differ, for example by the year before them; or add a known_at column.",
    ),
    QuarantineReason.ID: Explanation(
        "An id is in scientific notation, as 1.23457E+11: a spreadsheet cut it short.",
        "Format its column as text or as whole numbers, and export again.",
    ),
    QuarantineReason.WHEN: Explanation(
        "The date is missing or ambiguous.",
        "Write dates as 2026-08-31 or 2026-08-31 14:30, with four digits for the year; a zone as +01:00.",
    ),
    QuarantineReason.WHEN_IMPOSSIBLE: Explanation(
        "The date is before 1901 or after 2199, as in a placeholder.", "Correct the year."
    ),
    QuarantineReason.AMOUNT: Explanation(
        "The amount is missing, no number, or not finite.", "Write amounts as 1234.50; a return as -1234.50."
    ),
    QuarantineReason.AMOUNT_LARGE: Explanation(
        "The amount has more than 14 digits before the point.", "Check whether the decimal sign was lost."
    ),
    QuarantineReason.NUMBER: Explanation(
        "The score or rate is missing, no number, or out of bounds: a rate lies above 0.", "Write numbers as 7.5."
    ),
    QuarantineReason.SCALE: Explanation(
        "The score is below 0 or above the best answer of its scale.",
        "Add a column score_max, or set survey_score_max in policy.toml.",
    ),
    QuarantineReason.WORD: Explanation(
        "The event is missing or unknown.",
        "Events are: buyer_changed, owner_changed, supplier_added, stock_out, price_rise, closed, data_missing.",
    ),
    QuarantineReason.CONTRADICTION: Explanation(
        "Two dates of the row contradict each other: closed or answered before opened, paid before invoiced, an end "
        "that does not lie after its beginning, or a call before its list.",
        "Correct one of them; an end is the first day after.",
    ),
    QuarantineReason.CURRENCY: Explanation(
        "The currency is not an ISO 4217 code.", "Write codes like EUR, GBP or USD."
    ),
    QuarantineReason.SIGN: Explanation(
        "The amount carries another currency sign than the row's currency, or than most amounts of a file that names "
        "no currency.",
        "Name each row's currency in a column of its own.",
    ),
    QuarantineReason.RATE: Explanation(
        "The row is in another currency than the ledger and no exchange rate of its day is known, or it names none.",
        "Load rates (callfirst ingest rates FILE) or name the currency (--currency), then ingest the file again.",
    ),
    QuarantineReason.KNOWN_AT: Explanation(
        "The instant at which the row became known cannot be read.", "Write it as 2026-08-31 14:30, or leave it empty."
    ),
    QuarantineReason.TWICE: Explanation(
        "The same customer or person comes again further down in the file with other values; that row is used.",
        "Keep one row per customer and person, or add a known_at column.",
    ),
    QuarantineReason.MANAGER_TWICE: Explanation(
        "The same manager comes again further down in the file with other values; that row is used.",
        "Keep one row per manager, or add a known_at column.",
    ),
}
