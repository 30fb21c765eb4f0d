"""What we knew: the ledger, point-in-time features of it, and each customer's standing."""
