"""The bundle: everything that turns a snapshot into scores, and the one function that scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.snapshot import Floats, Snapshot
from features.standing.population import Population, population_of
from features.version import code_version
from models.bundle_storage import read_files, write_files
from models.feature_distributions import TrainingDistribution
from models.manifest import BundleError, Manifest, UsualRates
from models.margin import Margin
from models.probability import Probability
from models.records import read_record
from models.reference import Reference, orders_expected
from models.shortfall import Shortfall, ShortfallKind

SCORED = pa.schema(
    [
        ("customer_id", pa.string()),
        ("as_of", pa.timestamp("us")),
        ("population", pa.string()),
        ("churn_probability", pa.float64()),
        ("churn_low", pa.float64()),
        ("churn_high", pa.float64()),
        ("decline_probability", pa.float64()),
        ("reference_sales", pa.float64()),
        ("expected_sales", pa.float64()),
        ("value_at_risk", pa.float64()),
        ("value_at_risk_low", pa.float64()),
        ("value_at_risk_high", pa.float64()),
        ("orders_expected", pa.float64()),
    ]
)
"""The columns of ``Bundle.score``: a row per row of the snapshot, in its order; null where not scored."""


class OtherCatalogueError(BundleError):
    """A snapshot of another catalogue than the one the model learned from."""

    def __init__(self, version: str, expected: str, actual: str) -> None:
        super().__init__(
            f"The model '{version}' learned from catalogue {expected[:12]}, this snapshot has catalogue {actual[:12]}.",
            "Train again: callfirst train.",
        )


class OtherFormError(BundleError):
    """A model whose files are as recorded, but in a form that this code does not read."""

    def __init__(self, folder: Path, record: Any, cause: Exception) -> None:
        manifest = record.get("manifest") if isinstance(record, dict) else None
        made_by = manifest.get("code_version", "unknown") if isinstance(manifest, dict) else "unknown"
        super().__init__(
            f"The model in {folder} is complete, but callfirst {code_version()} does not read its format "
            f"({type(cause).__name__}: {cause}); it was written by {made_by}.",
            "Train again (callfirst train), or go back to the callfirst that wrote it.",
        )


@dataclass(frozen=True)
class Bundle:
    """A model ready to score; immutable, with the same scores for the same snapshot to the last bit.

    Attributes:
        churn: chance of no order day; None where nothing could be learned.
        decline: chance of no order or fading, used where enough orders are expected; None: churn is used instead.
        usual_shares: distribution of each feature among the customers in training; None where nothing is learned.
        margin: converts value at risk from sales to margin; None where costs are not known.
    """

    manifest: Manifest
    reference: Reference
    shortfall: Shortfall = field(default_factory=lambda: Shortfall(ShortfallKind.REFERENCE_ALONE, lift=1.0))
    churn: Probability | None = None
    decline: Probability | None = None
    usual_rates: UsualRates = field(default_factory=UsualRates)
    usual_shares: TrainingDistribution | None = None
    margin: Margin | None = None

    @property
    def version(self) -> str:
        """Name of the model or rule."""
        return self.manifest.version

    @property
    def note(self) -> str:
        """How sure the model is, in a sentence."""
        return self.manifest.note

    @property
    def is_rule(self) -> bool:
        """True for a rule, False for a model."""
        return self.manifest.is_rule

    @property
    def horizon_days(self) -> int:
        """H."""
        return self.manifest.horizon_days

    @property
    def active_days(self) -> int:
        """W."""
        return self.manifest.active_days

    def score(self, snapshot: Snapshot, *, after_last_order: Snapshot | None = None) -> pa.Table:
        """The columns SCORED: probabilities and money of active and lapsed customers; null where never ordered.

        R is adjusted to the season. For a lapsed customer it is that of the day after its last order day, taken from
        ``after_last_order``, which holds such customers as of that day; a lapsed customer that is not in it has no R
        and no other money (null).

        Raises:
            OtherCatalogueError: the snapshot is of another catalogue.
        """
        self._check(snapshot)
        population = population_of(snapshot, self.active_days)
        reference = self._reference(snapshot, population, after_last_order)
        expected_orders = orders_expected(snapshot, self.horizon_days)
        churn, low, high = self._churn(snapshot)
        at_risk = self.shortfall.value_at_risk(snapshot, reference, churn)
        margin = np.ones(len(snapshot)) if self.margin is None else self.margin.of(snapshot)
        sales = (
            np.full(len(snapshot), np.nan) if self.churn is None else self.shortfall.expected_sales(reference, at_risk)
        )
        doubles = (
            churn,
            low,
            high,
            self._decline(snapshot, churn, expected_orders),
            reference,
            sales,
            *(money * margin for money in (at_risk, *self.shortfall.bounds(reference, at_risk))),
            expected_orders,
        )
        ordered = population != Population.NEVER
        columns = [pa.array(np.where(ordered, values, np.nan), from_pandas=True) for values in doubles]
        keys = [snapshot.table.column("customer_id"), snapshot.table.column("as_of").cast(pa.timestamp("us"))]
        return pa.table([*keys, pa.array(population.tolist(), pa.string()), *columns], schema=SCORED)

    def contributions(self, snapshot: Snapshot) -> tuple[tuple[str, ...], Floats]:
        """Feature names, and rows × (features, then the constant) that add up to log-odds before calibration.

        Raises:
            BundleError: nothing is learned, or the snapshot is of another catalogue.
        """
        self._check(snapshot)
        if self.churn is None:
            raise BundleError(
                f"'{self.version}' gives no probabilities, so it has no contributions to show.", "Load more history."
            )
        return self.churn.features, self.churn.contributions(snapshot)

    def save(self, folder: Path) -> str:
        """The SHA-256 of the new folder that now holds the bundle."""
        texts: dict[str, str] = {}
        record = self.record(texts)
        return write_files(folder, record, texts)

    @classmethod
    def load(cls, folder: Path, sha256: str) -> Bundle:
        """The bundle in a folder, which is checked against the recorded SHA-256 before anything is loaded.

        Raises:
            DamagedBundleError: the files are not those recorded, or cannot be read.
            OtherFormError: another version of callfirst wrote the files.
        """
        record, texts = read_files(folder, sha256)
        try:
            return cls.of_record(record, texts)
        except (KeyError, TypeError, ValueError) as error:
            raise OtherFormError(folder, record, error) from None

    def record(self, texts: dict[str, str]) -> dict[str, Any]:
        """The bundle as JSON; the texts of LightGBM members are added to ``texts`` by file name."""
        record = asdict(self)
        for file, member in _boosters(record):
            texts[file] = member.pop("text")
            member["file"] = file
        return record

    @classmethod
    def of_record(cls, record: dict[str, Any], texts: Mapping[str, str]) -> Bundle:
        """The bundle that a record and the texts of LightGBM members describe.

        Raises:
            KeyError, TypeError, ValueError: the record is not that of a bundle.
        """
        record = {"usual_shares": None, **record}  # bundles from before drift was monitored have none
        for _, member in _boosters(record):
            member["text"] = texts[member.pop("file")]
        return read_record(cls, record)

    def _check(self, snapshot: Snapshot) -> None:
        expected, actual = self.manifest.catalogue_fingerprint, snapshot.catalogue_fingerprint
        if actual != expected:
            raise OtherCatalogueError(self.version, expected, actual)

    def _reference(
        self, snapshot: Snapshot, population: np.ndarray[Any, Any], after_last_order: Snapshot | None
    ) -> Floats:
        season = self.reference.season.factor(snapshot.as_of_days)
        own = self.reference.sales(snapshot) * season
        if after_last_order is None:
            return np.where(population == Population.LAPSED, np.nan, own)
        self._check(after_last_order)
        reference_of = dict(zip(after_last_order.customer_ids, self.reference.sales(after_last_order), strict=True))
        last_known = np.array(
            [reference_of.get(customer, np.nan) for customer in snapshot.customer_ids], dtype=np.float64
        )
        return np.where(population == Population.LAPSED, last_known * season, own)

    def _churn(self, snapshot: Snapshot) -> tuple[Floats, Floats, Floats]:
        if self.churn is None:
            unknown = np.full(len(snapshot), np.nan)
            return unknown, unknown, unknown
        return self.churn.with_bounds(snapshot)

    def _decline(self, snapshot: Snapshot, churn: Floats, expected_orders: Floats) -> Floats:
        if self.decline is None:
            return churn
        fading_shows = expected_orders >= self.manifest.fading_least_orders
        return np.where(fading_shows, np.maximum(self.decline.chance(snapshot), churn), churn)


def _boosters(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every LightGBM member in a bundle's record, and the file its text lies in."""
    models = {"churn": record["churn"], "decline": record["decline"], "shortfall": record["shortfall"]["share"]}
    for prefix, model in models.items():
        for number, member in enumerate(model["members"] if model else ()):
            if member["kind"] == "lightgbm":
                yield f"{prefix}-{number}.lightgbm.txt", member
