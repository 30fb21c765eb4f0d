"""Specs of serving: scores, who is at risk, call lists, and their sentences."""
