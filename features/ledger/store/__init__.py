"""The database: tables, migrations, row codec, batches, versions, quarantine and dirty customers."""
