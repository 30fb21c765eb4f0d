"""How often drift raises a false alarm where nothing drifts, and whether it sees what does.

Made-up wholesalers of six years: a model learns at the end of years 1 to 5, and is watched every month of the year
that follows, before the next one learns. Any alarm is false. Then contacts stop in the middle of a watched year.

``python -m benchmarks.accuracy.drift_alarms [--customers N] [--companies N]`` prints every alarm; fails above 5 % of
the months.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from features.catalog import CATALOG_FINGERPRINT
from features.clock import AsOf
from features.ledger.demo.company import DemoCompany, invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from models.bundle import Bundle
from models.manifest import Manifest
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts, pooled
from training.dataset.folds import origins_of
from training.dataset.training_set import training_set
from training.fitting.candidates import RFM
from training.fitting.company_profile import usual_shares
from training.fitting.fit import FitTask, NotFitted, fit
from training.fitting.learner import churned
from training.monitoring.drift import Drift
from training.monitoring.drift_detection import look_for_drift

POLICY = Policy()
ENDS_ON = date(2025, 12, 31)
H, W = 90, 120
MONTH_DAYS, MONTHS = 30, 12
MOST_FALSE = 0.05


def bundle_at(ledger: Ledger, until: AsOf, *, horizon_days: int = H, active_days: int = W) -> Bundle:
    """A shrunken line learned as of T, with calibrated on its past forecasts, and what its customers looked like."""
    starts_on = ledger.starts_on
    origins = origins_of(until, horizon_days, active_days, starts_on=starts_on, zone=POLICY.zone)
    rows = training_set(ledger, origins, active_days, POLICY)
    folds = [fold for at in (until, *origins.spaced[:6]) if (fold := origins.fold(at)) is not None]
    fitted = [fit("rfm logistic", RFM, FitTask(rows, origins, fold, churned), 0) for fold in folds]
    now, *before = [each for each in fitted if not isinstance(each, NotFitted)]
    unseen = [rows.active_at([fold.at]) for fold in folds[1 : len(before) + 1]]
    told = [
        Forecasts(model.log_odds(part.snapshot), part.labels.churned, part.origin, part.weight, horizon_days)
        for model, part in zip(before, unseen, strict=True)
    ]
    return Bundle(
        manifest=Manifest(
            version="line",
            is_rule=False,
            note="",
            horizon_days=horizon_days,
            active_days=active_days,
            fading_least_orders=POLICY.fading_least_orders,
            until=str(until),
            origins=(),
            catalogue_fingerprint=CATALOG_FINGERPRINT,
            policy_digest=POLICY.digest,
            ledger_digest=ledger.digest,
            code_version="",
        ),
        reference=rows.reference(origins.chain(until)),
        churn=replace(now, calibrator=fit_calibrator(pooled(told))),
        usual_shares=usual_shares(rows, origins, starts_on),
    )


def ledger_by(company: DemoCompany, *, contacts_until: date | None = None) -> Ledger:
    """The company's ledger; where a day is given, with no contact known from then on."""
    contacts = company.touches["contacts"]
    if contacts_until is not None:
        contacts = contacts.filter(
            pc.less(
                pc.utf8_slice_codeunits(contacts.column("contacted_at").cast(pa.string()), 0, 10), str(contacts_until)
            )
        )
    others = {name: table for name, table in company.touches.items() if name not in ("people", "contacts")}
    return ledger_of(company.orders, company.customers, POLICY, others={**others, "contacts": contacts}, currency="EUR")


def watched(ledger: Ledger, bundle: Bundle, since: date) -> Iterator[Drift]:
    """What is seen every month of the year after the bundle learned."""
    for month in range(1, MONTHS + 1):
        as_of = AsOf.of_day(since + timedelta(days=MONTH_DAYS * month), POLICY.zone)
        yield look_for_drift(ledger, bundle, as_of, POLICY)


def main() -> None:
    """Print every alarm and how many months had one; then after how many days a stop of contacts was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=600)
    parser.add_argument("--companies", type=int, default=4)
    asked = parser.parse_args()
    months = false = 0
    for seed in range(1, asked.companies + 1):
        company = invent_company(ends_on=ENDS_ON, seed=seed, customers=asked.customers, years=6)
        ledger = ledger_by(company)
        for years in range(1, 6):
            since = company.starts_on + timedelta(days=365 * years)
            bundle = bundle_at(ledger, AsOf.of_day(since, POLICY.zone))
            for drift in watched(ledger, bundle, since):
                months += 1
                if drift.is_alarm:
                    false += 1
                    print(f"company {seed}: {drift.sentence}")
    print(f"{false} of {months} months had a false alarm ({false / months:.1%}; at most {MOST_FALSE:.0%})")
    company = invent_company(ends_on=ENDS_ON, seed=1, customers=asked.customers, years=6)
    since = company.starts_on + timedelta(days=365 * 4)
    stopped = ledger_by(company, contacts_until=since + timedelta(days=180))
    bundle = bundle_at(stopped, AsOf.of_day(since, POLICY.zone))
    for drift in watched(stopped, bundle, since):
        print(f"contacts stop: {drift.sentence}")
    if false > MOST_FALSE * months:
        sys.exit(1)


if __name__ == "__main__":
    main()
