"""The HTTP API: thin routes over the published tables and the push of rows."""
