"""Another version is published while charts are asked: no error, nothing stale, nothing mixed."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.bi.client import CURRENT, VERSION, User
from tests.bi.conftest import Home

pytestmark = [pytest.mark.bi, pytest.mark.slow]
READERS = 6
PUBLICATIONS = 5
SECONDS = 4.0
SUM = {"expressionType": "SQL", "sqlExpression": "sum(gross_open_amount)", "label": "figure"}
COUNT = {"expressionType": "SQL", "sqlExpression": "count(distinct account_id)", "label": "n"}


@pytest.fixture
def restored(home: Home) -> Iterator[Home]:
    """Give the home back with the one version that it had."""
    first = home.current.name
    yield home
    home.point(first)
    for path in home.published.glob("0*"):
        if path.name != first:
            shutil.rmtree(path)


@pytest.fixture
def aging(sign_in: Callable[[str], User]) -> dict[str, Any]:
    """Return a query context of two queries over the aging, as a chart with two parts asks."""
    found = sign_in("admin").call("GET", "/api/v1/dataset/?q=(page_size:200)").json["result"]
    (dataset,) = [each["id"] for each in found if each["table_name"] == "bi_aging"]
    both = [{"columns": [], "metrics": [SUM, COUNT], "row_limit": 10},
            {"columns": [], "metrics": [SUM], "row_limit": 11}]  # fmt: skip
    return {
        "datasource": {"id": dataset, "type": "table"}, "queries": both,
        "result_format": "json", "result_type": "full",
    }  # fmt: skip


def figures_of(home: Home) -> float:
    return float(home.rows(  # type: ignore[arg-type]
        "select sum(gross_open_amount) from marts.receivables_aging where not is_internal"
    )[0][0])  # fmt: skip


def test_publishing_while_charts_are_asked(
    restored: Home, aging: dict[str, Any], sign_in: Callable[[str], User]
) -> None:
    unit = figures_of(restored)
    names = [restored.current.name]
    done, wrong, answers, cached = threading.Event(), [], [], 0
    users = [sign_in(name) for name in ("bi", "finance", "admin")]

    def read(number: int) -> None:
        nonlocal cached
        user = users[number % len(users)]
        while not done.is_set():
            newest = len(names)
            answer = user.ask({**aging, "force": number % 2 == 1})
            if answer.status != 200:
                wrong.append((answer.status, answer.text[:300]))
                continue
            results = answer.json["result"]
            factors = {round(r["data"][0]["figure"] / unit, 6) for r in results}
            version = int(answer.headers[VERSION][:6])
            answers.append(version)
            cached += sum(bool(r["is_cached"]) for r in results)
            if factors != {float(version)}:
                wrong.append(("mixed or stale", factors, version))
            if version < newest:
                wrong.append(("older than what was there when it was asked", version, newest))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for factor in range(2, PUBLICATIONS + 2):
        time.sleep(SECONDS)
        name = restored.publish(factor)
        names.append(name)
    time.sleep(SECONDS)
    done.set()
    for reader in readers:
        reader.join()
    print(
        f"{len(answers)} answers of {len(set(answers))} versions, {cached} figures from the cache"
    )
    assert wrong == []
    assert set(answers) == set(range(1, PUBLICATIONS + 2))
    assert cached > len(answers) / 4, "half of the readers take what is in the cache"


def test_a_page_keeps_the_version_that_it_was_opened_with(
    restored: Home, aging: dict[str, Any], sign_in: Callable[[str], User]
) -> None:
    user, unit, opened = sign_in("bi"), figures_of(restored), restored.current.name
    newest = restored.publish(2)
    kept = user.ask({**aging, "force": True}, {VERSION: opened})
    assert kept.json["result"][0]["data"][0]["figure"] == pytest.approx(unit)
    assert (kept.headers[VERSION], kept.headers[CURRENT]) == (opened, newest)
    plain = user.ask(aging)
    assert plain.json["result"][0]["data"][0]["figure"] == pytest.approx(2 * unit)


@pytest.mark.parametrize("named", ["000099_2026-10-20", "../000001_2026-10-20", "current", "x"])
def test_a_version_that_is_not_there_means_the_current_one(
    named: str, restored: Home, aging: dict[str, Any], sign_in: Callable[[str], User]
) -> None:
    answer = sign_in("bi").ask(aging, {VERSION: named})
    assert answer.status == 200
    assert answer.headers[VERSION] == restored.current.name
