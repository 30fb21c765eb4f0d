"""The columnar copy of the ledger: Parquet files, their manifests, and whether they agree with the database."""
