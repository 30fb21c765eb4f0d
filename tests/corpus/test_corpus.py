"""Every bad ledger of the corpus comes in, or is refused, exactly as its case says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from features.errors import CallfirstError
from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.ledger import Ledger
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reconciliation.report import Reconciliation
from features.policy import Policy
from tests.corpus.cases import Case, ExpectedAccount, ExpectedCustomer, Ingest, read_cases
from tests.specs.ingested import NOW
from tests.text_tables import seen

CASES = read_cases()


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_a_bad_ledger_is_reconciled_or_refused_as_its_case_says(case: Case, tmp_path: Path) -> None:
    home, policy = Home(tmp_path / "home"), Policy(**case.policy)
    accounts = [bring(step, tmp_path / str(at), home, policy) for at, step in enumerate(case.ingests)]
    if all(step.kind != "orders" for step in case.ingests):
        return
    assert customers_of(home, policy) == {expected.customer_id: expected for expected in case.customers}
    accepted = sum((account.accepted.rows for account in accounts if account and account.kind == "orders"), 0)
    if accepted:
        examined = check_consistency(home, policy, rebuild=False)
        assert examined.sound
        lines = next(holding for holding in examined.holdings if holding.relation == "order_lines")
        assert lines.database_rows == accepted
        if (money := _money_accepted(accounts)) is not None:
            assert lines.database_money == money
    for customer, features in case.features.items():
        if customer != "as_of":
            row = seen(read_ledger(home, policy), case.features["as_of"], customer, policy=policy)
            assert {name: str(row[name]) for name in features} == {name: str(features[name]) for name in features}


def bring(step: Ingest, folder: Path, home: Home, policy: Policy) -> Reconciliation | None:
    """The account of one command, which is as it must be and which a second run does not change; None: refused."""
    files = step.write(folder)
    if "Permission denied" in step.refused and os.access(files[0], os.R_OK):
        pytest.skip("nothing is forbidden to this user")

    options = dict(step.options)
    rows = InputFiles(files, options.pop("encoding", None))

    def run() -> Reconciliation:
        return ingest(IngestRequest(step.kind, rows, home=home, policy=policy, now=NOW, **options))

    if step.refused:
        with pytest.raises(CallfirstError, match=step.refused) as caught:
            run()
        assert caught.value.sentence.endswith(".")
        assert caught.value.hint
        return None
    account = run()
    assert step.account is not None
    assert_equal(account, step.account)
    for remark in step.remarks:
        assert any(remark in text for text in account.remarks), account.remarks
    assert run().nothing_changed
    return account


def assert_equal(account: Reconciliation, expected: ExpectedAccount) -> None:
    """The account is the expected one, and adds up."""
    tallies = {
        "read": account.read,
        "accepted": account.accepted,
        "merged": account.merged,
        "quarantined": account.quarantined,
        "returns": account.returns,
    }
    assert {str(entry.reason): entry.rows for entry in account.quarantine} == expected.reasons
    assert {name: tally.rows for name, tally in tallies.items()} == expected.rows
    assert {name: _filled(tally.money) for name, tally in tallies.items() if _filled(tally.money)} == expected.money
    record = account.as_json()
    for name, count in expected.counts.items():
        key, _, part = name.replace(" ", "_").partition("=")
        assert (record[key][part] if part else record[key]) == count, name
    for tally in ("rows", "unreadable"):
        counts = [getattr(part, tally) for part in (account.accepted, account.merged, account.quarantined)]
        assert sum(counts) == getattr(account.read, tally)


def customers_of(home: Home, policy: Policy) -> dict[str, ExpectedCustomer]:
    """The final state of each customer in the ledger, as features read it."""
    try:
        ledger = read_ledger(home, policy)
    except EmptyLedgerError:
        return {}
    return {customer.customer_id: customer for customer in _customers(ledger)}


def _customers(ledger: Ledger) -> list[ExpectedCustomer]:
    with ledger.open() as connection:
        rows = connection.sql(
            """SELECT customer_id, count(DISTINCT order_day) FILTER (makes_order),
                min(order_day) FILTER (makes_order), max(order_day) FILTER (makes_order), sum(amount)
            FROM order_lines WHERE replaced_at IS NULL GROUP BY customer_id"""
        ).fetchall()
    return [ExpectedCustomer(*row) for row in rows]


def _money_accepted(accounts: list[Reconciliation | None]) -> Decimal | None:
    """The money of all accounts; None where it is of several currencies and cannot be added up."""
    orders = [account.accepted for account in accounts if account and account.kind == "orders"]
    codes = {code for tally in orders for code in tally.money}
    return sum((sum(tally.money.values()) for tally in orders), Decimal(0)) if len(codes) < 2 else None


def _filled(money: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {code: amount for code, amount in money.items() if amount}
