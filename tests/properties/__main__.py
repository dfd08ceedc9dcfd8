"""Run the properties over many random companies, or over one again.

    python -m tests.properties --companies 2000          all checks, batch by batch
    python -m tests.properties --seed 1234               one company, by the text that dbt compiled

The exit code is 1 when a property was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from tests.properties.companies import BATCH, describe, make_company
from tests.properties.crowd import MARTS, Case, Crowd, Violation, table_of
from tests.properties.harness import Builder, Row
from tests.properties.metamorphic import CHANGES, differences
from tests.properties.run import CHECKS, whole_part


def main() -> int:
    """Parse the command line, run, print what broke."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this company")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.seed is not None:
        return _report(one(options.seed), 1, 0.0)
    started, found = time.monotonic(), []
    last = options.first + options.companies
    parts = [
        (first, min(BATCH - first % BATCH, last - first))
        for first in [options.first, *range((options.first // BATCH + 1) * BATCH, last, BATCH)]
    ]
    # DuckDB does not survive a fork.
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for part, broken in zip(parts, pool.map(whole_part, parts), strict=True):
            found += broken
            print(
                f"seeds {part[0]} to {part[0] + part[1] - 1}: {len(broken)} violations", flush=True
            )
    return _report(iter(found), options.companies, time.monotonic() - started)


def one(seed: int) -> Iterator[Violation]:
    """Build one company by itself, its changes with its batch of one, and check it."""
    inputs = make_company(seed)
    print(f"company {seed} as of {inputs.as_of_date}: {describe(inputs)}")
    builder = Builder()
    builder.build({seed: inputs}, MARTS)

    @cache
    def rows(mart: str) -> list[Row]:
        return builder.records(f"select * from {table_of(mart)} order by all")

    case = Case(seed, inputs, rows)
    for name, check in CHECKS.items():
        for problem in check(case):
            yield Violation(seed, name, problem)
    for name, bad in builder.failures({seed: inputs}, builder.data_tests({seed: inputs})).items():
        yield Violation(seed, f"data test {name}", str(bad[:3]))
    crowd = Crowd({seed: inputs})
    for change in CHANGES.values():
        yield from differences(crowd, change)


def _report(found: Iterator[Violation], companies: int, seconds: float) -> int:
    count = 0
    for count, violation in enumerate(found, 1):
        if count <= 50:
            print(violation)
    print(f"{companies} companies, {len(CHECKS)} properties, {len(CHANGES)} changes: "
          f"{count} violations in {seconds:.0f} s")  # fmt: skip
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
