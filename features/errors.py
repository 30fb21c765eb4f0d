"""Here you find the root of every error the product raises, and how an error speaks.

The tree (each subclass lives beside the code that raises it)::

    CallfirstError                 a sentence (what happened, to what) and a hint (what to do)
    ├── AsOfError                  features.clock      an instant that cannot be read or used
    ├── PolicyError                features.policy     a setting that cannot hold
    ├── LedgerError                features.ledger     input, store or mirror that cannot be used
    │   ├── SourceError            features.ledger.files    a file that cannot be read at all
    │   ├── ColumnsError           features.ledger.columns  a required column is missing or mapped twice
    │   └── EmptyLedgerError       features.ledger.ledger   nothing to work on yet
    ├── FeatureError               features.definition a feature that cannot be built
    ├── BundleError                models.bundle       a model that cannot be loaded or applied
    ├── TrainingError              training            too little to learn from, impossible windows
    └── ServingError               serving             a question that cannot be answered
"""


class CallfirstError(Exception):
    """One sentence that says what happened to what, and one hint that says what to do."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(f"{sentence} {hint}".strip())
        self.sentence = sentence
        self.hint = hint
