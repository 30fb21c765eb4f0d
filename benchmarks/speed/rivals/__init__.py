"""The rivals, each a script told a prepared ledger and as-ofs: `python -m benchmarks.speed.rivals.NAME`.

They run in an environment of their own (`make benchmarks/.rivals`) and import nothing of ours but this folder.
"""
