"""What stories.json says: every planted story, and the checks that show it in the marts."""

from __future__ import annotations

from typing import Any

from keyaccounts.demo.plots import BULK_AGE, Plots
from keyaccounts.demo.scene import Scene
from keyaccounts.demo.spec import STORY_ACCOUNTS, STORY_MONTHS, Spec
from keyaccounts.demo.tales import TALES


def told_stories(spec: Spec, plots: Plots | None) -> dict[str, Any]:
    """The content of stories.json: stories, and what was left out and why."""
    head = {"seed": spec.seed, "first_day": str(spec.start), "last_day": str(spec.end)}
    if plots is None:
        why = (
            f"stories need at least {STORY_ACCOUNTS} accounts and {STORY_MONTHS} complete months; "
            f"this company has {spec.accounts} accounts and {spec.last_month + 1} complete months"
        )
        return head | {"stories": [], "not_planted": [{"id": "all", "why": why}]}
    scene, told, left_out = Scene(spec), [], []
    for name, (tell, roles) in TALES.items():
        why = shortcoming(plots, name)
        if why:
            left_out.append({"id": name, "why": why})
        else:
            ids = [scene.ids[role] for role in roles]
            told.append({"id": name, "account_ids": ids} | tell(scene))
    return head | {"stories": told, "not_planted": left_out}


def shortcoming(plots: Plots, story: str) -> str:
    """Why a calibrated story does not hold in this company; empty when it does."""
    last, market = plots.last, plots.market
    role = {
        "whale_losing_volume": "whale",
        "relative_drop": "relative",
        "flapping_b": "flapping",
        "one_off_bulk": "bulk",
        "single_threaded_left": "single",
    }.get(story)
    if role is None:
        return ""
    tiers, profits = market.tiers(role), market.stories[role]
    drops = [m for m, (_, event) in tiers.items() if event == "drop"]
    if role in ("whale", "relative"):
        fell = profits[last] < profits[last - 12]
        years = all(tiers[m][0] == "A" for m in tiers if m < last)
        if drops == [last] and years and fell == (role == "whale"):
            return ""
        return "no volume lets this account fall from A exactly at the last month-end"
    if role == "flapping":
        watched = sum(1 for m, (_, e) in tiers.items() if m > last - 12 and e == "at_risk")
        if not drops and watched >= 2 and {tier for tier, _ in tiers.values()} == {"B"}:
            return ""
        return "the crowd is too small around the limit of B"
    months = range(last - BULK_AGE, last - 1) if role == "bulk" else range(min(tiers), last + 1)
    if all(market.before(role, m, profits[m]) < 0.80 for m in months):
        return ""
    return "the account does not stay above the limit of A"
