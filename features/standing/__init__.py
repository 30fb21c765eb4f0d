"""Here you find each customer's standing as of an instant: rung, account group, shares, key account and why."""
