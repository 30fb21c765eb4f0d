"""Here you find what becomes of good rows: new, merged with what is there already, or a correction of it."""

from __future__ import annotations

from datetime import datetime

import duckdb

from features.ledger.columns import CUSTOMER_COLUMNS, ORDER_COLUMNS, SQL_TYPES
from features.ledger.ledger import CUSTOMERS, ORDER_LINES
from features.ledger.parsing import literal
from features.ledger.reasons import Reason

SINCE_EVER = datetime(1900, 1, 1)  # noqa: DTZ001 - frames carry UTC without a zone
ORDER_CONTENT = tuple(column.name for column in ORDER_COLUMNS if column.name != "known_at")
CUSTOMER_CONTENT = tuple(column.name for column in CUSTOMER_COLUMNS if column.name != "known_at")


def digest_of(names: tuple[str, ...]) -> str:
    """SQL: 128 bits that tell rows of different content apart; NUL parts the values, as no checked text holds one."""
    values = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(0) || 'null')" for name in names)
    return f"md5_number(concat_ws(chr(0), {values}))"


def _instant(moment: datetime) -> str:
    return f"TIMESTAMP {literal(moment.isoformat(sep=' '))}"


def merge_orders(
    connection: duckdb.DuckDBPyConnection, *, history: bool, ingested_at: datetime, first_row_id: int
) -> None:
    """The good rows of ``checked`` have met the lines in ``stored`` (ORDER_LINES) and ``stored_replacements``.

    Leaves three tables: ``judged`` (checked, with rule, fate, visible_from, copy and row_id), ``accepted``
    (ORDER_LINES, with file_no and line_no) and ``replaced`` (row_id, replaced_at, by_row_id).

    A line is merged when it is the k-th copy in its file and an earlier file already brought k. One that carries
    order_id and line_id is a version of that order line: merged when the version is known, else a correction that
    replaces the version before it from its own known-at on. A version without known-at of its own is known when
    its content ever came; one with it, when the version in effect before it says the same.
    """
    otherwise = "ordered_at" if history else f"greatest(ordered_at, {_instant(ingested_at)})"
    rule = "history" if history else "arrival"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE good AS
        SELECT *, coalesce(known_at, {otherwise}) AS visible_from,
            CASE WHEN known_at IS NULL THEN '{rule}' ELSE 'column' END AS rule,
            order_id IS NOT NULL AND line_id IS NOT NULL AS versioned, {digest_of(ORDER_CONTENT)} AS content,
            {first_row_id} - 1 + row_number() OVER (ORDER BY file_no, line_no) AS place
        FROM checked WHERE reason IS NULL"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE held AS
        SELECT row_id, order_id, line_id, visible_from, order_id IS NOT NULL AND line_id IS NOT NULL AS versioned,
            {digest_of(ORDER_CONTENT)} AS content FROM stored"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE fates AS
        WITH copies AS (
            SELECT place, file_no, content, row_number() OVER (PARTITION BY file_no, content ORDER BY place) AS copy
            FROM good WHERE NOT versioned),
        most AS (SELECT file_no, content, max(copy) AS n FROM copies GROUP BY ALL),
        earlier AS (SELECT file_no, content, max(n) OVER (
            PARTITION BY content ORDER BY file_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS n FROM most),
        before AS (SELECT content, count(*) AS n FROM held WHERE NOT versioned GROUP BY content),
        versions AS (
            SELECT row_id AS place, order_id, line_id, visible_from, content, 'stored' AS rule
            FROM held SEMI JOIN (SELECT order_id, line_id FROM good WHERE versioned) USING (order_id, line_id)
            UNION ALL SELECT place, order_id, line_id, visible_from, content, rule FROM good WHERE versioned),
        chains AS (
            SELECT place, rule, content,
                row_number() OVER (PARTITION BY order_id, line_id, content ORDER BY place) AS copy,
                lag(content) OVER (PARTITION BY order_id, line_id ORDER BY visible_from, place) AS in_effect
            FROM versions)
        SELECT place, copy > greatest(coalesce(earlier.n, 0), coalesce(before.n, 0)) AS is_new, copy
        FROM copies LEFT JOIN earlier USING (file_no, content) LEFT JOIN before USING (content)
        UNION ALL
        SELECT place, CASE WHEN rule = 'column' THEN in_effect IS DISTINCT FROM content ELSE copy = 1 END, 1
        FROM chains WHERE rule <> 'stored'"""
    )
    _judge(connection, first_row_id)
    columns = ", ".join(f"CAST({field.name} AS {_sql_type(field.name)}) AS {field.name}" for field in ORDER_LINES)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE accepted AS
        SELECT {columns}, file_no, line_no FROM judged WHERE fate = 'accepted' ORDER BY row_id"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE replaced AS
        WITH versions AS (
            SELECT row_id, order_id, line_id, visible_from FROM held
            SEMI JOIN (SELECT order_id, line_id FROM accepted) USING (order_id, line_id)
            UNION ALL SELECT row_id, order_id, line_id, visible_from FROM accepted
            WHERE order_id IS NOT NULL AND line_id IS NOT NULL),
        chains AS (
            SELECT row_id, visible_from, lead(visible_from) OVER successors AS replaced_at,
                lead(row_id) OVER successors AS by_row_id
            FROM versions WINDOW successors AS (PARTITION BY order_id, line_id ORDER BY visible_from, row_id)),
        known AS (SELECT row_id, min(replaced_at) AS replaced_at FROM stored_replacements GROUP BY row_id)
        SELECT chains.row_id, chains.replaced_at, by_row_id, chains.visible_from = chains.replaced_at AS never_seen
        FROM chains LEFT JOIN known USING (row_id)
        WHERE chains.replaced_at < coalesce(known.replaced_at, TIMESTAMP '9999-12-31')"""
    )


