"""The fates of good rows: new, merged with a stored row, or a correction of one."""

from __future__ import annotations

from datetime import datetime

import duckdb

from features.ledger.schema.column import INSTANT
from features.ledger.schema.record_types import RecordType, Relation
from features.ledger.sql import at_utc, instant_literal

SINCE_EVER = datetime(1900, 1, 1)  # noqa: DTZ001 - Arrow tables carry UTC without a zone


def digest_of(names: tuple[str, ...]) -> str:
    """SQL: 128 bits that tell rows of different content apart; NUL separates values, as no checked text contains it."""
    values = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(0) || 'null')" for name in names)
    return f"md5_number(concat_ws(chr(0), {values}))"


def accepted_on(kind: RecordType, relation: Relation) -> str:
    """The table of a relation's new rows after the merge: ``accepted``, and another for people."""
    return "accepted" if relation is kind.relation else f"accepted_{relation.name}"


def stored_on(kind: RecordType, relation: Relation) -> str:
    """The table or view of a relation's rows before the merge: ``stored``, and another for people."""
    return "stored" if relation is kind.relation else f"stored_{relation.name}"


def merge_events(
    connection: duckdb.DuckDBPyConnection,
    kind: RecordType,
    *,
    history: bool,
    ingested_at: datetime,
    first_row_id: int,
    zone: str,
) -> None:
    """Merges the good rows of ``checked`` with the rows of ``stored`` and ``stored_replacements``.

    Writes three tables: ``judged`` (checked, with rule, fate, visible_from, copy and row_id), ``accepted``
    (the relation's schema, with file_no and line_no) and ``replaced`` (row_id, replaced_at, by_row_id).

    A row without its whole key is merged when it is the k-th copy in its file and an earlier file had k copies. A row
    with its whole key (an order line's order_id and line_id, a complaint's complaint_id) is a version. It is merged
    when it has come before; else it replaces the version before it from its own known-at on. A version without a
    known-at has come before when its content has; a version with a known-at, when its content has come with the same
    known-at. So a later version with the same content counts: a version known between the two may still come. If
    several versions in one file have the same instant, the last stands, unless all of them have come before.
    """
    relation = kind.relation
    known_at = known_of(kind, history=history, ingested_at=ingested_at, zone=zone)
    known_at = f"greatest({known_at}, rate_known_at)" if kind.converted else known_at
    rule = "public" if kind.is_public else "history" if history else "arrival"
    key, versioned = ", ".join(relation.key), " AND ".join(f"{name} IS NOT NULL" for name in relation.key)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE good AS
        SELECT *, {known_at} AS visible_from,
            CASE WHEN known_at IS NULL THEN '{rule}' ELSE 'column' END AS rule,
            {versioned} AS versioned, {digest_of(relation.content_as_sent)} AS content,
            {first_row_id} - 1 + row_number() OVER (ORDER BY file_no, line_no) AS place
        FROM checked WHERE reason IS NULL"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE held AS
        SELECT row_id, {key}, visible_from, {versioned} AS versioned, {digest_of(relation.content_as_sent)} AS content
        FROM stored"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE fates AS
        WITH copies AS (
            SELECT place, file_no, content, row_number() OVER (PARTITION BY file_no, content ORDER BY place) AS copy
            FROM good WHERE NOT versioned),
        most AS (SELECT file_no, content, max(copy) AS n FROM copies GROUP BY ALL),
        earlier AS (SELECT file_no, content, max(n) OVER (
            PARTITION BY content ORDER BY file_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS n FROM most),
        before AS (SELECT content, count(*) AS n FROM held WHERE NOT versioned GROUP BY content),
        versions AS (
            SELECT row_id AS place, 0 AS file_no, {key}, visible_from, content, false AS is_dated
            FROM held SEMI JOIN (SELECT {key} FROM good WHERE versioned) USING ({key})
            UNION ALL SELECT place, file_no, {key}, visible_from, content, rule IN ('column', 'public') FROM good
            WHERE versioned),
        met AS (
            SELECT *, min(file_no) OVER (PARTITION BY {key}, visible_from, content) < file_no AS has_come,
                row_number() OVER (PARTITION BY {key}, content ORDER BY file_no > 0, is_dated, place) AS copy
            FROM versions),
        of_instants AS (
            SELECT *, place = max(place) OVER of_instant AND NOT bool_and(has_come) OVER of_instant AS stands
            FROM met WHERE is_dated WINDOW of_instant AS (PARTITION BY file_no, {key}, visible_from)),
        news AS (
            SELECT place FROM of_instants WHERE stands OR NOT has_come
            QUALIFY content IS DISTINCT FROM
                lag(content) OVER (PARTITION BY file_no, {key}, visible_from ORDER BY place))
        SELECT place, copy > greatest(coalesce(earlier.n, 0), coalesce(before.n, 0)) AS is_new, copy
        FROM copies LEFT JOIN earlier USING (file_no, content) LEFT JOIN before USING (content)
        UNION ALL
        SELECT place, CASE WHEN is_dated THEN place IN (SELECT place FROM news) ELSE copy = 1 END, 1
        FROM met WHERE file_no > 0"""
    )
    judge(connection, first_row_id)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE accepted AS
        SELECT {", ".join(relation.schema.names)}, file_no, line_no FROM judged
        WHERE fate = 'accepted' ORDER BY row_id"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE replaced AS
        WITH versions AS (
            SELECT row_id, {key}, visible_from FROM held
            SEMI JOIN (SELECT {key} FROM accepted) USING ({key})
            UNION ALL SELECT row_id, {key}, visible_from FROM accepted WHERE {versioned}),
        chains AS (
            SELECT row_id, visible_from, lead(visible_from) OVER successors AS replaced_at,
                lead(row_id) OVER successors AS by_row_id
            FROM versions WINDOW successors AS (PARTITION BY {key} ORDER BY visible_from, row_id)),
        known AS (SELECT row_id, min(replaced_at) AS replaced_at FROM stored_replacements GROUP BY row_id)
        SELECT chains.row_id, chains.replaced_at, by_row_id, chains.visible_from = chains.replaced_at AS never_seen
        FROM chains LEFT JOIN known USING (row_id)
        WHERE chains.replaced_at < coalesce(known.replaced_at, TIMESTAMP '9999-12-31')"""
    )


