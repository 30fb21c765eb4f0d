"""A ledger file read where it lies: stream, spill, partitions, versions and Parquet."""
