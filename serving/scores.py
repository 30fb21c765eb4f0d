"""Scores: one row per customer as of an instant, with the columns other systems rely on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from features.atomic_write import atomic_write
from features.clock import AsOf
from features.errors import CallfirstError
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot
from features.standing.last_contact import LAST_CONTACT, last_contacts_at
from features.standing.population import Population, due_gap_days, overdue_days, population_of
from features.standing.standing import Standing, in_order_of, take_standing
from models.bundle import Bundle
from serving.decisions.at_risk import Candidates, because, judge
from serving.decisions.facts import FACT_COLUMNS, CustomerFacts
from serving.decisions.list_notes import CompanyContext
from serving.decisions.reasons import reasons_of
from serving.decisions.wording import joined
from serving.delivery.csv_files import write_csv

SCORES = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("as_of", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("population", pa.string(), nullable=False),
        pa.field("is_newcomer", pa.bool_(), nullable=False),
        pa.field("churn_probability", pa.float64()),
        pa.field("churn_low", pa.float64()),
        pa.field("churn_high", pa.float64()),
        pa.field("decline_probability", pa.float64()),
        pa.field("reference_sales", pa.float64()),
        pa.field("expected_sales", pa.float64()),
        pa.field("value_at_risk", pa.float64()),
        pa.field("value_at_risk_low", pa.float64()),
        pa.field("value_at_risk_high", pa.float64()),
        pa.field("at_risk", pa.bool_(), nullable=False),
        pa.field("at_risk_because", pa.string()),
        pa.field("overdue_days", pa.float64()),  # open silence less due gap: above 0 overdue, below 0 days to go
        pa.field("rung", pa.string(), nullable=False),
        pa.field("is_key_account", pa.bool_(), nullable=False),
        pa.field("key_reasons", pa.string()),
        pa.field("reasons", pa.string()),
        pa.field("model_version", pa.string(), nullable=False),
    ]
)
"""The columns of the score file; several reasons in one cell are separated by "; "."""

PROBABILITIES = ("churn_probability", "churn_low", "churn_high", "decline_probability")
MONEY = ("reference_sales", "expected_sales", "value_at_risk", "value_at_risk_low", "value_at_risk_high")
DETAILS = ("name", "group_id", "manager_id", "is_key_for_manager", "company_share")


class ScoresFileError(CallfirstError):
    """A file that the scores cannot be written to."""


@dataclass(frozen=True)
class ScoreTable:
    """Every customer known at the instant, sorted by customer_id.

    Attributes:
        table: the columns SCORES.
        details: the same rows: name, group_id, manager_id, is_key_for_manager, company_share, sales_365_days,
            last_order_on, own_rhythm_days, silent_days, LAST_CONTACT and open_complaints; lists show these, score
            files do not.
        company: facts about the whole company at the instant.
        ledger_digest, policy_digest: of the ledger and the policy the scores were made from.
    """

    table: pa.Table
    details: pa.Table
    as_of: AsOf
    company: CompanyContext
    ledger_digest: str
    policy_digest: str

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Scores and details together, one mapping per customer."""
        return rows_of(self.table, self.details)

    def write(self, path: Path) -> None:
        """Write the scores as CSV (RFC 4180, UTF-8) or Parquet, by the suffix.

        Raises:
            ScoresFileError: another suffix, or a place that cannot be written.
        """
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise ScoresFileError(f"Cannot write scores to {path}.", "Name a file that ends in .csv or .parquet.")
        try:
            if path.suffix.lower() == ".csv":
                columns = [column.to_pylist() for column in self.table.columns]
                write_csv(path, self.table.column_names, zip(*columns, strict=True))
            else:
                with atomic_write(path) as part:
                    pyarrow.parquet.write_table(self.table, part)
        except OSError as error:
            raise ScoresFileError(
                f"Cannot write scores to {path}: {error.strerror or error}.", "Choose another --out."
            ) from None


