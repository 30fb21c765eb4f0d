"""The one history of the database; versions are named NNNN_*.py, each following the one before."""
