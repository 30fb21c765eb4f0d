"""The columnar copy of the ledger: Parquet files, their manifests, and whether they agree with the database."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
