"""The drawn tree of errors names every error there is, where it lives and what it is a kind of."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import features.errors
from features.errors import CallfirstError

PACKAGES = ("features", "models", "training", "serving")
RUN_BY_ALEMBIC = ".migrations.env"  # acts when it is imported
BRANCH = re.compile(r"^ {4}([│├└─ ]*)(\w+Error) +([\w.]+)", flags=re.MULTILINE)
STEP = len("├── ")

Place = tuple[str, str, str]  # parent, error, its module


def drawn() -> list[Place]:
    path: list[str] = [""]
    places: list[Place] = []
    for indent, name, module in BRANCH.findall(features.errors.__doc__ or ""):
        depth = len(indent) // STEP
        path[depth + 1 :] = [name]
        places.append((path[depth], name, module))
    return places


def import_everything() -> None:
    importlib.import_module("callfirst")
    for package in map(importlib.import_module, PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(RUN_BY_ALEMBIC):
                importlib.import_module(found.name)


def defined(error: type[CallfirstError], parent: str = "") -> Iterator[Place]:
    yield parent, error.__name__, error.__module__
    for kind in error.__subclasses__():
        if kind.__module__.partition(".")[0] in (*PACKAGES, "callfirst"):
            yield from defined(kind, error.__name__)


def test_the_drawn_tree_names_every_error_with_its_module_and_parent() -> None:
    import_everything()
    assert sorted(drawn()) == sorted(defined(CallfirstError))
