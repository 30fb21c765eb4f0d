"""Specs of the ledger: what each kind of row means, and what becomes of rows that cannot be used."""
