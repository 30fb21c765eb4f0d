"""The catalogue rendered as one exact DuckDB statement for any list of instants.

It joins every instant with the rows visible at it: slower than the columnar engine, and the reference that tests
compare that engine with. Sums stay exact (DECIMAL, HUGEINT) until the last expression.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from features.catalog.definition import Feature, Unit
from features.catalog.primitives import (
    Clipped,
    Column,
    CompanyMedian,
    Count,
    DaysSince,
    DaysUntil,
    Deviation,
    Distinct,
    Expression,
    Last,
    Max,
    Min,
    Minus,
    Number,
    OnRecord,
    Plus,
    Primitive,
    Quantile,
    Ratio,
    Rows,
    Shrunken,
    ShutDaysSince,
    Sum,
    WhenAtLeast,
    WhereKnown,
    Window,
)
from features.catalog.row_sets import ON_ORDER_DAYS, ORDER_LINES, SETS, EventStream
from features.ledger.sql import holds_at, visible_at
from features.policy import Policy

_UNIT_TYPE = {Unit.DATE: "DATE", Unit.COUNT: "BIGINT"}  # all others: DOUBLE

_STATEMENT = """
WITH known AS (
    SELECT DISTINCT i.as_of, c.customer_id FROM customers c JOIN instants i
      ON {known}
){streams}, order_days AS (
    SELECT as_of, as_of_day, customer_id, day, sum(amount) FILTER ({sales}) AS amount
    FROM order_lines_seen GROUP BY as_of, as_of_day, customer_id, day HAVING bool_or({purchases})
), day_facts AS (
    SELECT as_of, customer_id{day_facts} FROM order_days GROUP BY as_of, customer_id
), gaps AS (
    SELECT * FROM (
        SELECT as_of, as_of_day, customer_id, day, amount,
               day - lag(day) OVER (PARTITION BY as_of, customer_id ORDER BY day) AS days
        FROM order_days
    ) WHERE days IS NOT NULL
), gap_facts AS (
    SELECT as_of, customer_id{gap_facts}
    FROM (SELECT *, days * days AS days_squared FROM gaps) GROUP BY as_of, customer_id
), company AS (
    SELECT as_of{company_facts} FROM gap_facts GROUP BY as_of
), everybody AS (
    SELECT as_of, customer_id FROM order_lines_facts UNION SELECT as_of, customer_id FROM known
)
SELECT e.as_of, e.customer_id{features}
FROM everybody e
{joins}JOIN instants i ON i.as_of = e.as_of AND i.is_requested
LEFT JOIN company ON company.as_of = i.midnight
ORDER BY e.as_of, e.customer_id
"""

_STREAM = """, {name}_seen AS NOT MATERIALIZED (
    SELECT i.as_of, i.as_of_day, r.* FROM (
        SELECT *, {day} AS day, {happened} AS happened, {begins} AS begins, {ends} AS ends{columns}
        FROM {view} WHERE {where}
    ) r JOIN instants i ON {holds}
), {name}_facts AS (
    SELECT as_of, customer_id{facts} FROM {name}_seen GROUP BY as_of, customer_id
)"""
_JOIN = "LEFT JOIN {facts} ON {facts}.as_of = e.as_of AND {facts}.customer_id = e.customer_id\n"


def statement(catalogue: Iterable[Feature], policy: Policy) -> str:
    """One SELECT over the views of ``Ledger.open()`` and ``instants`` that gives a snapshot.

    ``instants`` is Instants.table with ``shut_days``, a list; ``define_days`` has been called.
    """
    rendering = _Rendering(policy)
    features = "".join(f",\n  {rendering.column(feature)}" for feature in catalogue)
    facts = [*(f"{stream.name}_facts" for stream in rendering.streams), "day_facts", "gap_facts"]
    return _STATEMENT.format(
        known=visible_at("i.as_of", relation="c"),
        streams="".join(rendering.stream(stream) for stream in rendering.streams),
        sales=SETS[Rows.SALES].condition,
        purchases=SETS[Rows.PURCHASES].condition,
        day_facts=rendering.facts("day_facts"),
        gap_facts=rendering.facts("gap_facts"),
        company_facts=rendering.facts("company"),
        features=features,
        joins="".join(_JOIN.format(facts=relation) for relation in facts),
    )


class _Rendering:
    """Renders expressions, and collects every primitive they need once, in its own column."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._columns: dict[Hashable, str] = {}
        self._facts: defaultdict[str, list[str]] = defaultdict(list)
        self.streams: dict[EventStream, None] = {ORDER_LINES: None}

    def stream(self, stream: EventStream) -> str:
        columns = "".join(
            f", {sql} AS {column}" for column, sql in stream.columns.items() if column not in (sql, Column.DAY)
        )
        return _STREAM.format(
            name=stream.name,
            view=stream.view,
            day=stream.day,
            happened=stream.happened,
            begins=stream.begins,
            ends=stream.ends,
            columns=columns,
            where=stream.where,
            holds=holds_at("i.as_of", begins="r.begins", ends="r.ends"),
            facts=self.facts(f"{stream.name}_facts"),
        )

    def facts(self, relation: str) -> str:
        return "".join(f",\n  {fact}" for fact in self._facts[relation])

    def column(self, feature: Feature) -> str:
        value = self.expression(feature.expression)
        return f"CAST({value} AS {_UNIT_TYPE.get(feature.unit, 'DOUBLE')}) AS {feature.name}"

    def expression(self, node: Expression) -> str:
        match node:
            case Number(value):
                return str(value)
            case DaysSince(day):
                return f"(i.as_of_day - {self.expression(day)})"
            case DaysUntil(day):
                return f"({self.expression(day)} - i.as_of_day)"
            case ShutDaysSince(day):
                since = self.expression(day)
                between = f"lambda shut: shut > {since} AND shut < i.as_of_day"
                return f"CASE WHEN {since} IS NOT NULL THEN len(list_filter(i.shut_days, {between})) END"
            case OnRecord(value, rows):
                row_set = SETS[rows]
                since = f"SELECT min({row_set.stream.begins}) FROM {row_set.stream.view} WHERE ({row_set.stream.where})"
                return f"CASE WHEN ({since} AND ({row_set.condition})) < i.midnight THEN {self.expression(value)} END"
            case WhereKnown(value, required):
                return f"CASE WHEN {self.expression(required)} IS NOT NULL THEN {self.expression(value)} END"
            case Clipped(value, low, high):
                rendered = self.expression(value)
                return f"CASE WHEN {rendered} IS NOT NULL THEN least(greatest({rendered}, {low}), {high}) END"
            case Minus(first, second):
                return f"({self.expression(first)} - {self.expression(second)})"
            case Plus(first, second):
                return f"({self.expression(first)} + {self.expression(second)})"
            case Ratio(first, second):
                numerator, denominator = self.expression(first), self.expression(second)
                return (
                    f"CASE WHEN {denominator} > 0 THEN CAST({numerator} AS DOUBLE) / CAST({denominator} AS DOUBLE) END"
                )
            case Deviation(count, total, squares):
                n, s, ss = (self.expression(part) for part in (count, total, squares))
                return f"CASE WHEN {n} > 1 THEN sqrt(CAST({n} * {ss} - {s} * {s} AS DOUBLE) / ({n} * ({n} - 1))) END"
            case WhenAtLeast(value, share, setting):
                least = float(getattr(self._policy, setting))
                return f"CASE WHEN {self.expression(share)} >= {least!r} THEN {self.expression(value)} END"
            case Shrunken(own, count, company, setting):
                n, weight = self.expression(count), int(getattr(self._policy, setting))
                pooled = self.expression(company)
                return (
                    f"CASE WHEN {n} < {company.least_count} THEN {pooled}"
                    f" ELSE ({n} * {self.expression(own)} + {weight} * {pooled}) / ({n} + {weight}) END"
                )
            case CompanyMedian(value, rows, least_count):
                median = f"median({self._column(value)}) FILTER ({self._column(rows)} >= {least_count})"
                return f"company.{self._collect(node, 'company', median)}"
            case Count() | Sum():
                return f"coalesce({self._column(node)}, 0)"
            case Distinct(rows, _, window):
                values, row_count = self._column(node), self.expression(Count(rows, window))
                return f"CASE WHEN {row_count} = 0 OR {values} > 0 THEN coalesce({values}, 0) END"
            case Min() | Max() | Last() | Quantile():
                return self._column(node)

    def _column(self, node: Primitive) -> str:
        if node.rows in ON_ORDER_DAYS:
            relation = "day_facts" if node.rows is Rows.ORDER_DAYS else "gap_facts"
            return self._collect(node, relation, _aggregate(node, "TRUE", newest_by="day"))
        row_set = SETS[node.rows]
        self.streams[row_set.stream] = None
        return self._collect(
            node, f"{row_set.stream.name}_facts", _aggregate(node, row_set.condition, newest_by="(happened, row_id)")
        )

    def _collect(self, key: Hashable, relation: str, aggregate: str) -> str:
        if key not in self._columns:
            self._columns[key] = f"p{len(self._columns)}"
            self._facts[relation].append(f"{aggregate} AS {self._columns[key]}")
        return self._columns[key]


