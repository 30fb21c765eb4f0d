"""Customer ids that look alike: different customers, but worth a person's look.

An id counts exactly as it is written: " a", "a" and "A" are three customers until a mapping says otherwise.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

SHOWN = 5  # groups named
SHOWN_IDS = 4  # ids named per group
_SEPARATORS = frozenset("$+<=>^`|~")  # punctuation of ASCII that Unicode calls symbols
_LATIN = str.maketrans("авезікмнорстухјѕԁԛԝαβεζηικμνορτυχ", "abe3ikmhopctyxjsdqwabezhikmnoptyx")
"""Lower-case letters of other scripts that look like Latin ones, small or capital (В is a B, Η is an H)."""

_IS_PLAIN = r"regexp_full_match(customer_id, '[\x00-\x7F]*')"
_BARE = "lower(regexp_replace(customer_id, '[[:punct:][:space:][:cntrl:]]+', '', 'g'))"
_LIKENESS = f"CASE WHEN {_BARE} = '' THEN customer_id ELSE coalesce(nullif(ltrim({_BARE}, '0'), ''), '0') END"
"""SQL: ``likeness_of`` of a plain (ASCII) id."""

_GROUPS = f"""
WITH keyed AS (
    SELECT customer_id, rows, is_new, {_LIKENESS} AS likeness FROM ids WHERE {_IS_PLAIN}
    UNION ALL SELECT customer_id, rows, is_new, likeness FROM other_keys JOIN ids USING (customer_id))
SELECT list((customer_id, rows) ORDER BY rows DESC, customer_id) AS alike
FROM keyed GROUP BY likeness HAVING count(*) > 1 AND bool_or(is_new)
ORDER BY sum(rows) DESC, min(customer_id)
"""


@dataclass(frozen=True)
class LookAlikes:
    """Groups of ids that look alike.

    Attributes:
        groups: how many there are.
        first: the groups of most rows, each id with its number of rows.
    """

    groups: int
    first: tuple[tuple[tuple[str, int], ...], ...]

    @property
    def sentence(self) -> str:
        """How many groups there are, the first of them, and what to do; empty where there are none."""
        if not self.groups:
            return ""
        examples = "; ".join(
            " and ".join(f"'{customer}' ({rows:,} rows)" for customer, rows in group[:SHOWN_IDS])
            for group in self.first
        )
        subject = (
            "1 group of customer ids looks" if self.groups == 1 else f"{self.groups:,} groups of customer ids look"
        )
        more = " and more" if self.groups > len(self.first) else ""
        return (
            f"{subject} alike: {examples}{more}. Each stays a separate customer; "
            "if they are one customer, run: callfirst ingest … --same-as FILE (columns customer_id, same_as)."
        )

    def as_json(self) -> dict[str, Any]:
        """The groups for machines."""
        first = [[{"customer_id": customer, "rows": rows} for customer, rows in group] for group in self.first]
        return {"groups": self.groups, "first": first}


NO_LOOK_ALIKES = LookAlikes(0, ())


def likeness_of(customer_id: str) -> str:
    """The form that ids which look alike share.

    NFKC and case folding; Greek and Cyrillic letters as the Latin letters they look like; without white space,
    punctuation, invisible characters and leading zeros. An id of nothing else is its own form.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", customer_id).casefold())
    bare = "".join(
        letter
        for letter in folded.translate(_LATIN)
        if unicodedata.category(letter)[0] not in "PZC" and letter not in _SEPARATORS
    )
    return (bare.lstrip("0") or "0") if bare else customer_id


def new_look_alikes(connection: duckdb.DuckDBPyConnection, *, new: str, known: str) -> LookAlikes:
    """The groups in which a new id looks like another id, new or known.

    ``new``, ``known``: queries for the customer_id of every counted row of the batch, and of the ledger. Only known
    ids that could look like a new one are compared.
    """
    _register_other_keys(connection, f"SELECT DISTINCT customer_id FROM ({new})")
    near = f"SELECT {_LIKENESS} FROM ({new}) WHERE {_IS_PLAIN} UNION ALL SELECT likeness FROM other_keys"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE near AS SELECT DISTINCT * FROM ({near}) ids (likeness)")
    groups = look_alikes(
        connection,
        f"""SELECT customer_id, CAST(sum(rows) AS BIGINT) AS rows, bool_or(is_new) AS is_new FROM (
            SELECT customer_id, count(*) AS rows, true AS is_new FROM ({new}) GROUP BY customer_id
            UNION ALL SELECT customer_id, rows, false
            FROM (SELECT customer_id, count(*) AS rows FROM ({known}) GROUP BY customer_id)
            WHERE NOT {_IS_PLAIN} OR {_LIKENESS} IN (SELECT likeness FROM near))
        WHERE customer_id IS NOT NULL GROUP BY customer_id""",
    )
    connection.execute("DROP TABLE near")
    return groups


def look_alikes(connection: duckdb.DuckDBPyConnection, ids: str) -> LookAlikes:
    """The groups of ids in which at least one id is new.

    ``ids``: a query for customer_id, rows and is_new, one row per customer_id.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ids AS {ids}")
    _register_other_keys(connection, "FROM ids")
    groups = connection.sql(_GROUPS).fetchall()
    connection.unregister("other_keys")
    connection.execute("DROP TABLE ids")
    first = tuple(tuple((str(customer), int(rows)) for customer, rows in alike) for (alike,) in groups[:SHOWN])
    return LookAlikes(len(groups), first)


def _register_other_keys(connection: duckdb.DuckDBPyConnection, ids: str) -> None:
    """Register ``other_keys``: the likeness of every id of the query that is not plain ASCII."""
    foreign = connection.sql(f"SELECT customer_id FROM ({ids}) WHERE NOT {_IS_PLAIN}").fetchall()
    keys = {
        "customer_id": pa.array([customer for (customer,) in foreign], pa.string()),
        "likeness": pa.array([likeness_of(customer) for (customer,) in foreign], pa.string()),
    }
    connection.register("other_keys", pa.table(keys))
