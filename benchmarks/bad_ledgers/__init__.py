"""Who errs silently on bad ledgers."""
