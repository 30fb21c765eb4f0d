"""The features of contacts, complaints, surveys and people."""

from __future__ import annotations

from features.catalog.definition import Feature, Unit
from features.catalog.orders import BEFORE_LAST_YEAR, SILENCE, YEAR
from features.catalog.primitives import (
    Column,
    Count,
    DaysSince,
    Distinct,
    Last,
    Max,
    Min,
    Minus,
    OnRecord,
    Ratio,
    Rows,
    Sum,
    WhereKnown,
    Window,
)

CONTACT_WINDOW_DAYS = (30, 90, 365)
SILENCE_OF_BOTH = DaysSince(Max(Rows.CONTACTS, Column.DAY))
NO_CONTACTS = "no contact on record, or no contact of the customer names who began it"
NO_COMPLAINTS = "no complaint on record"
NOT_ANSWERED = "no survey answered in 365 days"


def _contacts_begun(rows: Rows, days: int) -> OnRecord:
    window = Window(days)
    return OnRecord(WhereKnown(Count(rows, window), Distinct(Rows.CONTACTS, Column.BY_US, window)), rows)


def _score_mean(window: Window) -> Ratio:
    return Ratio(Sum(Rows.SURVEYS, Column.SCORE_SHARE, window), Count(Rows.SURVEYS, window))


def _change_features(rows: Rows, name: str, days_since: str, *, change: str) -> tuple[Feature, ...]:
    number, never = OnRecord(Count(rows, YEAR), rows), "no such event on record"
    return (
        Feature(
            name,
            Unit.COUNT,
            f"times in the last 365 days: {change}",
            number,
            never,
            f"{change}, {{value}} times in a year",
            "docs/domain.md 14",
        ),
        Feature(
            days_since,
            Unit.DAYS,
            f"days since the newest: {change}",
            DaysSince(Max(rows, Column.DAY)),
            "it never happened",
            f"{change}, {{value}} days ago",
            "docs/domain.md 14",
        ),
    )


# fmt: off
CONTACTS = (
    Feature("days_since_last_contact", Unit.DAYS, "silence on both sides: as-of's day minus the newest contact's that no call list began", SILENCE_OF_BOTH, "never in contact", "has had no contact with us for {value} days", "docs/domain.md 12"),
    Feature("days_since_our_last_contact", Unit.DAYS, "our silence: days since the newest contact we began", DaysSince(Max(Rows.OUR_CONTACTS, Column.DAY)), "we never began one", "no contact from us for {value} days", "docs/domain.md 12"),
    Feature("days_since_its_last_contact", Unit.DAYS, "days since the newest contact the customer began", DaysSince(Max(Rows.THEIR_CONTACTS, Column.DAY)), "it never began one", "has not made contact with us for {value} days", "docs/domain.md 12"),
    Feature("last_contact_by_us", Unit.COUNT, "who began the newest contact: 1 we, 0 the customer", Last(Rows.CONTACTS, Column.BY_US), "no contact names who began it", "began the last contact: {value} (1 we, 0 the customer)", "docs/domain.md 12"),
    *(Feature(f"contacts_{days}_days", Unit.COUNT, f"contacts in the last {days} days that no call list began", OnRecord(Count(Rows.CONTACTS, Window(days)), Rows.CONTACTS), "no contact on record", f"{{value}} contacts in the last {days} days", "docs/domain.md 12")
      for days in CONTACT_WINDOW_DAYS),
    *(Feature(f"contacts_by_us_{days}_days", Unit.COUNT, f"contacts of the last {days} days that we began", _contacts_begun(Rows.OUR_CONTACTS, days), NO_CONTACTS, f"we made contact {{value}} times in the last {days} days", "docs/domain.md 12")
      for days in CONTACT_WINDOW_DAYS),
    *(Feature(f"contacts_by_customer_{days}_days", Unit.COUNT, f"contacts of the last {days} days that the customer began", _contacts_begun(Rows.THEIR_CONTACTS, days), NO_CONTACTS, f"made contact with us {{value}} times in the last {days} days", "docs/domain.md 12")
      for days in CONTACT_WINDOW_DAYS),
    Feature("days_from_last_contact_to_last_order", Unit.DAYS, "contact silence - order silence; below 0: in contact since the last order", Minus(SILENCE_OF_BOTH, SILENCE), "never in contact, or never ordered", "the last contact came {value} days before the last order", "docs/domain.md 13"),
)

