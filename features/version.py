"""Which version of the code this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def code_version() -> str:
    """The installed version of callfirst; "0+source" where it runs without being installed."""
    try:
        return version("callfirst")
    except PackageNotFoundError:
        return "0+source"
