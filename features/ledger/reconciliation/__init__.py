"""The report of an ingest: tallies, cancellations, currency conversion and look-alike ids."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
