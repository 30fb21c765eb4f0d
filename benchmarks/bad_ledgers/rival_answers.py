"""What lifetimes and pymc-marketing say of each bad ledger, read by pandas as their users do.

`python -m benchmarks.bad_ledgers.rival_answers < cases.json` in the rivals' environment. Files are read by the name's
ending with pandas' defaults and put one behind the other; the columns are named. Money is what the summary says with
the first order included: its mean a day times the days.
"""

from __future__ import annotations

import json
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data
from pymc_marketing.clv.utils import rfm_summary

SECONDS = 20  # a rival that has not answered by then waits for ever
COLUMNS = ("customer_id", "ordered_at", "amount")
Summary = Callable[..., pd.DataFrame]
RIVALS: dict[str, Summary] = {"lifetimes": summary_data_from_transaction_data, "pymc-marketing": rfm_summary}


def _frame(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if path.is_dir() or name.endswith(".parquet"):
        return pd.read_parquet(path)
    return pd.read_excel(path) if name.endswith(".xlsx") else pd.read_csv(path)


def _customers(summary: Summary, files: Sequence[Path]) -> dict[str, list[float]]:
    """Customer → order days, days from the first to the last, money."""
    frame = pd.concat([_frame(path) for path in files], ignore_index=True)
    made = summary(frame.copy(), *COLUMNS).reset_index().set_index("customer_id")
    whole = summary(frame.copy(), *COLUMNS, include_first_transaction=True).reset_index().set_index("customer_id")
    return {
        _text(customer): [row.frequency + 1, row.recency, float(whole.monetary_value[customer]) * (row.frequency + 1)]
        for customer, row in made.iterrows()
    }


def _text(customer: object) -> str:
    is_whole = isinstance(customer, float) and customer.is_integer()
    return str(int(customer)) if is_whole else str(customer)  # type: ignore[call-overload]  # a float, as told


def _answer(summary: Summary, files: Sequence[Path]) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        signal.alarm(SECONDS)
        try:
            customers = _customers(summary, files)
        except TimeoutError:
            return {"waits": True}
        except Exception as error:  # noqa: BLE001 - whatever a rival says instead of an answer is its refusal
            return {"refused": f"{type(error).__name__}: {error}"[:200]}
        finally:
            signal.alarm(0)
    silent = (DeprecationWarning, FutureWarning, PendingDeprecationWarning)
    said = [str(each.message) for each in caught if not issubclass(each.category, silent)]
    return {"customers": customers, "warned": said[:1]}


def _stop(_signal: int, _frame: object) -> None:
    raise TimeoutError


def main() -> None:
    """Prints, for every case told, what each rival says."""
    signal.signal(signal.SIGALRM, _stop)
    asked = json.load(sys.stdin)
    answers = {
        name: {rival: _answer(summary, [Path(file) for file in files]) for rival, summary in RIVALS.items()}
        for name, files in asked.items()
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
