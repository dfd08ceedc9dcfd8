"""Mutation of the project's SQL: what do the tests not notice?

One operator, bound, join, sign, constant or aggregate at a time is changed in the text of an
intermediate model, a mart or a macro they use, and built on the companies of `grounds.py`. It is

* killed    when a data test, a property, a fixture, a story or the contract notices, or it fails
* unreached when no row of any model changes: no data goes there
* hidden    when rows of a model change, but those of no mart
* survived  when a mart changed and nobody noticed
* explained when `explained_mutants.yml` says why nobody can notice

    python -m tools.mutate                          everything; goes on where it stopped
    python -m tools.mutate --only int_tiers__states --fresh
    python -m tools.mutate --sample 200 --seed 7 --first-look
    python -m tools.mutate --again survived unreached    with fixtures and stories, after new tests

The report is `.mutation/report.jsonl`, one line per mutant; the exit code is 1 when a mutant is
neither killed nor explained.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from keyaccounts.warehouse.build import DBT_PROJECT
from tools.mutants import Mutant, mutants
from tools.mutation_run import judge

ROOT = DBT_PROJECT.parent
REPORT = ROOT / ".mutation" / "report.jsonl"
EXPLAINED = Path(__file__).with_name("explained_mutants.yml")
# Macros of tests, of schemas and of staging are no figures.
MACROS = ("identity", "rules", "tiers", "dates", "numbers")


@dataclass(frozen=True)
class Task:
    """One mutant of one file."""

    file: str
    mutant: Mutant
    line: int
    text: str

    @property
    def name(self) -> str:
        """Return the model, or the file of the macro."""
        return Path(self.file).stem

    @property
    def key(self) -> str:
        """Say which mutant of which line this is; it holds while the lines before move."""
        m = self.mutant
        return f"{self.name} | {self.text} | {m.before.strip()} -> {m.after.strip()}"


def main() -> int:
    """Parse the command line, judge, report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", default=[], help="models or macro files")
    parser.add_argument("--sample", type=int, help="so many mutants by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="judge again what the report holds")
    parser.add_argument("--again", nargs="*", default=[], help="judge these verdicts again")
    parser.add_argument("--first-look", action="store_true", help="random companies only")
    options = parser.parse_args()
    every = tasks(options.only)
    if options.sample:
        every = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    known = {} if options.fresh else read_report()
    known = {k: v for k, v in known.items() if v["verdict"] not in options.again}
    todo = [task for task in every if identity(task) not in known]
    # In an order by chance, so that a run that was stopped is a fair sample.
    random.Random(options.seed).shuffle(todo)
    print(f"{len(every)} mutants, {len(todo)} to judge", flush=True)
    run(todo, options.jobs, options.first_look)
    return report(every)


def tasks(only: Iterable[str] = ()) -> list[Task]:
    """Return the mutants of all files, or of those named."""
    files = sorted((DBT_PROJECT / "models" / "intermediate").rglob("*.sql"))
    files += sorted((DBT_PROJECT / "models" / "marts").rglob("*.sql"))
    files += [f for f in sorted((DBT_PROJECT / "macros").rglob("*.sql")) if f.stem in MACROS]
    found = []
    for file in files:
        if only and file.stem not in only:
            continue
        text = file.read_text("utf-8")
        lines = text.split("\n")
        for mutant in mutants(text):
            line = text.count("\n", 0, mutant.start)
            found.append(
                Task(str(file.relative_to(DBT_PROJECT)), mutant, line + 1, lines[line].strip())
            )
    return found


def identity(task: Task) -> str:
    """Return a key of a mutant in this text of its file."""
    text = (DBT_PROJECT / task.file).read_bytes()
    m = task.mutant
    return hashlib.sha256(text + f"{task.file}{m.start}{m.kind}{m.after}".encode()).hexdigest()[:20]


def read_report() -> dict[str, dict[str, Any]]:
    """Return what earlier runs found, by identity; the last line counts."""
    if not REPORT.is_file():
        return {}
    rows = (json.loads(line) for line in REPORT.read_text("utf-8").splitlines())
    return {row["id"]: row for row in rows}


def run(todo: list[Task], jobs: int, is_first_look: bool) -> None:
    """Judge mutants in processes of their own and append each verdict to the report."""
    if not todo:
        return
    REPORT.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
        REPORT.open("a", encoding="utf-8") as out,
    ):
        waiting = {pool.submit(judge, t.file, t.mutant, is_first_look): t for t in todo}
        try:
            for number, done in enumerate(as_completed(waiting), 1):
                task = waiting[done]
                row = {"id": identity(task), "model": task.name, "line": task.line, "key": task.key}
                out.write(json.dumps({**row, "kind": task.mutant.kind, **done.result()}) + "\n")
                out.flush()
                if number % 50 == 0 or number == len(todo):
                    seconds = time.monotonic() - started
                    print(f"  {number}/{len(todo)} in {seconds:.0f} s", flush=True)
        except BaseException:
            # A fault of the tool is the fault of every mutant: the others are not tried.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def report(every: list[Task]) -> int:
    """Print the score of each model and every mutant that wants an explanation."""
    known = read_report()
    reasons = yaml.safe_load(EXPLAINED.read_text("utf-8")) or {} if EXPLAINED.is_file() else {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    open_ones = []
    for task in every:
        row = known.get(identity(task))
        if row is None:
            continue
        verdict = row["verdict"]
        if verdict != "killed" and task.key in reasons:
            verdict = "explained"
        elif verdict != "killed":
            open_ones.append((verdict, task, row))
        counts[task.name][verdict] += 1
    for verdict, task, row in sorted(open_ones, key=lambda o: (o[0], o[1].file, o[1].line)):
        print(f"{verdict}: {task.file}:{task.line} {task.key.partition(' | ')[2]} {row['changed']}")
    columns = ("killed", "explained", "survived", "hidden", "unreached")
    print(f"{'model':40}" + "".join(f"{c:>11}" for c in columns))
    for name, verdicts in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        print(f"{name:40}" + "".join(f"{verdicts[c]:>11}" for c in columns))
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