def merge_customers(
    connection: duckdb.DuckDBPyConnection, *, history: bool, ingested_at: datetime, first_row_id: int
) -> None:
    """The good rows of ``checked`` have met the customer versions in ``stored`` (CUSTOMERS without replaced_at).

    Leaves ``judged`` and ``accepted`` as for orders. A row is merged when the version in effect before it says the
    same. Of rows of one file for the same customer and instant that differ, the last stands; the others have the
    reason TWICE.
    """
    otherwise = _instant(SINCE_EVER if history else ingested_at)
    rule = "history" if history else "arrival"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE good AS
        SELECT *, coalesce(known_at, {otherwise}) AS visible_from,
            CASE WHEN known_at IS NULL THEN '{rule}' ELSE 'column' END AS rule,
            {digest_of(CUSTOMER_CONTENT)} AS content,
            {first_row_id} - 1 + row_number() OVER (ORDER BY file_no, line_no) AS place
        FROM checked WHERE reason IS NULL"""
    )
    connection.execute(
        f"""UPDATE checked SET reason = {literal(Reason.TWICE)} FROM (
            SELECT file_no, line_no FROM good QUALIFY content IS DISTINCT FROM last_value(content) OVER (
                PARTITION BY file_no, customer_id, visible_from ORDER BY place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) twice
        WHERE checked.file_no = twice.file_no AND checked.line_no = twice.line_no"""
    )
    connection.execute(
        """DELETE FROM good USING checked c
        WHERE good.file_no = c.file_no AND good.line_no = c.line_no AND c.reason IS NOT NULL"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE fates AS
        WITH versions AS (
            SELECT row_id AS place, customer_id, visible_from, {digest_of(CUSTOMER_CONTENT)} AS content,
                true AS is_stored FROM stored SEMI JOIN good USING (customer_id)
            UNION ALL SELECT place, customer_id, visible_from, content, false FROM good)
        SELECT place, content IS DISTINCT FROM in_effect AS is_new, 1 AS copy FROM (
            SELECT *, lag(content) OVER (PARTITION BY customer_id ORDER BY visible_from, place) AS in_effect
            FROM versions)
        WHERE NOT is_stored"""
    )
    _judge(connection, first_row_id)
    columns = ", ".join(field.name for field in CUSTOMERS if field.name != "replaced_at")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE accepted AS
        SELECT {columns}, file_no, line_no FROM judged WHERE fate = 'accepted' ORDER BY row_id"""
    )


def _judge(connection: duckdb.DuckDBPyConnection, first_row_id: int) -> None:
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE judged AS
        SELECT c.*, g.visible_from, g.rule, f.copy,
            CASE WHEN c.reason IS NOT NULL THEN 'quarantined' WHEN f.is_new THEN 'accepted' ELSE 'merged' END AS fate,
            CASE WHEN f.is_new THEN {first_row_id} - 1 + row_number() OVER (PARTITION BY f.is_new ORDER BY g.place) END
                AS row_id
        FROM checked c LEFT JOIN good g USING (file_no, line_no) LEFT JOIN fates f USING (place)"""
    )


def _sql_type(name: str) -> str:
    kinds = {"row_id": "BIGINT", "order_day": "DATE", "visible_from": "TIMESTAMP"}
    return kinds.get(name) or SQL_TYPES[{column.name: column.kind for column in ORDER_COLUMNS}[name]]
