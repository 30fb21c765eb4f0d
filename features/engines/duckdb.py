"""Here you find the catalogue rendered as one DuckDB statement for any list of instants.

Sums stay exact (DECIMAL, HUGEINT) until the last expression, so the result does not depend on row order or threads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from features.definition import Feature, Unit
from features.policy import Policy
from features.primitives import (
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
    Rows.RETURNS: "amount < 0",
    Rows.COSTED: "cost IS NOT NULL",
    Rows.DISCOUNT_KNOWN: "amount > 0 AND discount IS NOT NULL",
    Rows.ORDER_DAYS: "TRUE",
    Rows.GAPS: "TRUE",
}
_UNIT_TYPE = {Unit.DATE: "DATE", Unit.COUNT: "BIGINT"}  # all others: DOUBLE

_STATEMENT = """
WITH seen AS NOT MATERIALIZED (
    SELECT i.as_of, i.as_of_day, l.customer_id, l.order_day AS day, l.amount, l.cost, l.discount,
           l.product_id, l.category, date_trunc('month', l.order_day) AS month
    FROM order_lines l JOIN instants i
      ON l.ordered_at < i.as_of AND l.visible_from < i.as_of AND (l.replaced_at IS NULL OR l.replaced_at >= i.as_of)
), known AS (
    SELECT DISTINCT i.as_of, c.customer_id FROM customers c JOIN instants i
      ON c.visible_from < i.as_of AND (c.replaced_at IS NULL OR c.replaced_at >= i.as_of)
), line_facts AS (
    SELECT as_of, customer_id{line_facts} FROM seen GROUP BY as_of, customer_id
), order_days AS (
    SELECT as_of, as_of_day, customer_id, day, sum(amount) AS amount
    FROM seen WHERE amount > 0 GROUP BY as_of, as_of_day, customer_id, day
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
        SELECT as_of, as_of_day, customer_id, {column} AS value, max(day) AS day
        FROM seen WHERE {condition} GROUP BY as_of, as_of_day, customer_id, {column}
    ) GROUP BY as_of, customer_id
)"""
_VALUE_JOIN = "LEFT JOIN {relation} ON {relation}.as_of = e.as_of AND {relation}.customer_id = e.customer_id\n"


def statement(catalogue: Iterable[Feature], policy: Policy) -> str:
    """One SELECT over the views ``order_lines``, ``customers`` and ``instants`` that gives a snapshot's rows.

    ``instants`` has as_of, as_of_day, midnight (the as_of of its day's 00:00) and is_asked; each midnight is a row too.
    """
    rendering = _Rendering(policy)
    features = "".join(f",\n  {rendering.column(feature)}" for feature in catalogue)
    return _STATEMENT.format(
        line_facts=rendering.facts("line_facts"),
        day_facts=rendering.facts("day_facts"),
        gap_facts=rendering.facts("gap_facts"),
        company_facts=rendering.facts("company"),
        value_facts="".join(rendering.value_relation(place) for place in rendering.values),
        value_joins="".join(_VALUE_JOIN.format(relation=_relation_of(*place)) for place in rendering.values),
        features=features,
    )


class _Rendering:
    """Renders expressions and collects each primitive they need once, under a column of its own."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._columns: dict[Primitive | CompanyMedian, str] = {}
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
        relation = _relation_of(node.rows, node.column) if isinstance(node, Distinct) else _relation_of(node.rows)
        return self._collect(node, relation, _aggregate(node))

    def _collect(self, node: Primitive | CompanyMedian, relation: str, aggregate: str) -> str:
        if node not in self._columns:
            self._columns[node] = f"p{len(self._columns)}"
            self._facts[relation].append(f"{aggregate} AS {self._columns[node]}")
        return self._columns[node]


def _relation_of(rows: Rows, distinct: Column | None = None) -> str:
    """The relation a primitive over these rows is computed in."""
    if distinct is not None:
        return f"{rows}_{distinct}_facts"
    return {Rows.ORDER_DAYS: "day_facts", Rows.GAPS: "gap_facts"}.get(rows, "line_facts")


def _aggregate(node: Primitive) -> str:
    match node:
        case Count(rows, window):
            return f"count(*) FILTER ({_within(window, _CONDITION[rows])})"
        case Sum(rows, column, window):
            return f"coalesce(sum({_exact(column)}) FILTER ({_within(window, _CONDITION[rows])}), 0)"
        case Distinct(_, _, window):
            inside = _within(window, "TRUE")
            known = f"count(value) FILTER ({inside})"
            return f"CASE WHEN {known} > 0 OR count(*) FILTER ({inside}) = 0 THEN {known} END"
        case Min(rows, column, window):
            return f"min({column}) FILTER ({_within(window, _CONDITION[rows])})"
        case Max(rows, column, window):
            return f"max({column}) FILTER ({_within(window, _CONDITION[rows])})"
        case Last(_, column):
            return f"arg_max({column}, day)"
        case Quantile(_, column, share):
            return f"quantile_cont({column}, {share!r})"


def _exact(column: Column) -> str:
    return f"CAST({column} AS HUGEINT)" if column is Column.DAYS_SQUARED else str(column)


def _within(window: Window, condition: str) -> str:
    parts = [] if condition == "TRUE" else [condition]
    if window.start_days is not None:
        parts.append(f"day >= as_of_day - {window.start_days}")
    if window.end_days:
        parts.append(f"day < as_of_day - {window.end_days}")
    return " AND ".join(parts) or "TRUE"
