"""The root of every error the product raises: a sentence and a hint.

The tree; each subclass lives beside the code that raises it, and a test compares the tree with the classes::

    CallfirstError                      features.errors: a sentence and a hint
    ├── HomeNameError                   callfirst: a home whose path is not UTF-8
    ├── AsOfError                       features.clock: an as-of that cannot be read
    ├── PolicyError                     features.policy: a policy that is not valid
    ├── FeatureError                    features.catalog.definition: a feature that cannot be in a catalogue
    ├── MemoryTextError                 features.engines.partitions: an amount of memory that cannot be read
    ├── LedgerError                     features.ledger.errors: a ledger that cannot be used as requested
    │   ├── EmptyLedgerError            features.ledger.errors: the ledger is empty
    │   ├── AsOfBeforeLedgerError       features.ledger.errors: nothing was known at the as-of
    │   ├── KindError                   features.ledger.ingest.request: an unknown kind of rows
    │   ├── UnknownCurrencyError        features.ledger.ingest.request: a currency that is not in ISO 4217
    │   ├── SourceError                 features.ledger.reading.files: a file that cannot be read
    │   │   └── DatabaseSourceError     features.ledger.reading.databases: the rows of a database cannot be read
    │   ├── SourcesFileError            features.ledger.ingest.source_config: an invalid sources.toml
    │   │   └── LiteralPasswordError    features.ledger.ingest.source_config: a password in sources.toml
    │   ├── UnknownSourceError          features.ledger.ingest.source_config: a source that is not in sources.toml
    │   ├── MissingVariableError        features.ledger.ingest.source_config: an environment variable that is not set
    │   ├── WatermarkError              features.ledger.ingest.watermarks: rows that give no watermark
    │   ├── SourceSpaceError            features.ledger.external.read: memory or disk ran out
    │   ├── NothingUsableError          features.ledger.external.counts: a source without a usable row
    │   ├── EncodingNameError           features.ledger.reading.files: an unknown encoding
    │   ├── ColumnsError                features.ledger.reading.header_matching: columns that do not fit the contract
    │   │   ├── AmbiguousDatesError     features.ledger.parsing.inference: dates that may be day first or month first
    │   │   ├── AmbiguousNumbersError   features.ledger.parsing.inference: 1.234 may be 1234
    │   │   └── NestedColumnError       features.ledger.parsing.layout: a column of lists
    │   ├── SameAsError                 features.ledger.ingest.customer_aliases: an impossible mapping of ids
    │   ├── RejectedRowsError           features.ledger.ingest.in_memory: unusable rows of an in-memory ledger
    │   ├── UnreconciledError           features.ledger.reconciliation.report: rows or money do not add up
    │   ├── FramesError                 features.ledger.ingest.intake: memory, disk or mirror failed
    │   ├── SettledError                features.ledger.store.settings: a policy against the ledger's settings
    │   ├── StoreError                  features.ledger.store.database: the database cannot be opened or refuses
    │   ├── StoredRowError              features.ledger.store.row_codec: a stored value that no ingest writes
    │   ├── MirrorError                 features.ledger.mirror.parquet_mirror: a mirror that cannot be written
    │   └── DemoCompanyError            features.ledger.demo.company: a company that cannot be made up
    ├── SnapshotError                   features.snapshot: memory, disk or mirror failed
    ├── SnapshotFileError               features.commands: a file that cannot be written
    ├── BundleError                     models.manifest: a model that cannot be loaded or applied
    │   ├── DamagedBundleError          models.bundle_storage: files that are not those recorded
    │   ├── OtherFormError              models.bundle: a format this code does not read
    │   ├── OtherCatalogueError         models.bundle: a snapshot of another catalogue
    │   ├── NoChampionError             models.registry: no model serves yet
    │   ├── NoEarlierModelError         models.registry: nothing served before the champion
    │   ├── UnknownModelError           models.registry: a name of no model, or of several
    │   └── AliasError                  models.registry: MLflow did not move its alias
    ├── TrainingError                   training.errors: too little to learn from, or impossible windows
    │   ├── WindowError                 training.dataset.scope: an impossible horizon or active window
    │   ├── HorizonBeyondLedgerError    training.dataset.scope: a horizon longer than the ledger
    │   ├── FutureLedgerError           training.dataset.scope: a last row in the future
    │   ├── HorizonOutlastsLedgerError  training.dataset.labels: a label window that is not closed yet
    │   ├── NothingToGradeError         training.monitoring.grading: no list's window has closed yet
    │   ├── MadeFeaturesError           training.checks.feature_tables: features that cannot be checked
    │   ├── FeaturesFileError           training.commands.checks: a file of features that cannot be read
    │   ├── MakerNameError              training.commands.checks: a name without a feature maker
    │   ├── NothingToTellError          training.evaluation.feature_value: too little to measure a feature
    │   ├── TuningBudgetError           training.fitting.tuning: a budget too small for a trial
    │   ├── TooLittleToLearnError       training.selection.winner: no chance can be learned: a rule serves
    │   ├── NoCutoffError               training.evaluation.evaluate: a ledger too short for any cutoff
    │   ├── EvaluationFolderError       training.commands.evaluate: a folder that cannot be written to
    │   └── TrackingError               training.tracking.mlflow_run: MLflow cannot be reached or refuses
    ├── ServingError                    serving.errors: a request that cannot be answered
    │   ├── NothingPublishedError       serving.errors: no night has published yet
    │   ├── UnknownCustomerError        serving.errors: no published customer the caller may see
    │   ├── UnknownListError            serving.errors: no published list the caller may see
    │   ├── NoKeyError                  serving.errors: no valid key
    │   ├── NoPushRightError            serving.errors: a key that may only read
    │   ├── ForeignRowsError            serving.errors: rows of customers that are not the caller's
    │   ├── ForeignOriginError          serving.errors: a form sent from another site
    │   ├── UnreadableBodyError         serving.errors: a body that is not strict JSON
    │   ├── RepeatedQueryError          serving.errors: a parameter given twice
    │   ├── BodyTypeError               serving.errors: a media type that is not accepted
    │   ├── BodyTooLargeError           serving.errors: a body beyond the limit
    │   ├── KeyNameError                serving.access: a key name that is taken, unknown or empty
    │   ├── KeyManagerError             serving.access: an unusable manager id
    │   ├── ServerSettingsError         serving.settings: a setting that does not fit
    │   ├── NoKeysError                 serving.api.server: a server without access keys
    │   └── AddressError                serving.api.server: an address that cannot be listened on
    ├── ReasonError                     serving.decisions.reasons: an inconsistent table of reasons
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
