"""Feature tables of any origin in one form, and the differences between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.clock import AsOf
from features.errors import CallfirstError
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats
from training.errors import TrainingError

Mask = npt.NDArray[np.bool_]
Key: TypeAlias = tuple[str, datetime]
FeatureMaker: TypeAlias = Callable[[Ledger, Sequence[AsOf], Policy], Any]
"""Returns a table (Arrow, pandas, polars, DuckDB) of a ledger at some instants: customer_id, as_of and features."""

KEYS = ("customer_id", "as_of")
PRESENCE = "(whether there is a row)"
"""Compared beside the features: the presence of a row."""
RELATIVE, ABSOLUTE = 1e-9, 1e-12  # of the value; of the column's largest: doubles added up in another order

MAY_BE_RAISED = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError),
    *(duckdb.Error, CallfirstError, pa.ArrowException),
)
"""Errors that a maker's own code may raise."""


class MadeFeaturesError(TrainingError):
    """Features that cannot be checked."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of customers at instants, of any origin.

    Attributes:
        place: the row number of each customer and instant (UTC without zone).
        columns: the features; values may be of any type.
    """

    place: Mapping[Key, int]
    columns: Mapping[str, pa.Array]

    @classmethod
    def of(cls, features: Any, policy: Policy) -> FeatureTable:
        """The features of a table; ``as_of`` may be an instant (without a zone: UTC), a day or its text.

        Raises:
            MadeFeaturesError: no table, no keys, a key twice or no feature.
        """
        table = _table(getattr(features, "table", features))
        if missing := [name for name in KEYS if name not in table.column_names]:
            raise MadeFeaturesError(
                f"The features have no column {' and no column '.join(missing)}.",
                "Give one row per customer_id and as_of, and the features in columns of their own.",
            )
        if len(table.column_names) == len(KEYS):
            raise MadeFeaturesError("The table has no feature.", "Give columns beside customer_id and as_of.")
        customers = table.column("customer_id").cast(pa.string()).to_pylist()
        instants = _instants(table.column("as_of"), policy)
        place = {key: row for row, key in enumerate(zip(customers, instants, strict=True))}
        if len(place) != table.num_rows:
            raise MadeFeaturesError(
                f"{table.num_rows - len(place)} rows repeat a customer_id and as_of.", "Give one row for each."
            )
        columns = {name: _plain(table.column(name)) for name in table.column_names if name not in KEYS}
        return cls(place, columns)

    @property
    def keys(self) -> list[Key]:
        """Customer and instant of each row."""
        return list(self.place)

    def at(self, instants: Iterable[AsOf]) -> FeatureTable:
        """The rows of some instants."""
        moments = {instant.naive for instant in instants}
        return self.where([key for key in self.place if key[1] in moments])

    def where(self, keys: Sequence[Key]) -> FeatureTable:
        """The rows of these keys, in their order; each must exist."""
        rows = pa.array([self.place[key] for key in keys], pa.int64())
        columns = {name: values.take(rows) for name, values in self.columns.items()}
        return FeatureTable({key: row for row, key in enumerate(keys)}, columns)

    def named_back(self, names: Mapping[str, str]) -> FeatureTable:
        """The same features under the customers' true ids, in keys and in texts."""
        place = {(names.get(customer, customer), instant): row for (customer, instant), row in self.place.items()}
        return replace(
            self, place=place, columns={name: _named(values, names) for name, values in self.columns.items()}
        )


@dataclass(frozen=True)
class ValueDifference:
    """A feature that differs between two tables.

    Attributes:
        rows, of_rows: number of rows that differ, and of all rows.
        example: the key of one row; ``first`` and ``second`` are its values in the two tables.
    """

    feature: str
    rows: int
    of_rows: int
    example: Key
    first: Any
    second: Any


