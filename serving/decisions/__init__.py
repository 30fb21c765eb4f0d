"""Decisions as pure functions: who is at risk, why, and who is called first. No HTTP, no model registry."""
