"""A notebook of version 0.1.0 that imports an old path is told in one sentence what to import instead."""

from __future__ import annotations

from importlib import import_module

import pytest

from features.moved import MOVED


@pytest.mark.parametrize("module", sorted(MOVED))
def test_an_old_module_says_where_it_went_and_the_new_one_is_there(module: str) -> None:
    import_module(MOVED[module])
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        assert f"{module} has moved: import from {MOVED[module]} instead." in str(error)
    else:
        assert hasattr(import_module(module), "__path__"), "an old name that is a module again must be a package"


def test_a_name_of_a_module_that_is_a_package_today_says_where_it_went() -> None:
    with pytest.raises(ImportError, match=r"import from features\.ledger\.mirror\.parquet_mirror instead"):
        from features.ledger.mirror import read_ledger  # noqa: F401
    with pytest.raises(ImportError, match=r"import from training\.dataset\.training_set instead"):
        from training.dataset import TrainingSet  # noqa: F401
