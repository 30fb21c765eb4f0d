"""The root of every error the product raises: a sentence and a hint.

The tree (each subclass lives beside the code that raises it; a test holds it to be whole)::

    CallfirstError                      features.errors: a sentence and a hint
    ├── HomeNameError                   callfirst: a home whose path is no text
    ├── AsOfError                       features.clock: an as-of that cannot be read
    ├── PolicyError                     features.policy: a setting that cannot hold
    ├── FeatureError                    features.catalog.definition: a feature that cannot be built
    ├── MemoryTextError                 features.engines.partitions: an amount of memory that cannot be read
    ├── LedgerError                     features.ledger.errors: a ledger that cannot be used as asked
    │   ├── EmptyLedgerError            features.ledger.errors: nothing to work on yet
    │   ├── AsOfBeforeLedgerError       features.ledger.errors: nothing was known then
    │   ├── KindError                   features.ledger.ingest.request: no such kind of rows
    │   ├── UnknownCurrencyError        features.ledger.ingest.request: no currency of ISO 4217
    │   ├── SourceError                 features.ledger.reading.files: a file that cannot be read at all
    │   │   └── DatabaseSourceError     features.ledger.reading.databases: a database that rows cannot be read from
    │   ├── SourcesFileError            features.ledger.ingest.source_config: a sources.toml that cannot hold
    │   │   └── LiteralPasswordError    features.ledger.ingest.source_config: a password written into it
    │   ├── UnknownSourceError          features.ledger.ingest.source_config: a source it does not name
    │   ├── MissingVariableError        features.ledger.ingest.source_config: an environment variable that is not set
    │   ├── WatermarkError              features.ledger.ingest.watermarks: a watermark that cannot be told
    │   ├── SourceSpaceError            features.ledger.external.read: memory or disk gave out on a file in place
    │   ├── NothingUsableError          features.ledger.external.counts: a file in place without one good row
    │   ├── EncodingNameError           features.ledger.reading.files: no encoding of text
    │   ├── ColumnsError                features.ledger.reading.header_matching: a column is missing, or two are one
    │   │   ├── AmbiguousDatesError     features.ledger.parsing.inference: day or month first? nobody can say
    │   │   ├── AmbiguousNumbersError   features.ledger.parsing.inference: 1234 or 1.234? nobody can say
    │   │   └── NestedColumnError       features.ledger.parsing.layout: a column of lists
    │   ├── SameAsError                 features.ledger.ingest.customer_aliases: ids said to be one that cannot be
    │   ├── RejectedRowsError           features.ledger.ingest.in_memory: rows in memory that cannot be used
    │   ├── UnreconciledError           features.ledger.reconciliation.report: rows or money do not add up
    │   ├── FramesError                 features.ledger.ingest.intake: memory, disk or mirror gave out
    │   ├── SettledError                features.ledger.store.settings: a policy against the ledger's first batch
    │   ├── StoreError                  features.ledger.store.database: a database that refuses
    │   ├── StoredRowError              features.ledger.store.row_codec: a stored value that no ingest writes
    │   ├── MirrorError                 features.ledger.mirror.parquet_mirror: a mirror that cannot be written
    │   └── DemoCompanyError            features.ledger.demo.company: a company that cannot be made up
    ├── SnapshotError                   features.snapshot: a machine or mirror that gave out
    ├── SnapshotFileError               features.commands: a file that cannot be written
    ├── BundleError                     models.manifest: a model that cannot be loaded or applied
    │   ├── DamagedBundleError          models.bundle_storage: files that are not those recorded
    │   ├── OtherFormError              models.bundle: files that another version wrote
    │   ├── OtherCatalogueError         models.bundle: features made otherwise than learned from
    │   ├── NoChampionError             models.registry: no model serves yet
    │   ├── NoEarlierModelError         models.registry: nothing to go back to
    │   ├── UnknownModelError           models.registry: a name that is no model's, or several's
    │   └── AliasError                  models.registry: MLflow did not move its alias
    ├── TrainingError                   training.errors: a model that cannot be made
    │   ├── WindowError                 training.dataset.scope: days that are no window
    │   ├── HorizonBeyondLedgerError    training.dataset.scope: a horizon longer than the ledger
    │   ├── FutureLedgerError           training.dataset.scope: a last row that has not come yet
    │   ├── HorizonOutlastsLedgerError  training.dataset.labels: a label window that is not closed yet
    │   ├── NothingToGradeError         training.monitoring.grading: no list's window has closed yet
    │   ├── MadeFeaturesError           training.checks.feature_tables: features that cannot be checked
    │   ├── FeaturesFileError           training.commands.checks: a file of features that cannot be read
    │   ├── MakerNameError              training.commands.checks: a name that leads to no feature maker
    │   ├── NothingToTellError          training.evaluation.feature_value: too little to tell what a feature is worth
    │   ├── TuningBudgetError           training.fitting.tuning: a budget in which nothing can be tried
    │   ├── TooLittleToLearnError       training.selection.winner: no chance can be learned: a rule serves
    │   ├── NoCutoffError               training.evaluation.evaluate: nothing that could be judged
    │   ├── EvaluationFolderError       training.commands.evaluate: a folder that cannot be written to
    │   └── TrackingError               training.tracking.mlflow_run: MLflow did not keep the run
    ├── ServingError                    serving.errors: a question that cannot be answered
    │   ├── NothingPublishedError       serving.errors: no night has published yet
    │   ├── UnknownCustomerError        serving.errors: no customer the caller may see
    │   ├── UnknownListError            serving.errors: no list the caller may see
    │   ├── NoKeyError                  serving.errors: no valid key
    │   ├── NoPushRightError            serving.errors: rows with a key that may only ask
    │   ├── ForeignRowsError            serving.errors: rows of others' customers
    │   ├── ForeignOriginError          serving.errors: a form sent from another site
    │   ├── UnreadableBodyError         serving.errors: no JSON as it should be
    │   ├── RepeatedQueryError          serving.errors: one thing asked for twice
    │   ├── BodyTypeError               serving.errors: a type nobody reads here
    │   ├── BodyTooLargeError           serving.errors: a body beyond the limit
    │   ├── KeyNameError                serving.access: a key's name taken, unknown or none
    │   ├── KeyManagerError             serving.access: no manager's id
    │   ├── ServerSettingsError         serving.settings: a setting of the server that cannot hold
    │   ├── NoKeysError                 serving.api.server: a server nobody could ask
    │   └── AddressError                serving.api.server: an address that cannot be listened on
    ├── ReasonError                     serving.decisions.reasons: a reason that speaks of no fact
    ├── ScoresFileError                 serving.scores: a file that cannot be written
    └── SheetsError                     serving.delivery.sheets: a folder that cannot be written to
"""


class CallfirstError(Exception):
    """An error with one sentence that says what happened to what, and one hint that says what to do."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(f"{sentence} {hint}".strip())
        self.sentence = sentence
        self.hint = hint


def first_line(error: BaseException) -> str:
    """The first line of a library's error, at most 200 characters, to be used in a sentence; else its class name."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
