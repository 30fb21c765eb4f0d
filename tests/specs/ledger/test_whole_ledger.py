"""What holds for the ledger as a whole."""

from __future__ import annotations

from decimal import Decimal

import pytest

from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.ingest.in_memory import RejectedRowsError, ledger_of
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.store.database import open_store
from features.ledger.store.settings import SettledError
from features.ledger.store.tables import METADATA
from features.policy import Policy
from tests.specs.ingested import LINES, Ingest, reasons
from tests.text_tables import table


def test_the_first_batch_settles_time_zone_and_currency(bring: Ingest, home: Home) -> None:
    text = "customer_id,ordered_at,amount,currency\na,2026-01-01,1,gbp\na,2026-01-02,1,GBP\nb,2026-01-01,1,EUR\n"
    assert reasons(bring(text)) == {QuarantineReason.RATE: 1}
    assert read_ledger(home, Policy()).currency == "GBP"
    assert bring("customer_id,ordered_at,amount\nc,2026-01-01,1\n").accepted.money == {"GBP": Decimal(1)}
    for policy in (Policy(time_zone="Europe/Paris"), Policy(reporting_currency="EUR")):
        with pytest.raises(SettledError):
            read_ledger(home, policy)
        with pytest.raises(SettledError):
            bring(LINES, policy=policy)


def test_customers_that_come_first_settle_no_currency(bring: Ingest, home: Home) -> None:
    bring("customer_id,name\na,Ann\n", "customers")
    assert bring(LINES, currency="GBP").accepted.rows == 3
    assert read_ledger(home, Policy()).currency == "GBP"


def test_amounts_whose_sum_outgrows_an_integer_still_reconcile(bring: Ingest, home: Home) -> None:
    lines = "".join(f"a,2026-01-{day:02d},99999999999999.9999\n" for day in range(1, 29))
    account = bring("customer_id,ordered_at,amount\n" + lines)
    assert account.accepted.money == {"XXX": 28 * Decimal("99999999999999.9999")}
    assert check_consistency(home, Policy(), rebuild=True).sound


def test_a_dry_run_says_the_same_and_stores_nothing(bring: Ingest, home: Home) -> None:
    tried = bring(LINES, dry_run=True)
    assert tried.accepted.rows == 3
    assert not home.root.exists()
    bring(LINES)
    before = read_ledger(home, Policy()).digest
    assert bring("customer_id,ordered_at,amount\nz,2026-01-01,1\n", dry_run=True).accepted.rows == 1
    assert read_ledger(home, Policy()).digest == before


def test_an_in_memory_ledger_refuses_rows_that_cannot_be_used() -> None:
    with pytest.raises(RejectedRowsError, match=r"no customer \(1\)"):
        ledger_of(table("customer_id | ordered_at | amount\n | 2026-01-01 | 1"), None, Policy())


def test_the_migrations_make_the_tables_that_the_code_declares(home: Home) -> None:
    from sqlalchemy import inspect

    with open_store(home) as store:
        database = inspect(store.engine)
        for name, table_declared in METADATA.tables.items():
            assert {column["name"] for column in database.get_columns(name)} == set(table_declared.columns.keys())


def test_an_address_that_is_no_database_is_one_sentence(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    monkeypatch.setenv("CALLFIRST_DATABASE_URL", "no address")
    with pytest.raises(LedgerError, match="not a database address"), open_store(home):
        pass


def test_a_damaged_database_is_one_sentence(home: Home) -> None:
    home.var.mkdir(parents=True)
    (home.var / "callfirst.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(LedgerError, match="cannot be opened"), open_store(home):
        pass