def _aggregate(node: Primitive, condition: str, *, newest_by: str) -> str:
    """SQL of a primitive over its rows."""
    match node:
        case Count(_, window):
            return f"count(*) FILTER ({_within(window, condition)})"
        case Sum(_, column, window):
            return f"sum({_exact(column)}) FILTER ({_within(window, condition)})"
        case Distinct(_, column, window):
            return f"count(DISTINCT {column}) FILTER ({_within(window, condition)})"
        case Min(_, column, window):
            return f"min({column}) FILTER ({_within(window, condition)})"
        case Max(_, column, window):
            return f"max({column}) FILTER ({_within(window, condition)})"
        case Last(_, column):
            return f"arg_max({column}, {newest_by}) FILTER ({condition})"
        case Quantile(_, column, share):
            return f"quantile_cont({column}, {share!r}) FILTER ({condition})"


def _exact(column: Column) -> str:
    return f"CAST({column} AS HUGEINT)" if column is Column.DAYS_SQUARED else str(column)


def _within(window: Window, condition: str) -> str:
    parts = [] if condition == "TRUE" else [condition]
    if window.start_days is not None:
        parts.append(f"day >= as_of_day - {window.start_days}")
    if window.end_days:
        parts.append(f"day < as_of_day - {window.end_days}")
    return " AND ".join(parts) or "TRUE"
