"""Ids and dates that the stories talk about, and the form of a check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from keyaccounts.demo.cast import cast, owner_left_on, second_left_on, staff
from keyaccounts.demo.plots import CROSS_AGE
from keyaccounts.demo.spec import Spec

Check = dict[str, Any]
Teller = Callable[["Scene"], dict[str, Any]]


def account_id(no: int) -> str:
    """The account's id in the files."""
    return f"A{no:06d}"


def user_id(no: int) -> str:
    """The user's id in the files."""
    return f"U{no:04d}"


class Scene:
    """Ids and dates that the stories talk about."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.last = spec.month_end(spec.last_month)
        self.ids = {role: account_id(a.no) for role, a in cast(spec).items()}
        self.slow_owner = user_id(staff(spec).slow_owner)
        self.gone_owner = user_id(staff(spec).gone_owner)
        self.second_gone = user_id(staff(spec).second_gone)

    def month_end(self, age: int) -> date:
        """The month-end `age` months before the last one."""
        return self.spec.month_end(self.spec.last_month - age)


def check(mart: str, where: str, rows: str | int, says: str) -> Check:
    """One line that a reader of the marts can count."""
    return {"mart": mart, "where": where, "rows": rows, "says": says}


def added_on(scene: Scene) -> date:
    """The day on which the unlucky cross-sell was invoiced."""
    return scene.month_end(CROSS_AGE).replace(day=13)


def left_on(scene: Scene) -> date:
    """The day on which the owner of the single-threaded account left."""
    return owner_left_on(scene.spec)


def second_on(scene: Scene) -> date:
    """The day on which a colleague of that owner left."""
    return second_left_on(scene.spec)
