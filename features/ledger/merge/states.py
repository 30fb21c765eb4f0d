"""The fates of good rows that describe states: customers with their people, and managers."""

from __future__ import annotations

from datetime import datetime

import duckdb

from features.ledger.merge.events import SINCE_EVER, accepted_on, digest_of, judge, stored_on
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import PEOPLE, RecordType, Relation
from features.ledger.sql import instant_literal, literal

TWICE = {"customers": QuarantineReason.TWICE, "managers": QuarantineReason.MANAGER_TWICE}


def merge_states(
    connection: duckdb.DuckDBPyConnection, kind: RecordType, *, history: bool, ingested_at: datetime, first_row_id: int
) -> None:
    """Merges the good rows of ``checked`` with the versions in ``stored`` (and ``stored_people``).

    Writes ``judged`` and ``accepted`` (and ``accepted_people``) as for events. A row without a known-at is merged when
    the versions in effect before it have the same content; a row with a known-at, when its content has come with the
    same known-at. So a later row with the same content counts: a row known between the two may still come. If rows of
    one file differ for the same customer, person or manager and the same instant, the last stands; the others have the
    reason TWICE.

    A row with a person describes that person, and the customer only where it has a value of the customer;
    ``with_replaced_at`` adds customers that only their people prove. Rows with people that share customer, file and
    instant complete each other: an empty cell takes the value of another row.

    A row without a known-at, beside rows of the same key with a known-at, is the state from which these start. It is
    merged, too, when the versions in effect without theirs have the same content. So the same file read twice changes
    nothing.
    """
    otherwise = instant_literal(SINCE_EVER if history else ingested_at)
    rule = "history" if history else "arrival"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE good AS
        SELECT *, coalesce(known_at, {otherwise}) AS visible_from,
            CASE WHEN known_at IS NULL THEN '{rule}' ELSE 'column' END AS rule,
            {first_row_id} - 1 + row_number() OVER (ORDER BY file_no, line_no) AS place
        FROM checked WHERE reason IS NULL"""
    )
    if PEOPLE in kind.relations:
        _complete(connection, kind.relation)
    for relation in kind.relations:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE said_{relation.name} AS
            SELECT place, file_no, line_no, {", ".join(relation.key)}, visible_from, rule = 'column' AS is_dated,
                {digest_of(relation.content)} AS content
            FROM good WHERE {_speaks(kind, relation)}"""
        )
        _set_twice_apart(connection, kind, relation)
    connection.execute(
        """DELETE FROM good USING checked c
        WHERE good.file_no = c.file_no AND good.line_no = c.line_no AND c.reason IS NOT NULL"""
    )
    for relation in kind.relations:
        _find_news(connection, kind, relation)
    news = " OR ".join(f"place IN (SELECT place FROM news_{relation.name})" for relation in kind.relations)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fates AS SELECT place, {news} AS is_new, 1 AS copy FROM good")
    judge(connection, first_row_id)
    for relation in kind.relations:
        columns = ", ".join(f"j.{name}" if name == "row_id" else f"g.{name}" for name in relation.schema.names)
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {accepted_on(kind, relation)} AS
            SELECT {columns}, file_no, line_no FROM good g JOIN judged j USING (file_no, line_no)
            WHERE place IN (SELECT place FROM news_{relation.name}) ORDER BY j.row_id"""
        )


def _complete(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    """Fills empty cells from other rows where rows of one customer, file and instant name people."""
    together = "(PARTITION BY file_no, customer_id, visible_from ORDER BY place {})"
    everyone = together.format("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
    filled = ", ".join(
        f"CASE WHEN bool_or(person IS NOT NULL) OVER {everyone} "
        f"THEN coalesce({name}, last_value({name} IGNORE NULLS) OVER {everyone}) ELSE {name} END AS {name}"
        for name in relation.content
        if name not in relation.key
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE good AS SELECT * REPLACE ({filled}) FROM good")


def _speaks(kind: RecordType, relation: Relation) -> str:
    """SQL: whether a row has a value of the relation."""
    if PEOPLE not in kind.relations:
        return "true"
    if relation is PEOPLE:
        return "person IS NOT NULL"
    says = " OR ".join(f"{name} IS NOT NULL" for name in relation.content if name not in relation.key)
    return f"person IS NULL OR {says}"


def _set_twice_apart(connection: duckdb.DuckDBPyConnection, kind: RecordType, relation: Relation) -> None:
    connection.execute(
        f"""UPDATE checked SET reason = {literal(TWICE[kind.name])} FROM (
            SELECT file_no, line_no FROM said_{relation.name}
            QUALIFY content IS DISTINCT FROM last_value(content) OVER (
                PARTITION BY file_no, {", ".join(relation.key)}, visible_from ORDER BY place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) twice
        WHERE checked.file_no = twice.file_no AND checked.line_no = twice.line_no"""
    )


def _find_news(connection: duckdb.DuckDBPyConnection, kind: RecordType, relation: Relation) -> None:
    """Writes the places of good rows with something new in the relation to ``news_RELATION``."""
    key = ", ".join(relation.key)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE news_{relation.name} AS
        WITH said AS (SELECT * FROM said_{relation.name} WHERE place IN (SELECT place FROM good)),
        versions AS (
            SELECT row_id AS place, {key}, visible_from, {digest_of(relation.content)} AS content, NULL AS is_dated
            FROM {stored_on(kind, relation)} SEMI JOIN said USING ({key})
            UNION ALL SELECT place, {key}, visible_from, content, is_dated FROM said)
        SELECT place FROM (
            SELECT *, last_value(content) OVER before AS in_effect,
                last_value(CASE WHEN NOT dated_here THEN content END IGNORE NULLS) OVER before AS in_effect_without,
                row_number() OVER (PARTITION BY {key}, visible_from, content ORDER BY place) > 1 AS has_come
            FROM (SELECT *, coalesce(bool_or(is_dated) OVER (PARTITION BY {key}, visible_from, content), false)
                AS dated_here FROM versions)
            WINDOW before AS (PARTITION BY {key} ORDER BY visible_from, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        WHERE CASE WHEN is_dated THEN NOT has_come
            ELSE content IS DISTINCT FROM in_effect AND content IS DISTINCT FROM in_effect_without END
            AND is_dated IS NOT NULL"""
    )
