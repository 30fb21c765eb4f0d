"""The database: tables, migrations, row codec, batches, versions, quarantine and dirty customers."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
