"""The report of an ingest: tallies, cancellations, currency conversion and look-alike ids."""
