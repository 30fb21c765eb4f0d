"""The way in: commands, files, push, pull, sources, one transaction, and ledgers in memory."""
