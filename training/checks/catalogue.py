"""The catalogue of leakage checks, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Needs(StrEnum):
    """The input of a check."""

    MAKER = "a feature maker"  # called repeatedly, on perturbed ledgers
    TABLE = "a table"  # finished features and the ledger suffice


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class FeatureCheck:
    """One question about features.

    Attributes:
        code: its lasting name; CF001 to CF099 ask whether features see the future.
        title: what is true where it passed.
        why: the reason it matters, for a data scientist.
        tells: the sentence where it failed, with {feature} and {what}.
    """

    code: str
    title: str
    why: str
    tells: str
    needs: Needs


LATER = FeatureCheck(
    "CF001",
    "what happened later changes nothing",
    "A feature that reads what comes after its instant forecasts the past and fails in service.",
    "{feature} knows what happened after the instant: it changes when {what}.",
    Needs.MAKER,
)
EDGE = FeatureCheck(
    "CF002",
    "the instant itself and the hours after it change nothing",
    "Only what lies strictly before the instant is known; <= for <, or days cut in another time zone, let hours in.",
    "{feature} reads beyond the edge of the instant: it changes when {what}.",
    Needs.MAKER,
)
KNOWN_LATER = FeatureCheck(
    "CF003",
    "what happened before and became known later changes nothing",
    "Late bookings look like the past in the ledger of today, but nobody had them on the day.",
    "{feature} knows rows before we did: it changes when {what}.",
    Needs.MAKER,
)
CORRECTED_LATER = FeatureCheck(
    "CF004",
    "corrections and cancellations known later change nothing",
    "On the day everybody saw the uncorrected row; a model must learn from that one.",
    "{feature} knows corrections before we did: it changes when {what}.",
    Needs.MAKER,
)
INNER_DATES = FeatureCheck(
    "CF005",
    "dates inside a row are not read before they come true",
    "A row is finished later than it began: delivered, closed or paid is written into it when that happens.",
    "{feature} reads the end of things before it came: it changes when {what}.",
    Needs.MAKER,
)
OTHERS = FeatureCheck(
    "CF006",
    "what other customers do later changes nothing",
    "Quantiles, ranks and means over a population are features too, and see only what was visible of everybody.",
    "{feature} knows what other customers do later: it changes when {what}.",
    Needs.MAKER,
)
STRANGERS = FeatureCheck(
    "CF007",
    "customers not known yet change nothing",
    "Who comes later is counted in no rank, no mean and no share before.",
    "{feature} knows customers before we did: it changes when {what}.",
    Needs.MAKER,
)
LEDGER_END = FeatureCheck(
    "CF008",
    "where the ledger ends changes nothing",
    "The ledger's last day moves every night; on the instant it was the instant itself.",
    "{feature} knows where the ledger ends or begins: it changes when {what}.",
    Needs.MAKER,
)
COMMITMENTS = FeatureCheck(
    "CF009",
    "a booking for later is not taken for a past order",
    "A commitment is known before it happens; it may feed features of its own, but is no order of the past.",
    "{feature} takes what is booked for a later day for an order of the past: it changes when {what}.",
    Needs.MAKER,
)
CONSEQUENCES = FeatureCheck(
    "CF010",
    "consequences of the score change nothing",
    "Who was listed and called was so because of the score: learnt from, the model would forecast itself.",
    "{feature} is a consequence of the score: it changes when {what}.",
    Needs.MAKER,
)
NAMES = FeatureCheck(
    "CF011",
    "a customer's id changes nothing",
    "What hangs on the id itself is learnt by heart: a hash, an encoding by outcomes, a table looked up from outside.",
    "{feature} hangs on the customer's id itself, or on a table made elsewhere: it changes when {what}.",
    Needs.MAKER,
)
ORDER = FeatureCheck(
    "CF012",
    "the order of rows changes nothing",
    "Rows have no order but their arrival; where they stand in the table differs between two exports.",
    "{feature} hangs on where rows stand in the ledger: it changes when {what}.",
    Needs.MAKER,
)
LATER_INSTANTS = FeatureCheck(
    "CF013",
    "instants asked for beside it change nothing that lies before them",
    "Means, scales and fillings over all instants of a training set carry the later ones into the earlier.",
    "{feature} looks across its instants: it changes when {what}.",
    Needs.MAKER,
)
EARLIER_INSTANTS = FeatureCheck(
    "CF014",
    "training and serving make the same",
    "At night one instant is asked for alone; what needs others beside it will not be there.",
    "{feature} is another in service than in training: it changes when {what}.",
    Needs.MAKER,
)
TWICE = FeatureCheck(
    "CF015",
    "made twice, it is the same",
    "What differs from run to run cannot be served as it was learnt, and cannot be checked.",
    "{feature} is not the same when it is made twice of the same ledger; no other check can tell more of it.",
    Needs.MAKER,
)
DISGUISED = FeatureCheck(
    "CF016",
    "no feature alone says who will order",
    "One column that tells the next window better than a model of everything known before is the label in disguise.",
    "{feature} is the label in disguise: {what}.",
    Needs.TABLE,
)
FORESEEING = FeatureCheck(
    "CF017",
    "nothing foretells what the past cannot explain",
    "Whatever a feature shares with days to come beyond all that is known before, it can only have from there.",
    "{feature} foretells what the past cannot explain: {what}.",
    Needs.TABLE,
)
OTHER_INSTANT = FeatureCheck(
    "CF018",
    "no column is a feature of a later instant",
    "A column that equals a known feature as of another instant, or with hindsight, was made too late.",
    "{feature} was made of a later instant: {what}.",
    Needs.TABLE,
)
TELLING_GAPS = FeatureCheck(
    "CF019",
    "what is missing says nothing of the label",
    "A cell that is empty exactly for those who leave was filled after they left.",
    "{feature} is missing where the label is: {what}.",
    Needs.TABLE,
)
CONSTANT = FeatureCheck(
    "CF020",
    "what never changes of a customer does not know its future",
    "A column that is one value per customer and foretells every window was encoded from those windows.",
    "{feature} is one value for each customer and knows its later windows: {what}.",
    Needs.TABLE,
)
IN_STEP = FeatureCheck(
    "CF021",
    "nothing changes only when the label does",
    "A column that moves between two instants exactly where the label does carries the label.",
    "{feature} moves in step with the label: {what}.",
    Needs.TABLE,
)

CHECKS: tuple[FeatureCheck, ...] = (
    *(LATER, EDGE, KNOWN_LATER, CORRECTED_LATER, INNER_DATES, OTHERS, STRANGERS, LEDGER_END, COMMITMENTS),
    *(CONSEQUENCES, NAMES, ORDER, LATER_INSTANTS, EARLIER_INSTANTS, TWICE),
    *(DISGUISED, FORESEEING, OTHER_INSTANT, TELLING_GAPS, CONSTANT, IN_STEP),
)
"""All checks, by code."""
