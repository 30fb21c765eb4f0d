"""What the demo company promises: made up, alike everywhere, and with customers that act as real ones."""

from __future__ import annotations

import hashlib
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from features.ledger.demo.company import DemoCompany, DemoCompanyError, invent_company, is_made_up, write_demo

pytestmark = pytest.mark.slow

ENDS_ON = date(2026, 8, 31)

SMALL_COMPANY = [  # SHA-256 of seed 7, 60 customers; renew where the company is meant to change
    "17172f229f3169b0821d142a003a20582a3904427401bdd5ebfe54164e483c26",  # customers
    "de0609229853d0230c2aea19ab2b5edcfe54880f5971b3c74ae0714d81beebfd",  # orders
    "4a9ab1ebe3259805390909d1c391f813b5644faf81a60afaa519396e62555ac8",  # people
    "85398495031a4421cf73bd300a693e723bd15aae12ebb8ed0039127307cc4478",  # contacts
    "9ce972fb9fcef94fcccf0ea77929a590ec108907bcb0e6c75ccb15cdeabfb60a",  # complaints
    "21b856aab2d88ca18ab05a3a5be0ad89176a29f0b980549db9130c3cd37042fa",  # surveys
    "17600cb5aca2aaf7e73235d34ab1ac1b34e43a2f06ff38e20fac210c19bbe97a",  # payments
    "cd725fc3501abcdf48a8c2ae7e40f675133f535f3dcbbaf5788b0be8f4343729",  # events
]


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    return invent_company(ends_on=ENDS_ON)


@pytest.fixture(scope="module")
def asked(company: DemoCompany) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.register("orders", company.orders)
    connection.register("customers", company.customers)
    connection.register("fates", company.fates)
    for name, table in company.touches.items():
        connection.register(name, table)
    connection.execute(
        """CREATE VIEW versions AS SELECT *, row_number() OVER
               (PARTITION BY order_id, line_id ORDER BY known_at) AS version FROM orders;
           CREATE VIEW grouped AS SELECT *, coalesce(parent_id, customer_id) AS group_id
               FROM orders JOIN (SELECT customer_id, parent_id FROM customers) USING (customer_id)"""
    )
    return connection


def number(asked: duckdb.DuckDBPyConnection, question: str) -> float:
    [(answer,)] = asked.execute(question).fetchall()
    return float(answer)


def group_shares(asked: duckdb.DuckDBPyConnection, before: date) -> list[float]:
    rows = asked.execute(
        """WITH bought AS (SELECT group_id, sum(amount)::DOUBLE AS sales FROM grouped
               WHERE ordered_at < $1 AND ordered_at >= $1 - INTERVAL 365 DAY GROUP BY group_id)
           SELECT sales / sum(sales) OVER () AS share FROM bought ORDER BY share DESC""",
        [before],
    ).fetchall()
    return [float(share) for (share,) in rows]


def digests(folder: Path, seed: int) -> list[str]:
    files = write_demo(folder, seed=seed, customers=60, ends_on=ENDS_ON)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files.values()]


def test_the_same_seed_writes_the_same_bytes_and_another_seed_writes_others(tmp_path: Path) -> None:
    first = digests(tmp_path / "first", seed=7)
    assert digests(tmp_path / "again", seed=7) == first
    assert first == SMALL_COMPANY
    assert set(digests(tmp_path / "other", seed=8)).isdisjoint(first)


def test_a_company_of_four_years_is_made_up_within_seconds() -> None:
    began = time.perf_counter()
    company = invent_company(ends_on=ENDS_ON, seed=11)
    assert time.perf_counter() - began < 15
    assert 100_000 < company.orders.num_rows < 200_000
    assert (company.ends_on - company.starts_on).days + 1 == 4 * 365 + 1


def test_every_id_says_that_it_is_made_up(company: DemoCompany) -> None:
    ids: list[str] = company.customers.column("customer_id").to_pylist()
    assert len(set(ids)) == 600
    assert all(is_made_up(customer_id) for customer_id in ids)
    assert not is_made_up("17850")
    assert len(set(company.customers.column("name").to_pylist())) == 600


