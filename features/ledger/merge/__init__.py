"""Rows as new, known already, or a correction: events, states, cancellations and exchange rates."""
