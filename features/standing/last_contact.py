"""Contact person, language, last contact and last words of each customer as of an instant."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.clock import AsOf
from features.ledger.sql import visible_at

_WORDS_AT = {
    "contacts": "contacted_at",
    "complaints": "opened_at",
    "surveys": "answered_at",
    "outcomes": "happened_at",
}
"""View with customers' words → its column with the instant of the words."""

_WORDS = " UNION ALL ".join(
    f"SELECT customer_id, words, ({at}, '{view}', row_id) AS since FROM {view}"
    f" WHERE words IS NOT NULL AND {visible_at('$as_of', happened=at)}"
    for view, at in _WORDS_AT.items()
)
_LAST_CONTACTS = f"""
WITH contact AS (
    SELECT customer_id, max(contacted_on) AS last_contact_on, arg_max(person, (contacted_at, row_id)) AS person
    FROM contacts WHERE {visible_at("$as_of", happened="contacted_at")} GROUP BY customer_id
), words AS (
    SELECT customer_id, arg_max(words, since) AS last_words FROM ({_WORDS}) GROUP BY customer_id
), known AS (
    SELECT customer_id, person, coalesce(role, level) AS role_shown, row_id,
           contains(lower(concat_ws(' ', role, level)), 'buyer') AS buys
    FROM people WHERE {visible_at("$as_of")}
), first_choice AS (
    SELECT customer_id, arg_min(person, (NOT buys, row_id)) AS person FROM known GROUP BY customer_id
), chosen AS (
    SELECT customer_id, coalesce(contact.person, first_choice.person) AS person, last_contact_on
    FROM contact FULL JOIN first_choice USING (customer_id)
), languages AS (
    SELECT customer_id, language FROM customers WHERE {visible_at("$as_of")}
)
SELECT customer_id, person || coalesce(' (' || role_shown || ')', '') AS contact_person,
       last_contact_on, last_words, language
FROM chosen FULL JOIN words USING (customer_id) FULL JOIN languages USING (customer_id)
     LEFT JOIN known USING (customer_id, person)
ORDER BY customer_id
"""

LAST_CONTACT = ("contact_person", "last_contact_on", "last_words", "language")


def last_contacts_at(connection: duckdb.DuckDBPyConnection, as_of: AsOf) -> pa.Table:
    """One row per customer with any of LAST_CONTACT known: customer_id and the columns LAST_CONTACT.

    ``contact_person``, with role: the person of the last contact that names one, else a buyer, else the first known.
    ``last_contact_on``: the day of any contact, even one that a call list began (features leave those out).
    ``last_words``: the newest of contacts, complaints, surveys and outcomes. ``connection`` has a ledger's views.
    """
    table: pa.Table = connection.sql(_LAST_CONTACTS, params={"as_of": as_of.naive}).to_arrow_table()
    return table
