"""Here you find all that is learned at one fold: chances of leaving and declining, shares of R that go missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats
from models.probability import Probability, alone
from models.reference import Reference, orders_expected
from models.shortfall import Shortfall, ShortfallKind, lift_of
from training.candidates import BOOSTED, CANDIDATES, RFM, Candidate, Recipe
from training.dataset import TrainingSet, known_at
from training.fit import Lesson, Target, TooFew, fit, fit_member
from training.folds import Fold, Origins

DECLINE_RECIPES: dict[str, Recipe] = {"rfm logistic": RFM, "lightgbm": BOOSTED}
SHARE_RECIPES: dict[ShortfallKind, Recipe] = {ShortfallKind.LINEAR: RFM, ShortfallKind.LIGHTGBM: BOOSTED}


@dataclass(frozen=True)
class Learned:
    """What was learned at a fold.

    Attributes:
        reference: R with the carries of windows closed by the fold's instant.
        churn, decline: calibrated chances by candidate.
        shares: models of shortfall ÷ R.
        skipped: candidate → why it could not be fitted.
    """

    fold: Fold
    reference: Reference
    churn: dict[str, Probability] = field(default_factory=dict)
    decline: dict[str, Probability] = field(default_factory=dict)
    shares: dict[ShortfallKind, Probability] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Teacher:
    """What all lessons of one training have in common; ``rows`` are labelled as known at T."""

    ledger: Ledger
    rows: TrainingSet
    origins: Origins
    policy: Policy
    seed: int

    def back_at(self, at: AsOf) -> Teacher:
        """The teacher as it would have been at an earlier instant: knows only windows closed by then, as known then."""
        return replace(self, rows=known_at(self.rows, self.ledger, self.origins, at, self.policy))

    def learn(
        self,
        fold: Fold,
        *,
        churn: Iterable[Candidate] = CANDIDATES,
        decline: Iterable[str] = tuple(DECLINE_RECIPES),
        shares: Iterable[ShortfallKind] = tuple(SHARE_RECIPES),
        progress: Callable[[str], None] = lambda _: None,
    ) -> Learned:
        """The asked for candidates, fitted and calibrated at the fold."""
        learned = Learned(fold, self.rows.reference(self.origins.chain(fold.at)))
        for candidate in churn:
            progress(f"{fold.at.day} {candidate.name}")
            lesson = Lesson(self.rows, self.origins, fold, churned)
            self._keep(learned, learned.churn, candidate.name, fit(candidate.name, candidate.recipe, lesson, self.seed))
        for name in decline:
            progress(f"{fold.at.day} decline, {name}")
            lesson = Lesson(self.rows, self.origins, fold, self.declined(learned.reference))
            found = fit(name, DECLINE_RECIPES[name], lesson, self.seed)
            self._keep(learned, learned.decline, f"decline, {name}", found)
        for kind in shares:
            progress(f"{fold.at.day} {kind}")
            self._share(learned, kind)
        return learned

    def declined(self, reference: Reference) -> Target:
        """1: no order or fading, 0: neither; NaN where too few orders are expected to tell."""

        def target(rows: TrainingSet) -> Floats:
            expected = orders_expected(rows.snapshot, rows.horizon_days)
            fading = rows.labels.fading(reference.sales(rows.snapshot), expected, self.policy)
            telling = expected >= self.policy.fading_least_orders
            return np.where(telling, (rows.labels.churned | fading).astype(np.float64), np.nan)

        return target

    def shortfall(self, learned: Learned, kind: ShortfallKind, churn: Probability) -> Shortfall:
        """The shortfall told in one way, lifted so that the sum over the fold's calibration window comes true."""
        rows = self.rows.active_at([learned.fold.calibrate])
        reference, chance = learned.reference.sales(rows.snapshot), churn.chance(rows.snapshot)
        plain = Shortfall(kind, learned.shares.get(kind))
        share = plain.plain_share(rows.snapshot, chance)
        return replace(plain, lift=lift_of(rows.labels.shortfall(reference), reference, share))

    def _share(self, learned: Learned, kind: ShortfallKind) -> None:
        reference = learned.reference

        def share(rows: TrainingSet) -> Floats:
            r = reference.sales(rows.snapshot)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(r > 0, np.minimum(rows.labels.shortfall(r) / r, 1.0), np.nan)

        def weight(rows: TrainingSet) -> Floats:  # between one vote a customer and one vote a pound: tails stay tame
            return np.sqrt(reference.sales(rows.snapshot))

        lesson = Lesson(self.rows, self.origins, learned.fold, share, weight)
        member = fit_member(str(kind), SHARE_RECIPES[kind], lesson, self.seed)
        if isinstance(member, TooFew):
            learned.skipped[str(kind)] = member.reason
        else:
            learned.shares[kind] = alone(member)

    @staticmethod
    def _keep(learned: Learned, kept: dict[str, Probability], name: str, found: Probability | TooFew) -> None:
        if isinstance(found, TooFew):
            learned.skipped[name] = found.reason
        else:
            kept[name.removeprefix("decline, ")] = found


def churned(rows: TrainingSet) -> Floats:
    """1 where no order day lies in the window, else 0."""
    return rows.labels.churned.astype(np.float64)