def score_customers(ledger: Ledger, as_of: AsOf, bundle: Bundle, policy: Policy) -> ScoreTable:
    """The scores of every customer known at ``as_of``.

    Probabilities are null for customers that never ordered and for lapsed ones, except key accounts within
    ``policy.lapsed_key_days`` of their last order.

    Raises:
        AsOfBeforeLedgerError: nothing was known yet.
    """
    snapshot = take_snapshot(ledger, [as_of], policy)
    standing = take_standing(ledger, snapshot, policy, active_days=bundle.active_days)
    table, details = score_snapshot(ledger, snapshot, standing.table, bundle, policy)
    details = _with_last_contacts(details, ledger, snapshot)
    population = table.column("population").to_pylist()
    return ScoreTable(
        table=table,
        details=details,
        as_of=as_of,
        company=_company_context(ledger, as_of, bundle, standing, population),
        ledger_digest=ledger.digest,
        policy_digest=policy.digest,
    )


def score_snapshot(
    ledger: Ledger, snapshot: Snapshot, standing: pa.Table, bundle: Bundle, policy: Policy
) -> tuple[pa.Table, pa.Table]:
    """The columns SCORES and the details (see ScoreTable, without the last contact) of a snapshot of one instant.

    Both have the snapshot's rows in its order. ``ledger`` holds at least the snapshot's customers; ``standing`` has the
    same rows and at least DETAILS, rung, is_newcomer, is_key_account and key_reasons.
    """
    (as_of,) = snapshot.as_ofs
    population = population_of(snapshot, bundle.active_days)
    is_key = standing.column("is_key_account").to_numpy(zero_copy_only=False).astype(bool)
    silence = snapshot.feature("days_since_last_order")
    lapsed_key = (population == Population.LAPSED) & is_key & (silence <= policy.lapsed_key_days)
    after_last_order = _after_last_order(ledger, snapshot.where(lapsed_key), policy)
    model_scores = probabilities_only_for(
        bundle.score(snapshot, after_last_order=after_last_order), (population == Population.ACTIVE) | lapsed_key
    )
    candidates = Candidates(
        population=population,
        silent_days=silence,
        shut_days=snapshot.feature("shut_days_since_last_order"),
        due_gap_days=due_gap_days(snapshot, bundle.active_days),
        churn_probability=_floats(model_scores, "churn_probability"),
        decline_probability=_floats(model_scores, "decline_probability"),
        orders_expected=_floats(model_scores, "orders_expected"),
        is_key_account=is_key,
    )
    usual, horizon_days = bundle.usual_rates, bundle.horizon_days
    at_risk = judge(candidates, usual=usual, horizon_days=horizon_days, policy=policy)
    why = because(at_risk, candidates, usual=usual, horizon_days=horizon_days, as_of_day=as_of.day)
    table = pa.table(
        {
            "customer_id": snapshot.table.column("customer_id"),
            "as_of": pa.array([as_of.instant] * len(snapshot), pa.timestamp("us", tz="UTC")),
            "population": pa.array(population.tolist(), pa.string()),
            "is_newcomer": standing.column("is_newcomer"),
            **{name: model_scores.column(name) for name in (*PROBABILITIES, *MONEY)},
            "at_risk": pa.array(at_risk.flags),
            "at_risk_because": pa.array(why, pa.string()),
            "overdue_days": _doubles(overdue_days(snapshot, bundle.active_days)),
            "rung": standing.column("rung"),
            "is_key_account": standing.column("is_key_account"),
            "key_reasons": _joined(standing.column("key_reasons").to_pylist()),
            "reasons": _joined(_reasons(snapshot, standing, population.tolist(), ledger.currency)),
            "model_version": pa.array([bundle.version] * len(snapshot), pa.string()),
        }
    ).cast(SCORES)
    return table, _details(snapshot, standing)


