"""The model card: the purpose of a model, its inputs, its quality and its limits.

Source: Mitchell et al. 2019, Model Cards for Model Reporting, FAT*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.bundle import Bundle
from training.metrics.segments import segments_table
from training.selection.promotion import Decision

TELLS = (
    ("churn_probability", "chance of no order in the horizon, without a call from our list"),
    ("churn_low, churn_high", "90 % interval for the rate among customers with this score at a new date"),
    ("decline_probability", "chance of no order, or of less than half of the reference"),
    ("reference_sales", "sales in the horizon if the account goes on as before"),
    ("value_at_risk", "expected loss against it: E[max(reference - net sales, 0)]"),
)


def model_card(bundle: Bundle, decision: Decision, remarks: Sequence[str]) -> str:
    """The card as Markdown; ``remarks``: on how T, H and W were set."""
    lines = [*_purpose(bundle, decision), *_making(bundle), *_quality(decision), *_limits(bundle, decision, remarks)]
    return "\n".join(lines) + "\n"


def _purpose(bundle: Bundle, decision: Decision) -> Iterator[str]:
    yield f"# {bundle.version}"
    yield f"\n{decision.sentence}"
    yield "\n## What it is for\n"
    yield (
        f"It tells which customers are likely to stay away for {bundle.horizon_days} days and how much money that puts "
        "at risk, so that managers call key accounts first. It judges customers that ordered within "
        f"{bundle.active_days} days or are not past their own due gap. It is no judgement of a person, sets no price "
        "or credit, and says nothing of what a call changes."
    )
    yield "\n| output | meaning |\n|---|---|"
    for name, meaning in TELLS:
        yield f"| {name} | {meaning} |"


def _making(bundle: Bundle) -> Iterator[str]:
    manifest = bundle.manifest
    yield "\n## What it was trained on\n"
    yield f"- learned as of {manifest.until} from {len(manifest.origins)} dates"
    yield from (f"- {part}" for part in _parts(bundle))
    digests = {"ledger": manifest.ledger_digest, "catalogue": manifest.catalogue_fingerprint}
    digests["policy"] = manifest.policy_digest
    yield (
        "- "
        + ", ".join(f"{name} {digest[:12]}" for name, digest in digests.items())
        + f", code {manifest.code_version}"
    )


def _parts(bundle: Bundle) -> Iterator[str]:
    if bundle.churn is None:
        yield "no chances were learned"
    else:
        yield f"chance of no order: {bundle.churn.made_of_words}; on {len(bundle.churn.features)} features, calibrated"
    yield f"value at risk by {bundle.shortfall.kind}"


def _quality(decision: Decision) -> Iterator[str]:
    yield "\n## How good it is\n"
    outcome = decision.winner.outcome
    if outcome is None:
        yield "Nothing could be tested: it learned from every closed window."
        return
    yield "On windows that none of the candidates had seen:\n"
    yield "| candidate | kind | AUC | Brier | calibration error (perfect) | money found |\n|---|---|---|---|---|---|"
    for scores in outcome.figures:
        cells: Sequence[str] = (
            scores.name,
            str(scores.rank),
            f"{scores.auc:.3f}",
            f"{scores.brier:.3f}",
            f"{scores.calibration_error:.3f} ({scores.perfect_calibration_error:.3f})",
            f"{scores.money_found:.3f}",
        )
        yield f"| {' | '.join(cells)} |"
    yield f"\nWhat {outcome.served} forecast on those windows, by weight, and the outcomes:\n"
    yield segments_table(outcome.segments)
    yield "\n| check | outcome | true if passed | finding |\n|---|---|---|---|"
    for result in decision.checks:
        yield f"| {result.check.code} | {result.outcome} | {result.check.title} | {result.sentence} |"


def _limits(bundle: Bundle, decision: Decision, remarks: Sequence[str]) -> Iterator[str]:
    yield "\n## Where not to trust it\n"
    yield from (f"- {remark}" for remark in (bundle.note, *remarks))
    skipped = decision.winner.outcome.skipped if decision.winner.outcome else {}
    yield from (f"- {name} did not take part at every origin: {reason}." for name, reason in skipped.items())
