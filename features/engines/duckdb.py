"""Here you find the catalogue rendered as one DuckDB statement for any list of instants.

Sums stay exact (DECIMAL, HUGEINT) until the last expression, so the result does not depend on row order or threads.

A line is seen at a run of instants: from the first after it happened and was known, to the last before it is replaced.
Lines of one customer, day and run are added up once, before they meet the instants: exact at any instant, and a
wholesaler's twenty lines an order day cost as much as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from features.definition import Feature, Unit
from features.policy import Policy
from features.primitives import (
    LIFETIME,
    Column,
    CompanyMedian,
    Count,
    DaysSince,
    Deviation,
    Distinct,
    Expression,
    Last,
    Max,
    Min,
    Minus,
    Plus,
    Primitive,
    Quantile,
    Ratio,
    Rows,
    Shrunken,
    Sum,
    WhenAtLeast,
    Window,
)

_CONDITION = {
    Rows.LINES: "TRUE",
    Rows.SALES: "amount > 0",
    Rows.PURCHASES: "makes_order",
    Rows.RETURNS: "is_return",
    Rows.COSTED: "cost IS NOT NULL",
    Rows.DISCOUNT_KNOWN: "amount > 0 AND discount IS NOT NULL",
    Rows.ORDER_DAYS: "TRUE",
    Rows.GAPS: "TRUE",
}
_UNIT_TYPE = {Unit.DATE: "DATE", Unit.COUNT: "BIGINT"}  # all others: DOUBLE

_STATEMENT = """
WITH runs AS NOT MATERIALIZED (
    SELECT * FROM (
        SELECT *, order_day AS day, date_trunc('month', order_day) AS month,
               {first_seen} AS first_seen, coalesce({replaced}, {instants}) - 1 AS last_seen
        FROM order_lines
    ) WHERE first_seen <= last_seen
), day_lines AS MATERIALIZED (
    SELECT customer_id, day, first_seen, last_seen, sum(amount) FILTER (amount > 0) AS sales,
           bool_or(makes_order) AS is_order_day{day_lines}
    FROM runs GROUP BY customer_id, day, first_seen, last_seen
), seen AS NOT MATERIALIZED (
    SELECT i.as_of, i.as_of_day, l.* FROM day_lines l JOIN instants i ON i.place BETWEEN l.first_seen AND l.last_seen
), known AS (
    SELECT DISTINCT i.as_of, c.customer_id FROM customers c JOIN instants i
      ON c.visible_from < i.as_of AND (c.replaced_at IS NULL OR c.replaced_at >= i.as_of)
), line_facts AS (
    SELECT as_of, customer_id{line_facts} FROM seen GROUP BY as_of, customer_id
), order_days AS (
    SELECT as_of, as_of_day, customer_id, day, sum(sales) AS amount
    FROM seen GROUP BY as_of, as_of_day, customer_id, day HAVING bool_or(is_order_day)
), day_facts AS (
    SELECT as_of, customer_id{day_facts} FROM order_days GROUP BY as_of, customer_id
), gaps AS (
    SELECT * FROM (
        SELECT as_of, as_of_day, customer_id, day,
               day - lag(day) OVER (PARTITION BY as_of, customer_id ORDER BY day) AS days
        FROM order_days
    ) WHERE days IS NOT NULL
), gap_facts AS (
    SELECT as_of, customer_id{gap_facts}
    FROM (SELECT *, days * days AS days_squared FROM gaps) GROUP BY as_of, customer_id
), company AS (
    SELECT as_of{company_facts} FROM gap_facts GROUP BY as_of
){value_facts}, everybody AS (
    SELECT as_of, customer_id FROM line_facts UNION SELECT as_of, customer_id FROM known
)
SELECT e.as_of, e.customer_id{features}
FROM everybody e
LEFT JOIN line_facts l ON l.as_of = e.as_of AND l.customer_id = e.customer_id
LEFT JOIN day_facts d ON d.as_of = e.as_of AND d.customer_id = e.customer_id
LEFT JOIN gap_facts g ON g.as_of = e.as_of AND g.customer_id = e.customer_id
{value_joins}JOIN instants i ON i.as_of = e.as_of AND i.is_asked
LEFT JOIN company ON company.as_of = i.midnight
ORDER BY e.as_of, e.customer_id
"""

# Counting different values per group is slow in DuckDB; their newest days answer every window that ends at the as-of.
_VALUE_FACTS = """, {relation} AS (
    SELECT as_of, customer_id{facts} FROM (
        SELECT i.as_of, i.as_of_day, v.customer_id, v.value, max(v.day) AS day
        FROM (
            SELECT customer_id, {column} AS value, first_seen, last_seen, max(day) AS day
            FROM runs WHERE {condition} GROUP BY customer_id, {column}, first_seen, last_seen
        ) v JOIN instants i ON i.place BETWEEN v.first_seen AND v.last_seen
        GROUP BY i.as_of, i.as_of_day, v.customer_id, v.value
    ) GROUP BY as_of, customer_id
)"""
_VALUE_JOIN = "LEFT JOIN {relation} ON {relation}.as_of = e.as_of AND {relation}.customer_id = e.customer_id\n"


def statement(catalogue: Iterable[Feature], policy: Policy, instants: Sequence[datetime]) -> str:
    """One SELECT over the views ``order_lines``, ``customers`` and ``instants`` that gives a snapshot's rows.

    ``instants``: all asked for and the midnight before each, ascending, UTC without a zone. They stand in the view too,
    with place (from 0), as_of, as_of_day, midnight (the as_of of its day's 00:00) and is_asked.
    """
    rendering = _Rendering(policy)
    features = "".join(f",\n  {rendering.column(feature)}" for feature in catalogue)
    return _STATEMENT.format(
        first_seen=_instants_up_to("greatest(ordered_at, visible_from)", instants),
        replaced=_instants_up_to("replaced_at", instants),
        instants=len(instants),
        day_lines=rendering.facts("day_lines"),
        line_facts=rendering.facts("line_facts"),
        day_facts=rendering.facts("day_facts"),
        gap_facts=rendering.facts("gap_facts"),
        company_facts=rendering.facts("company"),
        value_facts="".join(rendering.value_relation(place) for place in rendering.values),
        value_joins="".join(_VALUE_JOIN.format(relation=_relation_of(*place)) for place in rendering.values),
        features=features,
    )


def _instants_up_to(moment: str, instants: Sequence[datetime]) -> str:
    """How many instants lie at or before a moment: the place of the first one that sees a row of that moment."""
    return "(" + " + ".join(f"CAST({moment} >= TIMESTAMP '{instant}' AS INTEGER)" for instant in instants) + ")"


class _Rendering:
    """Renders expressions and collects each primitive they need once, under a column of its own."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._columns: dict[Hashable, str] = {}
        self._facts: defaultdict[str, list[str]] = defaultdict(list)
        self.values: list[tuple[Rows, Column]] = []

    def value_relation(self, place: tuple[Rows, Column]) -> str:
        rows, column = place
        relation = _relation_of(rows, column)
        condition = _CONDITION[rows]
        return _VALUE_FACTS.format(relation=relation, facts=self.facts(relation), column=column, condition=condition)

    def facts(self, relation: str) -> str:
        return "".join(f",\n  {fact}" for fact in self._facts[relation])

    def column(self, feature: Feature) -> str:
        made = self.expression(feature.expression)
        return f"CAST({made} AS {_UNIT_TYPE.get(feature.unit, 'DOUBLE')}) AS {feature.name}"

    def expression(self, node: Expression) -> str:
        match node:
            case DaysSince(day):
                return f"(i.as_of_day - {self.expression(day)})"
            case Minus(first, second):
                return f"({self.expression(first)} - {self.expression(second)})"
            case Plus(first, second):
                return f"({self.expression(first)} + {self.expression(second)})"
            case Ratio(first, second):
                below = self.expression(second)
                above = self.expression(first)
                return f"CASE WHEN {below} > 0 THEN CAST({above} AS DOUBLE) / CAST({below} AS DOUBLE) END"
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
            case Distinct(rows, column):
                if (rows, column) not in self.values:
                    self.values.append((rows, column))
                    self._facts[_relation_of(rows, column)].append("TRUE AS is_found")
                return f"CASE WHEN {_relation_of(rows, column)}.is_found THEN {self._column(node)} ELSE 0 END"
            case Count() | Sum():
                return f"coalesce({self._column(node)}, 0)"
            case Min() | Max() | Last() | Quantile():
                return self._column(node)

    def _column(self, node: Primitive) -> str:
        if isinstance(node, Distinct):
            return self._collect(node, _relation_of(node.rows, node.column), _aggregate(node, "value"))
        if isinstance(node, Count | Sum | Min | Max) and _relation_of(node.rows) == "line_facts":
            daily = replace(node, window=LIFETIME)
            part = self._collect(("a day's", daily), "day_lines", _aggregate(daily, condition=_CONDITION[node.rows]))
            return self._collect(node, "line_facts", _together(node, part))
        return self._collect(node, _relation_of(node.rows), _aggregate(node))

    def _collect(self, key: Hashable, relation: str, aggregate: str) -> str:
        if key not in self._columns:
            self._columns[key] = f"p{len(self._columns)}"
            self._facts[relation].append(f"{aggregate} AS {self._columns[key]}")
        return self._columns[key]


def _relation_of(rows: Rows, distinct: Column | None = None) -> str:
    """The relation a primitive over these rows is computed in."""
    if distinct is not None:
        return f"{rows}_{distinct}_facts"
    return {Rows.ORDER_DAYS: "day_facts", Rows.GAPS: "gap_facts"}.get(rows, "line_facts")


def _aggregate(node: Primitive, value: str = "*", condition: str = "TRUE") -> str:
    """A primitive over its own rows; ``value`` is what a Distinct counts."""
    match node:
        case Count(_, window):
            return f"count(*) FILTER ({_within(window, condition)})"
        case Sum(_, column, window):
            return f"sum({_exact(column)}) FILTER ({_within(window, condition)})"
        case Distinct(_, _, window):
            inside = _within(window, condition)
            known = f"count({value}) FILTER ({inside})"
            return f"CASE WHEN {known} > 0 OR count(*) FILTER ({inside}) = 0 THEN {known} END"
        case Min(_, column, window):
            return f"min({column}) FILTER ({_within(window, condition)})"
        case Max(_, column, window):
            return f"max({column}) FILTER ({_within(window, condition)})"
        case Last(_, column):
            return f"arg_max({column}, day)"
        case Quantile(_, column, share):
            return f"quantile_cont({column}, {share!r})"


def _together(node: Count | Sum | Min | Max, part: str) -> str:
    """A primitive over lines, put together from what each day's lines gave."""
    name = {Min: "min", Max: "max"}.get(type(node), "sum")
    return f"{name}({part}) FILTER ({_within(node.window, 'TRUE')})"


def _exact(column: Column) -> str:
    return f"CAST({column} AS HUGEINT)" if column is Column.DAYS_SQUARED else str(column)


def _within(window: Window, condition: str) -> str:
    parts = [] if condition == "TRUE" else [condition]
    if window.start_days is not None:
        parts.append(f"day >= as_of_day - {window.start_days}")
    if window.end_days:
        parts.append(f"day < as_of_day - {window.end_days}")
    return " AND ".join(parts) or "TRUE"
