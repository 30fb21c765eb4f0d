"""The ledger: its columns, how rows come in, where they are kept, and how they are read."""