def test_every_order_row_belongs_to_a_customer_and_its_manager(asked: duckdb.DuckDBPyConnection) -> None:
    strangers = "SELECT count(*) FROM orders ANTI JOIN customers USING (customer_id, department, manager_id)"
    assert number(asked, strangers) == 0
    assert number(asked, "SELECT count(DISTINCT department) FROM customers") == 3
    assert number(asked, "SELECT count(DISTINCT manager_id) FROM customers") == 8
    shared = """SELECT max(managers) FROM (SELECT count(DISTINCT manager_id) AS managers
        FROM customers GROUP BY coalesce(parent_id, customer_id))"""
    assert number(asked, shared) == 1


def test_an_amount_is_quantity_times_unit_price_less_discount(asked: duckdb.DuckDBPyConnection) -> None:
    assert number(asked, "SELECT count(*) FROM orders WHERE amount != quantity * unit_price - discount") == 0


def test_exactly_one_group_brings_over_ten_percent_and_a_second_has_slipped_under_it(
    asked: duckdb.DuckDBPyConnection,
) -> None:
    today, two_years_ago = group_shares(asked, date(2026, 9, 1)), group_shares(asked, date(2024, 9, 1))
    assert 0.12 < today[0] < 0.14
    assert 0.08 < today[1] < 0.09
    assert today[2] < 0.05
    assert two_years_ago[0] > 0.12
    assert two_years_ago[1] > 0.10


