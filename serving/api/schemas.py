"""Requests and answers of /v1, as OpenAPI shows them."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from features.ledger.ingest.push import Pushed
from features.ledger.reconciliation.tallies import Tally
from features.ledger.schema.quarantine_reasons import EXPLANATIONS
from serving.publication.publish import PublishedRun

LONGEST_ID = 200
MOST_IDS = 10_000


def _printable(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("holds a control character")
    return text


Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), AfterValidator(_printable)]


class Question(BaseModel):
    """Something asked: no field but those named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ScoresQuestion(Question):
    """Whose scores are asked."""

    customer_ids: list[Identifier] = Field(min_length=1, max_length=MOST_IDS)


class ListsQuestion(Question):
    """Whose call lists are asked; without a manager: every list the key may see."""

    manager_id: Identifier | None = None


class Answer(BaseModel):
    """Something answered."""

    model_config = ConfigDict(frozen=True)


class RunAnswer(Answer):
    """Which published run an answer is from."""

    as_of: AwareDatetime = Field(description="Based on what was known before this instant.")
    made_at: AwareDatetime
    model_version: str
    currency: str = Field(description="ISO 4217; XXX where the ledger names none.")
    horizon_days: int
    made_up: bool = Field(description="The ledger is a demo company's.")

    @classmethod
    def facts(cls, run: PublishedRun) -> dict[str, Any]:
        """The fields of this answer from a run."""
        inputs = run.inputs
        return {
            "as_of": inputs.as_of,
            "made_at": run.made_at,
            "model_version": inputs.model_version,
            "currency": inputs.currency,
            "horizon_days": inputs.horizon_days,
            "made_up": inputs.made_up,
        }


class Score(Answer):
    """One customer's score; the fields are the columns of the score file."""

    customer_id: str
    as_of: AwareDatetime = Field(
        description="That of the run; if newer rows came in, the server's clock at the refresh."
    )
    population: str = Field(description="active, lapsed or never")
    is_newcomer: bool
    churn_probability: float | None = Field(description="Chance of no order in the horizon without a call.")
    churn_low: float | None
    churn_high: float | None
    decline_probability: float | None = Field(description="Chance of no order, or under half of the reference.")
    reference_sales: float | None = Field(description="Sales in the horizon if it goes on as before.")
    expected_sales: float | None
    value_at_risk: float | None = Field(description="What we expect to lose in the horizon.")
    value_at_risk_low: float | None = Field(
        description="Lower end of the range in which similar accounts lose on average at 90 of 100 new dates."
    )
    value_at_risk_high: float | None
    at_risk: bool
    at_risk_because: str | None
    overdue_days: float | None = Field(
        description="Silence without shut days, less the due gap; above 0 means overdue."
    )
    rung: str
    is_key_account: bool
    key_reasons: str | None
    reasons: str | None
    model_version: str


class Customer(Score):
    """One customer's score, and what a list shows of it."""

    name: str | None
    manager_id: str | None
    sales_365_days: float | None
    last_order_on: date | None
    own_rhythm_days: float | None
    silent_days: int | None
    refreshed: bool = Field(description="Scored again since the run, as of the server's clock.")


class ScoresAnswer(RunAnswer):
    """Scores in the order asked, and the ids that are not known."""

    scores: list[Score]
    refreshed: list[str] = Field(description="Ids scored again since the run, as of the server's clock.")
    unknown: list[str] = Field(description="Requested ids that are not among the customers this key may see.")


class Line(Answer):
    """One call; the fields are the columns of the call list, and the section it stands in."""

    rank: int
    section: str = Field(description="key accounts, customers or newcomers")
    customer_id: str
    name: str | None
    is_key_account: bool
    at_risk_because: str | None
    reasons: str | None
    value_at_risk: float | None
    sales_365_days: float | None
    last_order_on: date | None
    own_rhythm_days: int | None
    silent_days: int | None
    play: str | None
    contact_person: str | None
    last_contact_on: date | None
    last_words: str | None
    open_complaints: int | None
    language: str | None


class CallListAnswer(Answer):
    """One manager's list."""

    list_id: str
    title: str
    manager_id: str | None
    notes: list[str]
    lines: list[Line]


class CallListsAnswer(RunAnswer):
    """The call lists of the newest run."""

    lists: list[CallListAnswer]


class TallyAnswer(Answer):
    """Rows and their money."""

    rows: int
    money: dict[str, str] = Field(description="Sum per currency; of orders and payments.")

    @classmethod
    def of(cls, tally: Tally) -> TallyAnswer:
        """A tally as it is answered."""
        return cls(rows=tally.rows, money={code: str(amount) for code, amount in tally.money.items()})


class RowFault(Answer):
    """A row that cannot be used."""

    row: int = Field(description="Its place in the body, from 0.")
    reason: str
    sentence: str
    hint: str


class PushAnswer(Answer):
    """What became of the rows: accepted + merged + quarantined = read, in rows and in money."""

    kind: str
    batch_id: int | None = Field(description="Id of the stored batch; null where nothing was stored.")
    read: TallyAnswer
    accepted: TallyAnswer = Field(description="New in the ledger.")
    merged: TallyAnswer = Field(description="There already.")
    quarantined: TallyAnswer = Field(description="Unusable; in quarantine.")
    corrections: int = Field(description="Accepted rows that correct an earlier row.")
    set_aside: dict[str, int] = Field(
        description="Column and the number of its values that cannot be used and are left empty."
    )
    faults: list[RowFault] = Field(description="The rows in quarantine, by place.")

    @classmethod
    def of(cls, pushed: Pushed) -> PushAnswer:
        """The account of a push as it is answered."""
        account = pushed.account
        return cls(
            kind=account.kind,
            batch_id=account.batch_id,
            read=TallyAnswer.of(account.read),
            accepted=TallyAnswer.of(account.accepted),
            merged=TallyAnswer.of(account.merged),
            quarantined=TallyAnswer.of(account.quarantined),
            corrections=account.corrections,
            set_aside=dict(account.set_aside),
            faults=[
                RowFault(
                    row=fault.place,
                    reason=fault.reason,
                    sentence=EXPLANATIONS[fault.reason].sentence,
                    hint=EXPLANATIONS[fault.reason].hint,
                )
                for fault in pushed.faults
            ],
        )


class Health(Answer):
    """The server answers."""

    status: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    errors: list[dict[str, str]] | None = None