def made_by(maker: FeatureMaker, ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> FeatureTable:
    """The features that a maker returns of a ledger at some instants.

    Raises:
        MadeFeaturesError: the maker returns no table of features, or fails.
    """
    try:
        features = maker(ledger, list(as_ofs), policy)
    except MAY_BE_RAISED as error:
        raise MadeFeaturesError(
            f"The feature maker failed: {type(error).__name__}: {error}.", "Call it on the ledger by hand first."
        ) from error
    return FeatureTable.of(features, policy)


def differences(
    first: FeatureTable, second: FeatureTable, *, about: Callable[[Key], bool] = lambda _: True, least: float = 0.0
) -> list[ValueDifference]:
    """The features that differ in rows of both tables, and the presence of rows in only one of them; for some keys.

    Numbers count as different above a share ``least`` of the column's spread: where the last digit of a sum separates
    two equal values, their ranks move by one place.
    """
    keys = [key for key in first.place if about(key)]
    both = [key for key in keys if key in second.place]
    differing = []
    if only_in_one := [key for key in keys if key not in second.place] + [
        key for key in second.place if about(key) and key not in first.place
    ]:
        has = only_in_one[0] in first.place
        differing.append(
            ValueDifference(PRESENCE, len(only_in_one), len(only_in_one) + len(both), only_in_one[0], has, not has)
        )
    before, after = first.where(both), second.where(both)
    for name, values in before.columns.items():
        if name not in after.columns:
            differing.append(ValueDifference(name, len(both), len(both), both[0], values[0].as_py(), "no such column"))
            continue
        rows = np.flatnonzero(unequal(values, after.columns[name]) & ~_near(values, after.columns[name], least))
        if len(rows):
            at = int(rows[0])
            example = values[at].as_py(), after.columns[name][at].as_py()
            differing.append(ValueDifference(name, len(rows), len(both), both[at], *example))
    return differing


def _near(first: pa.Array, second: pa.Array, least: float) -> Mask:
    """True where two columns of numbers differ by at most a share of the first column's spread."""
    left, right = numbers(first), numbers(second)
    if left is None or right is None:
        return np.zeros(len(first), dtype=np.bool_)
    finite = left[np.isfinite(left)]
    spread = float(np.ptp(finite)) if len(finite) else 0.0
    return np.asarray(np.abs(left - right) <= least * spread)


def unequal(first: pa.Array, second: pa.Array) -> Mask:
    """True where two columns differ: exactly, apart from the last digits of doubles; missing equals missing."""
    if _is_exact(first.type) and _is_exact(second.type) and first.type == second.type:
        same = pc.fill_null(pc.equal(first, second), False).to_numpy(zero_copy_only=False)
        both_unknown = pc.and_(pc.is_null(first), pc.is_null(second)).to_numpy(zero_copy_only=False)
        return np.asarray(~(same | both_unknown), dtype=np.bool_)
    if (left := numbers(first)) is not None and (right := numbers(second)) is not None:
        largest = np.max(np.abs(left[np.isfinite(left)]), initial=0.0)
        is_close = np.isclose(left, right, rtol=RELATIVE, atol=ABSOLUTE * largest, equal_nan=True)
        return np.asarray(~is_close)
    return np.array([a != b for a, b in zip(first.to_pylist(), second.to_pylist(), strict=True)], dtype=np.bool_)


def numbers(values: pa.Array) -> Floats | None:
    """The column as doubles, missing as NaN; days and instants count from 1970; None: it holds no numbers."""
    kind = values.type
    if pa.types.is_date(kind):
        values = values.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        values = values.cast(pa.int64())
    elif not (pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)):
        return None
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_exact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind))


def _table(features: Any) -> pa.Table:
    if isinstance(features, pa.Table):
        return features
    try:
        return pa.table(features)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise MadeFeaturesError(
            f"The feature maker returned no table but a {type(features).__name__} ({error}).",
            "Return a table of Arrow, pandas, polars or DuckDB.",
        ) from None


def _instants(column: pa.ChunkedArray, policy: Policy) -> list[datetime]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return list(column.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.timestamp("us")).to_pylist())
    return [_instant(value, policy) for value in column.to_pylist()]


def _instant(value: Any, policy: Policy) -> datetime:
    if isinstance(value, AsOf):
        return value.naive
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return AsOf.of_instant(datetime.combine(value, time.min, policy.zone), policy.zone).naive
    return AsOf.parse(str(value), policy.zone).naive


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One array, with dictionaries decoded and text in one type."""
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    return values


def _named(values: pa.Array, names: Mapping[str, str]) -> pa.Array:
    if not pa.types.is_string(values.type):
        return values
    return pa.array([names.get(text, text) if text else text for text in values.to_pylist()], pa.string())