def known_of(kind: RecordType, *, history: bool, ingested_at: datetime, zone: str) -> str:
    """SQL over ``checked``: the known-at of a row, from its column, else by the rule that applies."""
    happened = _happened(kind, zone)
    if history or kind.is_public:
        return f"coalesce(known_at, {happened})"
    return f"coalesce(known_at, greatest({happened}, {instant_literal(ingested_at)}))"


def _happened(kind: RecordType, zone: str) -> str:
    """SQL: the instant a row happened; 00:00 in business time where only the day is known."""
    if kind.column(kind.happened_at).kind is INSTANT:
        return kind.happened_at
    return at_utc(f"CAST({kind.happened_at} AS TIMESTAMP)", zone)


def judge(connection: duckdb.DuckDBPyConnection, first_row_id: int) -> None:
    """Writes every row of ``checked`` to ``judged`` with its fate, from ``good`` and ``fates``."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE judged AS
        SELECT c.*, g.visible_from, g.rule, f.copy,
            CASE WHEN c.reason IS NOT NULL THEN 'quarantined' WHEN f.is_new THEN 'accepted' ELSE 'merged' END AS fate,
            CASE WHEN f.is_new THEN {first_row_id} - 1 + row_number() OVER (PARTITION BY f.is_new ORDER BY g.place) END
                AS row_id
        FROM checked c LEFT JOIN good g USING (file_no, line_no) LEFT JOIN fates f USING (place)"""
    )
