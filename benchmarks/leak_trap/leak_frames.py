"""A ledger as a data scientist has it in a notebook: frames of everything, and of what was seen then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import pandas as pd

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy

HORIZON_DAYS = 90


@dataclass(frozen=True)
class Everything:
    """All rows the ledger holds, whenever they happened or became known."""

    ledger: Ledger
    policy: Policy
    lines: pd.DataFrame
    versions: pd.DataFrame

    @classmethod
    def of(cls, ledger: Ledger, policy: Policy) -> Everything:
        """The frames of a ledger."""
        with ledger.open() as connection:
            lines = connection.sql("SELECT * FROM order_lines").to_arrow_table().to_pandas()
            versions = connection.sql("SELECT * FROM customers").to_arrow_table().to_pandas()
        for name in ("amount", "quantity", "unit_price", "cost"):
            lines[name] = lines[name].astype(float)
        for name in ("order_day", "promised_on", "delivered_on"):
            lines[name] = pd.to_datetime(lines[name])
        return cls(ledger, policy, lines, versions)

    @cached_property
    def beside(self) -> Mapping[str, pd.DataFrame]:
        """The rows of the other kinds, by view."""
        names = ("complaints", "payments", "contacts", "calls", "outcomes")
        with self.ledger.open() as connection:
            return {name: connection.sql(f"SELECT * FROM {name}").to_arrow_table().to_pandas() for name in names}


@dataclass(frozen=True)
class Then:
    """One instant: ``t`` as frames carry it, its business day, and what was seen then."""

    every: Everything
    as_of: AsOf

    @cached_property
    def t(self) -> pd.Timestamp:
        """The instant."""
        return pd.Timestamp(self.as_of.naive)

    @cached_property
    def day(self) -> pd.Timestamp:
        """Its business day."""
        return pd.Timestamp(self.as_of.day)

    @cached_property
    def seen(self) -> pd.DataFrame:
        """Lines that had happened, were known and not replaced."""
        lines = self.every.lines
        known = (lines.ordered_at < self.t) & (lines.visible_from < self.t)
        return lines[known & (lines.replaced_at.isna() | (lines.replaced_at >= self.t))]

    def beside(self, name: str) -> pd.DataFrame:
        """Rows of another kind that were known and not replaced."""
        rows = self.every.beside[name]
        return rows[(rows.visible_from < self.t) & (rows.replaced_at.isna() | (rows.replaced_at >= self.t))]

    @cached_property
    def versions(self) -> pd.DataFrame:
        """The customers' versions in effect."""
        rows = self.every.versions
        known = (rows.visible_from < self.t) & (rows.replaced_at.isna() | (rows.replaced_at >= self.t))
        return rows[known].set_index("customer_id")

    @cached_property
    def days(self) -> pd.DataFrame:
        """Order days seen, with their sales, by customer and day."""
        sales = self.seen[self.seen.amount > 0]
        return sales.groupby(["customer_id", "order_day"], as_index=False).amount.sum()

    @cached_property
    def customers(self) -> pd.Index:
        """Who was known."""
        return pd.Index(sorted(set(self.seen.customer_id) | set(self.versions.index)), name="customer_id")

    def back(self, days: int) -> pd.DataFrame:
        """Lines seen of the last so many days."""
        return self.seen[self.seen.order_day >= self.day - pd.Timedelta(days=days)]

    @cached_property
    def year_sales(self) -> pd.Series[Any]:
        """Sales seen of the last year, by customer."""
        return sums(self.back(365))

    def after(self, days: int) -> pd.DataFrame:
        """Lines of the days to come, which nobody can know: what plants are made of."""
        lines = self.every.lines
        return lines[(lines.ordered_at >= self.t) & (lines.ordered_at < self.t + pd.Timedelta(days=days))]

    @cached_property
    def label(self) -> pd.Series[Any]:
        """1 for who will not order within the horizon, which nobody can know either."""
        later = self.after(HORIZON_DAYS)
        return pd.Series(1.0, self.customers).mask(self.customers.isin(later[later.amount > 0].customer_id), 0.0)


def sums(lines: pd.DataFrame) -> pd.Series[Any]:
    """Money of lines by customer."""
    return lines.groupby("customer_id").amount.sum()


Column: TypeAlias = Callable[[Then], "pd.Series[Any]"]
Across: TypeAlias = Callable[[pd.DataFrame, Everything], "pd.Series[Any]"]


def maker_of(columns: Mapping[str, Column], across: Mapping[str, Across]) -> Callable[..., pd.DataFrame]:
    """A feature maker of columns made instant by instant, and of columns made of all instants together."""

    def maker(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> pd.DataFrame:
        every = Everything.of(ledger, policy)
        parts = []
        for as_of in as_ofs:
            then = Then(every, as_of)
            part = pd.DataFrame(index=then.customers)
            for name, column in columns.items():
                part[name] = column(then).reindex(then.customers)
            part["as_of"] = then.t
            parts.append(part.reset_index())
        made = pd.concat(parts, ignore_index=True)
        for name, column in across.items():
            made[name] = column(made, every)
        return made

    return maker