def rows_of(table: pa.Table, details: pa.Table) -> list[dict[str, Any]]:
    """Scores and details together, one mapping per customer."""
    for name in details.column_names:
        table = table.append_column(name, details.column(name))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _after_last_order(ledger: Ledger, lapsed: Snapshot, policy: Policy) -> Snapshot | None:
    """Each lapsed customer on the day after its last order day, at which its reference sales are estimated."""
    if not len(lapsed):
        return None
    last_days = lapsed.table.column("last_order_on").to_pylist()
    day_after = {
        customer_id: AsOf.of_day(last_day + timedelta(days=1), policy.zone)
        for customer_id, last_day in zip(lapsed.customer_ids, last_days, strict=True)
    }
    snapshots = take_snapshot(ledger, sorted(set(day_after.values())), policy)
    keys = snapshots.table.select(["customer_id", "as_of"]).to_pylist()
    is_day_after = [
        row["customer_id"] in day_after and row["as_of"] == day_after[row["customer_id"]].naive for row in keys
    ]
    return snapshots.where(np.array(is_day_after, dtype=np.bool_))


def probabilities_only_for(scores: pa.Table, keep: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    """The scores with null probabilities wherever ``keep`` is false."""
    mask = pa.array(keep)
    for name in PROBABILITIES:
        kept = pc.if_else(mask, scores.column(name), pa.scalar(None, pa.float64()))
        scores = scores.set_column(scores.column_names.index(name), name, kept)
    return scores


def _details(snapshot: Snapshot, standing: pa.Table) -> pa.Table:
    rhythm = np.where(snapshot.feature("gap_count") >= 2, snapshot.feature("gap_median_days"), np.nan)
    return pa.table(
        {
            **{name: standing.column(name) for name in DETAILS},
            "sales_365_days": snapshot.table.column("net_sales_365_days").cast(pa.float64()),
            "last_order_on": snapshot.table.column("last_order_on"),
            "own_rhythm_days": _doubles(rhythm),
            "silent_days": snapshot.table.column("days_since_last_order").cast(pa.int64()),
        }
    )


def _with_last_contacts(details: pa.Table, ledger: Ledger, snapshot: Snapshot) -> pa.Table:
    """The details with LAST_CONTACT and open complaints, which only lists show; a refresh does not need them."""
    with ledger.open() as connection:
        contacts = in_order_of(last_contacts_at(connection, snapshot.as_ofs[0]), snapshot)
    for name in LAST_CONTACT:
        details = details.append_column(name, contacts.column(name))
    return details.append_column("open_complaints", snapshot.table.column("complaints_open").cast(pa.int64()))


def _reasons(snapshot: Snapshot, standing: pa.Table, population: list[str], currency: str) -> list[list[str]]:
    columns = {name: snapshot.table.column(name) for name in FACT_COLUMNS if name in snapshot.table.column_names}
    columns |= {name: standing.column(name) for name in FACT_COLUMNS if name in standing.column_names}
    columns["population"] = pa.array(population, pa.string())
    rows = pa.table(columns).to_pylist()
    return [list(reasons_of(CustomerFacts.of(row, currency))) for row in rows]


def _company_context(
    ledger: Ledger, as_of: AsOf, bundle: Bundle, standing: Standing, population: list[str]
) -> CompanyContext:
    names = dict(
        zip(standing.table.column("customer_id").to_pylist(), standing.table.column("name").to_pylist(), strict=True)
    )
    largest_id = standing.largest_group_id
    key_groups = standing.table.filter(standing.table.column("is_key_account")).column("group_id")
    return CompanyContext(
        as_of_day=as_of.day,
        currency=ledger.currency,
        horizon_days=bundle.horizon_days,
        active_days=bundle.active_days,
        active_customers=population.count(Population.ACTIVE),
        key_accounts=len(key_groups.unique()),
        largest_name=None if largest_id is None else names.get(largest_id) or largest_id,
        largest_share=None if np.isnan(standing.largest_share) else standing.largest_share,
        model_version=bundle.version,
        is_rule=bundle.is_rule,
        model_note=bundle.note,
        ledger_ends_on=ledger.ends_on,
    )


def _floats(table: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    column = table.column(name).cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _doubles(values: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Array:
    """The values with null where they are NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)


def _joined(texts: list[list[str]]) -> pa.Array:
    """One cell per list of texts, null where the list is empty."""
    return pa.array([joined(row_texts) for row_texts in texts], pa.string())
