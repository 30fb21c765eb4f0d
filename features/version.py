"""The version of the code."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def code_version() -> str:
    """The installed version of callfirst; "0+source" where callfirst is not installed."""
    try:
        return version("callfirst")
    except PackageNotFoundError:
        return "0+source"