COMPLAINTS = (
    Feature("complaints_open", Unit.COUNT, "complaints that are not closed", OnRecord(Count(Rows.OPEN_COMPLAINTS), Rows.COMPLAINTS), NO_COMPLAINTS, "{value} complaints are open", "docs/domain.md 11"),
    Feature("complaint_open_days", Unit.DAYS, "days the oldest open complaint is open", DaysSince(Min(Rows.OPEN_COMPLAINTS, Column.DAY)), "none is open", "a complaint has been open for {value} days", "docs/domain.md 11"),
    Feature("complaints_365_days", Unit.COUNT, "complaints opened in the last 365 days", OnRecord(Count(Rows.COMPLAINTS, YEAR), Rows.COMPLAINTS), NO_COMPLAINTS, "complained {value} times in a year", "docs/domain.md 11"),
    Feature("complaints_repeated_365_days", Unit.COUNT, "complaints of the last 365 days beyond the first of their kind", OnRecord(Minus(Count(Rows.NAMED_COMPLAINTS, YEAR), Distinct(Rows.COMPLAINTS, Column.KIND, YEAR)), Rows.NAMED_COMPLAINTS), "no kind of complaint on record, or no complaint of the customer names one", "repeated a complaint {value} times in a year", "docs/domain.md 11"),
    Feature("complaint_answer_mean_days", Unit.DAYS, "mean days from complaint to answer, answers of the last 365 days", Ratio(Sum(Rows.ANSWERED_COMPLAINTS, Column.DAYS, YEAR), Count(Rows.ANSWERED_COMPLAINTS, YEAR)), "none was answered in 365 days", "waited {value} days for our answer on average", "docs/domain.md 11"),
    Feature("days_since_last_complaint", Unit.DAYS, "days since the newest complaint was opened", DaysSince(Max(Rows.COMPLAINTS, Column.DAY)), "never complained", "last complained {value} days ago", "docs/domain.md 11"),
)

SURVEYS = (
    Feature("survey_score_last_share", Unit.SHARE, "newest answer ÷ the best answer there is", Last(Rows.SURVEYS, Column.SCORE_SHARE), "no survey answered", "last scored us {value} of the best", "docs/domain.md 13"),
    Feature("survey_score_mean_365_days_share", Unit.SHARE, "mean answer ÷ the best answer there is, 365 days", _score_mean(YEAR), NOT_ANSWERED, "scored us {value} of the best in a year", "docs/domain.md 13"),
    Feature("survey_score_change", Unit.RATIO, "mean score of the last 365 days - of the 365 days before, as shares of the best", Minus(_score_mean(YEAR), _score_mean(BEFORE_LAST_YEAR)), "no survey answered in one of the two years", "its score changed by {value} of the best in a year", "docs/domain.md 13"),
    Feature("days_since_last_survey", Unit.DAYS, "days since the newest answer", DaysSince(Max(Rows.SURVEYS, Column.DAY)), "no survey answered", "last answered us {value} days ago", "docs/domain.md 13"),
)

PEOPLE = (
    Feature("people_known", Unit.COUNT, "people known at the customer", OnRecord(Distinct(Rows.PEOPLE, Column.PERSON), Rows.PEOPLE), "no person on record", "we know {value} people there", "docs/domain.md 14"),
    Feature("levels_known", Unit.COUNT, "different levels of the people known there: owner, head, buyer …", OnRecord(Distinct(Rows.PEOPLE, Column.LEVEL), Rows.LEVELLED_PEOPLE), "no level on record, or none of the customer's people has one", "we know people on {value} levels there", "docs/domain.md 14"),
    *_change_features(Rows.BUYER_CHANGES, "buyer_changes_365_days", "days_since_buyer_change", change="its buyer changed"),
    *_change_features(Rows.OWNER_CHANGES, "owner_changes_365_days", "days_since_owner_change", change="its owner changed"),
    *_change_features(Rows.NEW_SUPPLIERS, "new_suppliers_365_days", "days_since_new_supplier", change="it took a new supplier"),
)
# fmt: on

INTERACTIONS = CONTACTS + COMPLAINTS + SURVEYS + PEOPLE
