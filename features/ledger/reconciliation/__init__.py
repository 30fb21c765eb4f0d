"""The account of an ingest: report, tallies, currency conversion and look-alike ids."""