def test_accounts_are_heavy_tailed(asked: duckdb.DuckDBPyConnection) -> None:
    shares = group_shares(asked, date(2026, 9, 1))
    assert sum(shares[: len(shares) // 5]) > 0.65


def test_about_one_line_in_fifty_is_late_and_one_in_a_hundred_corrected(asked: duckdb.DuckDBPyConnection) -> None:
    late = "SELECT avg((known_at >= ordered_at + INTERVAL 1 DAY)::INT) FROM versions WHERE version = 1"
    assert number(asked, late) == pytest.approx(0.02, abs=0.006)
    assert number(asked, "SELECT avg((version = 2)::INT) FROM versions") == pytest.approx(0.01, abs=0.003)
    assert number(asked, "SELECT max(version) FROM versions") == 2
    assert number(asked, "SELECT count(*) FROM orders WHERE known_at IS NULL OR known_at < ordered_at") == 0
    longest = "SELECT max(date_diff('day', ordered_at, known_at)) FROM versions WHERE version = 1"
    assert number(asked, longest) <= 30


def test_nothing_is_known_after_the_last_evening(asked: duckdb.DuckDBPyConnection) -> None:
    assert number(asked, "SELECT count(*) FROM orders WHERE known_at >= TIMESTAMP '2026-09-01'") == 0
    assert number(asked, "SELECT count(*) FROM orders WHERE delivered_on > DATE '2026-08-31'") == 0


def test_about_three_lines_in_a_hundred_come_back_some_of_them_in_a_later_month(
    asked: duckdb.DuckDBPyConnection,
) -> None:
    assert number(asked, "SELECT avg((amount < 0)::INT) FROM orders") == pytest.approx(0.03, abs=0.01)
    returns = """FROM orders AS back JOIN orders AS sold ON sold.order_id = back.order_id
        AND sold.line_id || 'R' = back.line_id AND sold.customer_id = back.customer_id WHERE back.amount < 0"""
    assert number(asked, f"SELECT avg((-back.quantity <= sold.quantity)::INT) {returns}") == 1
    later = f"SELECT avg((date_trunc('month', back.ordered_at) > date_trunc('month', sold.ordered_at))::INT) {returns}"
    assert 0.2 < number(asked, later) < 0.8


def test_leavers_buy_less_in_their_last_quarter_than_in_the_one_before(asked: duckdb.DuckDBPyConnection) -> None:
    spent = """SELECT sum(amount) FILTER (ordered_at >= leaves_on - INTERVAL 90 DAY)
                    / sum(amount) FILTER (ordered_at < leaves_on - INTERVAL 90 DAY)
        FROM orders JOIN fates USING (customer_id)
        WHERE leaves_on <= DATE '2026-08-31' AND amount > 0 AND arrives_on IS DISTINCT FROM leaves_on
          AND coalesce(arrives_on, DATE '2022-09-01') < leaves_on - INTERVAL 180 DAY
          AND ordered_at >= leaves_on - INTERVAL 180 DAY"""
    assert number(asked, spent) < 0.7


def test_nobody_orders_after_leaving_and_a_fifth_leaves_every_year(asked: duckdb.DuckDBPyConnection) -> None:
    assert number(asked, "SELECT count(*) FROM fates WHERE last_order_on >= leaves_on") == 0
    outflow = """SELECT count(*) FILTER (leaves_on < DATE '2026-09-01') / count(*)::DOUBLE FROM fates
        WHERE last_order_on IS NOT NULL AND leaves_on >= DATE '2025-09-01'
          AND coalesce(arrives_on, DATE '2022-09-01') < DATE '2025-09-01'"""
    assert 0.12 < number(asked, outflow) < 0.25


def test_some_of_todays_large_accounts_are_fading(asked: duckdb.DuckDBPyConnection) -> None:
    large = """WITH sales AS (SELECT customer_id, sum(amount) AS sales FROM orders
            WHERE ordered_at >= TIMESTAMP '2025-09-01' GROUP BY customer_id ORDER BY sales DESC LIMIT 80)
        SELECT count(*) FROM sales JOIN fates USING (customer_id)
        WHERE fading_from_on <= DATE '2026-08-31' AND leaves_on > DATE '2026-08-31'"""
    assert number(asked, large) >= 2


def test_autumn_is_the_peak_and_christmas_is_closed(asked: duckdb.DuckDBPyConnection) -> None:
    bought = "SELECT sum(amount) FROM orders WHERE amount > 0 AND month(ordered_at) IN"
    assert number(asked, f"{bought} (9, 10, 11)") > 1.25 * number(asked, f"{bought} (6, 7, 8)")
    christmas = "month(ordered_at) = 12 AND day(ordered_at) >= 24"
    assert number(asked, f"SELECT count(*) FROM orders WHERE amount > 0 AND {christmas}") == 0


TOUCHES = ("people", "contacts", "complaints", "surveys", "payments", "events")


@pytest.mark.parametrize("name", TOUCHES)
def test_touches_are_of_its_customers_and_known_by_the_last_evening(
    asked: duckdb.DuckDBPyConnection, name: str
) -> None:
    assert number(asked, f"SELECT count(*) FROM {name}") > 100
    strangers = f"SELECT count(*) FROM {name} ANTI JOIN customers USING (customer_id) WHERE customer_id IS NOT NULL"
    assert number(asked, strangers) == 0
    assert number(asked, f"SELECT count(*) FROM {name} WHERE known_at >= TIMESTAMP '2026-09-01'") == 0


def test_who_gets_its_goods_late_complains_more(asked: duckdb.DuckDBPyConnection) -> None:
    late = "SELECT avg((complaint_kind = 'late')::INT) FROM complaints"
    assert 0.3 < number(asked, late) < 0.95
    assert number(asked, "SELECT count(*) FROM complaints WHERE closed_at IS NULL") > 0


def test_every_order_is_invoiced_and_some_invoices_are_overdue(asked: duckdb.DuckDBPyConnection) -> None:
    sales = "SELECT sum(amount) FROM versions WHERE amount > 0 AND version = 1 AND ordered_at < DATE '2026-06-01'"
    invoiced = "SELECT sum(amount) FROM payments WHERE invoiced_at < DATE '2026-06-02'"
    assert number(asked, invoiced) == pytest.approx(number(asked, sales), rel=0.001)
    overdue = "SELECT count(*) FROM payments WHERE due_on < DATE '2026-09-01' AND paid_on IS NULL"
    assert 10 < number(asked, overdue) < 300


def test_the_company_is_closed_over_christmas_and_says_so(asked: duckdb.DuckDBPyConnection) -> None:
    closed = "FROM events WHERE event = 'closed'"
    assert number(asked, f"SELECT count(*) {closed} AND customer_id IS NULL") == 4
    inside = f"SELECT count(*) FROM orders JOIN (SELECT * {closed}) c ON ordered_at >= c.happened_at"
    assert number(asked, f"{inside} AND ordered_at < c.until_on AND amount > 0") == 0


def test_a_company_too_small_to_be_one_is_refused() -> None:
    with pytest.raises(DemoCompanyError, match="Ask for at least 40 customers"):
        invent_company(ends_on=ENDS_ON, customers=12)
