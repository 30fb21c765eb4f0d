"""Where modules of version 0.1.0 went: an import of an old path says in one sentence what to import instead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NoReturn

MOVED = {
    "features.catalog_course": "features.catalog.trends",
    "features.catalog_dues": "features.catalog.obligations",
    "features.catalog_orders": "features.catalog.orders",
    "features.catalog_page": "features.catalog.page",
    "features.catalog_touches": "features.catalog.interactions",
    "features.company": "features.engines.company_values",
    "features.definition": "features.catalog.definition",
    "features.engines.arrays": "features.engines.columnar",
    "features.engines.duckdb": "features.engines.exact_sql",
    "features.engines.wanted": "features.engines.expression_parts",
    "features.ledger.asked": "features.ledger.ingest.request",
    "features.ledger.cancellations": "features.ledger.merge.cancellations",
    "features.ledger.checks": "features.ledger.validation.row_checks",
    "features.ledger.collisions": "features.ledger.validation.cross_row_checks",
    "features.ledger.column": "features.ledger.schema.column",
    "features.ledger.columns": "features.ledger.schema.record_types",
    "features.ledger.company_columns": "features.ledger.schema.company",
    "features.ledger.conversion": "features.ledger.reconciliation.conversion",
    "features.ledger.currencies": "features.ledger.schema.currencies",
    "features.ledger.customer_columns": "features.ledger.schema.customers",
    "features.ledger.databases": "features.ledger.reading.databases",
    "features.ledger.dates": "features.ledger.parsing.dates",
    "features.ledger.delimited": "features.ledger.reading.delimited",
    "features.ledger.demo_accounts": "features.ledger.demo.accounts",
    "features.ledger.demo_company": "features.ledger.demo.company",
    "features.ledger.demo_groups": "features.ledger.demo.groups",
    "features.ledger.demo_orders": "features.ledger.demo.orders",
    "features.ledger.demo_tables": "features.ledger.demo.tables",
    "features.ledger.demo_touches": "features.ledger.demo.interactions",
    "features.ledger.demo_words": "features.ledger.demo.vocabulary",
    "features.ledger.dirty": "features.ledger.store.dirty_customers",
    "features.ledger.doctor": "features.ledger.mirror.consistency",
    "features.ledger.doubts": "features.ledger.ingest.reconcile",
    "features.ledger.encodings": "features.ledger.reading.encodings",
    "features.ledger.evidence": "features.ledger.parsing.inference",
    "features.ledger.fates": "features.ledger.merge.resolve",
    "features.ledger.few_customers": "features.ledger.store.partial_ledger",
    "features.ledger.files": "features.ledger.reading.files",
    "features.ledger.forecasts": "models.published_forecasts",
    "features.ledger.in_memory": "features.ledger.ingest.in_memory",
    "features.ledger.ingest_command": "features.ledger.ingest.commands",
    "features.ledger.intake": "features.ledger.ingest.intake",
    "features.ledger.look_alikes": "features.ledger.reconciliation.look_alikes",
    "features.ledger.marks": "features.ledger.mirror.manifests",
    "features.ledger.matching": "features.ledger.reading.header_matching",
    "features.ledger.meeting": "features.ledger.merge.resolve",
    "features.ledger.merging": "features.ledger.merge.events",
    "features.ledger.merging_states": "features.ledger.merge.states",
    "features.ledger.mirror": "features.ledger.mirror.parquet_mirror",
    "features.ledger.non_products": "features.ledger.sql",
    "features.ledger.numbers": "features.ledger.parsing.numbers",
    "features.ledger.oddities": "features.ledger.data_quality",
    "features.ledger.order_columns": "features.ledger.schema.orders",
    "features.ledger.padding": "features.ledger.parsing.id_padding",
    "features.ledger.parent_loops": "features.ledger.data_quality",
    "features.ledger.parquet_files": "features.ledger.reading.parquet",
    "features.ledger.parsing": "features.ledger.parsing.text",
    "features.ledger.plain": "features.ledger.reading.normalise",
    "features.ledger.pulling": "features.ledger.ingest.pull",
    "features.ledger.pushing": "features.ledger.ingest.push",
    "features.ledger.quarantine": "features.ledger.store.quarantine",
    "features.ledger.rates": "features.ledger.merge.currency_conversion",
    "features.ledger.raw": "features.ledger.reading.raw_rows",
    "features.ledger.reasons": "features.ledger.schema.quarantine_reasons",
    "features.ledger.reconciliation": "features.ledger.reconciliation.report",
    "features.ledger.reconciling": "features.ledger.ingest.reconcile",
    "features.ledger.replacements": "features.ledger.store.versions",
    "features.ledger.rows": "features.ledger.store.row_codec",
    "features.ledger.same_as": "features.ledger.ingest.customer_aliases",
    "features.ledger.settings": "features.ledger.store.settings",
    "features.ledger.signs": "features.ledger.parsing.numbers",
    "features.ledger.source_counts": "features.ledger.external.counts",
    "features.ledger.source_division": "features.ledger.external.partitioning",
    "features.ledger.source_ledger": "features.ledger.external.read",
    "features.ledger.source_mirror": "features.ledger.external.parquet_writer",
    "features.ledger.source_spill": "features.ledger.external.spill",
    "features.ledger.source_versions": "features.ledger.external.resolve",
    "features.ledger.sources": "features.ledger.ingest.source_config",
    "features.ledger.store": "features.ledger.store.database",
    "features.ledger.storing": "features.ledger.ingest.batch_writer",
    "features.ledger.streams": "features.ledger.external.stream",
    "features.ledger.tables": "features.ledger.store.tables",
    "features.ledger.tallies": "features.ledger.reconciliation.tallies",
    "features.ledger.tidy": "features.ledger.parsing.layout",
    "features.ledger.totals": "features.ledger.validation.cross_row_checks",
    "features.ledger.touch_columns": "features.ledger.schema.interactions",
    "features.ledger.transaction": "features.ledger.ingest.transaction",
    "features.ledger.values": "features.ledger.reading.databases",
    "features.ledger.versions": "features.ledger.store.versions",
    "features.ledger.watermarks": "features.ledger.ingest.watermarks",
    "features.ledger.what_if": "features.ledger.ingest.in_memory",
    "features.ledger.words": "features.ledger.parsing.categories",
    "features.ledger.workbooks": "features.ledger.reading.workbooks",
    "features.ledger_days": "features.ledger.business_calendar",
    "features.parts": "features.engines.partitions",
    "features.population": "features.standing.population",
    "features.primitives": "features.catalog.primitives",
    "features.row_sets": "features.catalog.row_sets",
    "features.small_work": "features.ledger.connections",
    "features.standing.shares": "features.standing.group_shares",
    "features.whole_file": "features.atomic_write",
    "models.boosted": "models.lightgbm_member",
    "models.bundle_files": "models.bundle_storage",
    "models.single_row": "models.lightgbm_member",
    "models.usual_shares": "models.feature_distributions",
    "serving.api.answers": "serving.api.schemas",
    "serving.api.contract": "serving.api.openapi",
    "serving.api.guard": "serving.api.middleware",
    "serving.api.log": "serving.api.logs",
    "serving.api.pushed_rows": "serving.api.push_schemas",
    "serving.api.refreshing": "serving.api.refresh_worker",
    "serving.api.safe_headers": "serving.api.security_headers",
    "serving.api.strict": "serving.api.keyed_route",
    "serving.book": "serving.publication.tables",
    "serving.decisions.capacity": "serving.decisions.portfolios",
    "serving.decisions.notes": "serving.decisions.list_notes",
    "serving.publication": "serving.publication.publish",
    "serving.pushing": "serving.authorised_push",
    "serving.republication": "serving.publication.republish",
    "serving.web.view": "serving.web.view_model",
    "training.arrivals": "training.monitoring.data_arrival",
    "training.assignments": "training.dataset.assignments",
    "training.base_rates": "training.calibration.base_rates",
    "training.behaviour": "training.checks.behavioural",
    "training.beyond_the_past": "training.checks.residuals",
    "training.blend": "training.fitting.blend",
    "training.boosted_rivals": "training.evaluation.lightgbm_baselines",
    "training.boosting": "training.fitting.lightgbm",
    "training.bootstrap": "training.metrics.bootstrap",
    "training.btyd": "training.fitting.btyd",
    "training.calibrating": "training.calibration.calibrator",
    "training.calibration_figures": "training.metrics.calibration",
    "training.candidates": "training.fitting.candidates",
    "training.check_list": "training.checks.catalogue",
    "training.checks": "training.checks.leakage",
    "training.checks_command": "training.commands.checks",
    "training.circles": "training.metrics.segments",
    "training.commands": "training.commands.train",
    "training.contest": "training.selection.contest",
    "training.curves": "training.fitting.splines",
    "training.dataset": "training.dataset.training_set",
    "training.draft": "training.selection.winner",
    "training.drift": "training.monitoring.drift",
    "training.evaluate": "training.evaluation.evaluate",
    "training.evaluate_command": "training.commands.evaluate",
    "training.evaluation": "training.evaluation.results",
    "training.evaluation_page": "training.evaluation.page",
    "training.evaluation_pictures": "training.plots.evaluation",
    "training.fit": "training.fitting.fit",
    "training.folds": "training.dataset.folds",
    "training.frame": "training.dataset.scope",
    "training.grading": "training.monitoring.grading",
    "training.history": "training.dataset.horizon",
    "training.horizon": "training.dataset.horizon",
    "training.how_sure": "training.selection.confidence",
    "training.intervals": "training.calibration.calibrator",
    "training.jointly": "training.metrics.multiple_comparisons",
    "training.judged": "training.evaluation.cutoff_customers",
    "training.labels": "training.dataset.labels",
    "training.learn": "training.fitting.learner",
    "training.lines": "training.calibration.origin_levels",
    "training.looked_at": "training.checks.labelled_rows",
    "training.made_features": "training.checks.feature_tables",
    "training.making": "training.selection.build",
    "training.margin": "training.fitting.company_profile",
    "training.member_forecasts": "training.fitting.member_forecasts",
    "training.metrics": "training.metrics.scoring",
    "training.mlflow_model": "training.tracking.mlflow_model",
    "training.model_card": "training.tracking.model_card",
    "training.model_check_list": "training.selection.gates",
    "training.model_checks": "training.selection.contest_gates",
    "training.models_commands": "training.commands.models",
    "training.money": "training.fitting.shortfall",
    "training.money_spread": "training.fitting.shortfall",
    "training.operational_time": "training.fitting.operational_time",
    "training.other_worlds": "training.checks.perturbations",
    "training.portrait": "training.plots.customer",
    "training.promotion": "training.selection.promotion",
    "training.report": "training.plots.training",
    "training.report_card": "training.monitoring.report_card",
    "training.resampled": "training.metrics.resampled",
    "training.rivals": "training.evaluation.baselines",
    "training.run_record": "training.tracking.run_record",
    "training.season": "training.fitting.reference_season",
    "training.shifts": "training.monitoring.feature_drift",
    "training.steps": "training.calibration.calibrator",
    "training.suspicion": "training.checks.statistical",
    "training.tracking": "training.tracking.mlflow_run",
    "training.tuning": "training.fitting.tuning",
    "training.unseen": "training.selection.out_of_sample",
    "training.usual_rates": "training.fitting.company_profile",
    "training.usual_shares": "training.fitting.company_profile",
    "training.verdict": "training.tracking.verdict",
    "training.watch_commands": "training.commands.monitoring",
    "training.watching": "training.monitoring.drift_detection",
    "training.weights": "training.fitting.blend",
    "training.world_rows": "training.checks.ledger_rows",
    "training.worth": "training.evaluation.feature_value",
}
"""Module of 0.1.0 → the module that holds its contents today. Classes may have another name there (GLOSSARY.md)."""


class _MovedModules(MetaPathFinder):
    """Asked last, when no module of that name exists."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname in MOVED:
            raise ModuleNotFoundError(_sentence(fullname), name=fullname)
        return None


def explain_moved_modules() -> None:
    """From now on an import of a moved module fails with the sentence that says where it is."""
    if not any(isinstance(finder, _MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(_MovedModules())


def names_moved_from(package: str) -> Callable[[str], NoReturn]:
    """The ``__getattr__`` of a package that was a module in 0.1.0: a name that moved on says where it is."""

    def refuse(name: str) -> NoReturn:
        if not name.startswith("__") and hasattr(import_module(MOVED[package]), name):
            raise ImportError(_sentence(package), name=package)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return refuse


def _sentence(module: str) -> str:
    return (
        f"{module} has moved: import from {MOVED[module]} instead. A class or function that is missing there has a new "
        "name; GLOSSARY.md lists them."
    )
