"""How soon the whole catalogue of a few customers is made anew, in one process that stays up.

Example: python -m benchmarks.speed.refresh 1000000 1000

What concerns the whole company is made before, as it is once a day. Each call is of other customers, drawn at random
from all that ever ordered. Prints the median of a call as one line of JSON: seconds,
and seconds of the processor, to which other work on the machine does not add.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.speed.prepared import BigLedger
from benchmarks.speed.rival_catalogue import ONE_DATE
from benchmarks.speed.rivals.answer import Started
from features.clock import AsOf
from features.engines.company_values import CompanyValues
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import company_values, take_snapshot

POLICY = Policy()
AS_OF = AsOf.of_day(ONE_DATE[0], POLICY.zone)
CALLS = {1: 40, 1000: 20}
"""How many calls for how many customers."""


def refreshed(ledger: Ledger, company: CompanyValues, customers: Sequence[str]) -> int:
    """Rows of features made anew for some customers; this is the step whose seconds count."""
    return len(take_snapshot(ledger, [AS_OF], POLICY, customers=customers, company=company))


def measured(refresh: Callable[[Sequence[str]], int], customers: Sequence[str], size: int) -> dict[str, float]:
    """Median seconds of a call; the first, which opens files for the first time, is left out."""
    draw, wall, processor = np.random.default_rng(size), list[float](), list[float]()
    for _ in range(CALLS[size] + 1):
        asked = [customers[place] for place in draw.choice(len(customers), size, replace=False)]
        began = Started.now()
        rows = refresh(asked)
        wall.append(time.perf_counter() - began.wall)
        processor.append(time.process_time() - began.processor)
        assert rows == size, f"{rows} rows of {size} customers"
    return {"whole_seconds": statistics.median(wall[1:]), "processor_seconds": statistics.median(processor[1:])}


def main() -> None:
    """Print the medians of one size."""
    lines, size = int(sys.argv[1]), int(sys.argv[2])
    ledger = BigLedger(lines).ledger()
    company = company_values(ledger, [AS_OF], POLICY)
    with ledger.open() as connection:
        asked = (
            f"SELECT DISTINCT customer_id FROM order_lines WHERE visible_from < TIMESTAMP '{AS_OF.naive}' ORDER BY 1"
        )
        customers = [customer_id for (customer_id,) in connection.sql(asked).fetchall()]
    print(json.dumps(measured(lambda some: refreshed(ledger, company, some), customers, size) | {"checks": {}}))


if __name__ == "__main__":
    main()
