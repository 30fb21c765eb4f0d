"""What we knew: the ledger, point-in-time features of it, and each customer's standing."""

from features.moved import explain_moved_modules

explain_moved_modules()
