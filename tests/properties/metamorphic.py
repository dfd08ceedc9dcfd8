"""Changes of the inputs that must not change the marts (I5, I6, I12, I18, I19, I20, I41, I42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.properties.basics import add_months, month_end
from tests.properties.crowd import MARTS, Case, Crowd, Violation
from tests.properties.harness import Inputs, Row

MONEY = {
    "gross_amount", "disputed_amount", "net_amount", "list_amount", "cogs_amount", "amount",
    "wallet_amount", "receivables_amount",
}  # fmt: skip
FACTOR = 7
MONTHS_BACK = 5


@dataclass(frozen=True)
class Change:
    """One change: how inputs become others, whom it is for, which columns it may touch.

    `columns` maps a mart to the columns that are compared; all columns where it is None.
    """

    name: str
    apply: Callable[[Inputs, Random], Inputs]
    marts: Mapping[str, tuple[str, ...] | None]
    applies: Callable[[Case], bool] = lambda case: True
    keeps: Callable[[Row, Inputs], bool] = lambda row, inputs: True


def changed(case_rows: Inputs, **entities: list[Row]) -> Inputs:
    """Return the inputs with some entities replaced, as far as they have landed."""
    rows = {**case_rows.rows, **entities}
    return replace(case_rows, rows={k: v for k, v in rows.items() if k in case_rows.rows})


def append_later(inputs: Inputs, random: Random) -> Inputs:
    """I5: documents, talks, proofs, versions and an account dated after the as-of date."""
    rows, shift = inputs.rows, timedelta(days=1500)
    late = {name: list(rows.get(name, [])) for name in rows}
    for r in rows["erp_invoices"]:
        copy = {**r, "invoice_id": f"Z{r['invoice_id']}", "invoice_date": r["invoice_date"] + shift}
        late["erp_invoices"].append({**copy, "due_date": None})
        # A credit for all of an old order, after the as-of date.
        note = {**copy, "invoice_id": f"ZC{r['invoice_id']}", "document_type": "credit_note"}
        late["erp_invoices"].append(
            {**note, "gross_amount": -abs(r["gross_amount"]), "due_date": None}
        )
    for r in rows["erp_invoice_lines"]:
        line, invoice = f"Z{r['invoice_line_id']}", f"Z{r['invoice_id']}"
        late["erp_invoice_lines"].append({**r, "invoice_line_id": line, "invoice_id": invoice})
    for r in rows.get("erp_payments", []):
        day = r["received_date"] + shift
        late["erp_payments"].append(
            {**r, "payment_id": f"Z{r['payment_id']}", "received_date": day}
        )
    for r in rows.get("erp_payment_applications", []):
        day = r["applied_date"] + shift
        late["erp_payment_applications"].append(
            {**r, "application_id": f"Z{r['application_id']}", "applied_date": day}
        )
    for r in rows.get("erp_exchange_rates", []):
        rate = {"rate_date": r["rate_date"] + shift, "rate_to_base": r["rate_to_base"] * 2}
        late["erp_exchange_rates"].append({**r, **rate})
    for name, key, day in (
        ("crm_activities", "activity_id", "activity_at"),
        ("crm_relationship_evidence", "evidence_id", "start_date"),
        ("crm_account_team", "user_id", "valid_from"),
    ):
        for r in rows.get(name, []):
            # Proofs may have begun long before the first document.
            late[name].append({**r, key: f"Z{r[key]}", day: r[day] + 2 * shift})
    stamp = datetime.combine(inputs.as_of_date, datetime.min.time()) + timedelta(days=40)
    known = {r["account_id"]: r for r in rows["crm_accounts"]}
    for r in known.values():
        other = random.choice(list(known))
        late["crm_accounts"].append(
            {**r, "_load": 9, "updated_at": stamp, "landed_as_of": stamp, "tax_id": "LATE",
             "parent_account_id": other, "channel": "late", "is_internal": False}
        )  # fmt: skip
    late["crm_accounts"].append(
        {**next(iter(known.values())), "account_id": "A", "_load": 9, "updated_at": stamp,
         "landed_as_of": stamp, "created_at": stamp, "tax_id": "T1", "is_internal": False}
    )  # fmt: skip
    return changed(inputs, **late)


def split_applications(inputs: Inputs, random: Random) -> Inputs:
    """I6: each application in two of the same day."""
    split = []
    for r in inputs.rows.get("erp_payment_applications", []):
        part = (r["amount"] * random.randrange(1, 9) / 10).quantize(Decimal("0.01"))
        split.append({**r, "amount": part})
        split.append(
            {**r, "amount": r["amount"] - part, "application_id": f"{r['application_id']}S"}
        )
    return changed(inputs, erp_payment_applications=split)


def scale_money(inputs: Inputs, random: Random) -> Inputs:
    """I12, I18: all money times a whole number."""
    rows = {
        name: [
            {k: v * FACTOR if k in MONEY and v is not None else v for k, v in r.items()}
            for r in entity
        ]
        for name, entity in inputs.rows.items()
    }
    return replace(inputs, rows=rows)


def add_zero_profit(inputs: Inputs, random: Random) -> Inputs:
    """I19: one more account that sells at cost, in a family of its own."""
    rows = inputs.rows
    first = min(r["invoice_date"] for r in rows["erp_invoices"] if r["status"] != "void")
    account = {**rows["crm_accounts"][0], "account_id": "ZERO", "parent_account_id": None,
               "merged_into_account_id": None, "tax_id": None, "is_internal": False}  # fmt: skip
    invoices, lines = [], []
    days = (inputs.as_of_date - first).days
    for place, offset in enumerate(range(100, days, 31)):
        key = f"ZERO-{place}"
        invoices.append(
            {"invoice_id": key, "account_id": "ZERO", "document_type": "invoice", "order_id": None,
             "invoice_date": first + timedelta(days=offset), "due_date": None, "status": None,
             "currency_code": None, "gross_amount": Decimal("50.00"), "disputed_amount": None}
        )  # fmt: skip
        lines.append(
            {"invoice_line_id": key, "invoice_id": key, "product_id": "PZERO", "quantity": None,
             "list_amount": None, "net_amount": Decimal("50.00"), "cogs_amount": Decimal("50.00")}
        )  # fmt: skip
    return changed(
        inputs,
        crm_accounts=[*rows["crm_accounts"], account],
        erp_products=[
            *rows.get("erp_products", []), {"product_id": "PZERO", "product_family": "zero"}
        ],
        erp_invoices=[*rows["erp_invoices"], *invoices],
        erp_invoice_lines=[*rows["erp_invoice_lines"], *lines],
    )  # fmt: skip


def go_back(inputs: Inputs, random: Random) -> Inputs:
    """I20: the same landing, seen at an earlier month-end."""
    return replace(inputs, as_of_date=earlier(inputs))


def earlier(inputs: Inputs) -> Any:
    """Return the month-end some months before the as-of date."""
    return month_end(add_months(inputs.as_of_date.replace(day=1), -MONTHS_BACK))


def permute(inputs: Inputs, random: Random) -> Inputs:
    """I42: the rows of every entity in another order."""
    rows = {name: list(entity) for name, entity in inputs.rows.items()}
    for entity in rows.values():
        random.shuffle(entity)
    return replace(inputs, rows=rows)


def again(inputs: Inputs, random: Random) -> Inputs:
    """I41: nothing changed."""
    return inputs


def _has_exact_profit(case: Case) -> bool:
    """Return whether no amount is rounded on the way to a profit: one currency, all costs known."""
    lines = case.inputs.rows["erp_invoice_lines"]
    has_rates = "cost_to_serve_rates" in case.inputs.rules
    known = all(r["cogs_amount"] is not None for r in lines)
    return case.is_base_only and known and not has_rates


def _was_all_known(case: Case) -> bool:
    """Return whether all accounts were known some months before, and no purchase reversed since."""
    day = earlier(case.inputs)
    return day >= case.books.first_document and all(
        (created := case.books.created(a)) is None or created <= day for a in case.books.versions
    ) and not any(
        r["document_type"] == "credit_note" and r["invoice_date"] > day
        for r in case.books.documents.values()
    )  # fmt: skip


BUCKETS = (
    "as_of_date", "account_id", "current_amount", "overdue_1_30_amount", "overdue_31_60_amount",
    "overdue_61_90_amount", "overdue_90_plus_amount", "gross_open_amount", "age_0_30_amount",
    "age_31_60_amount", "age_61_90_amount", "age_90_plus_amount", "disputed_amount",
)  # fmt: skip
TIER = ("month_end", "tier_unit_id", "tier", "evaluated_tier", "raw_tier", "down_streak_count",
        "is_at_risk", "profit_share_ratio", "cum_share_before_ratio")  # fmt: skip
COLLECTED = ("as_of_date", "scope_type", "scope_id", "cei", "dso_period_days", "bpdso_days",
             "add_days", "dso_simple_days", "dso_countback_days", "to_pay_days", "late_days",
             "is_truncated")  # fmt: skip
EVENT = ("event_key", "severity", "cause", "base_severity")
EVERYTHING = dict.fromkeys(MARTS)
CHANGES = {change.name: change for change in (
    Change("again", again, EVERYTHING),
    Change("permute", permute, EVERYTHING),
    Change("append_later", append_later, EVERYTHING),
    Change("split_applications", split_applications, {"receivables_aging": BUCKETS}),
    Change(
        "split_applications_of_base_currency", split_applications,
        {**EVERYTHING, "collection_metrics": COLLECTED},
        applies=lambda case: case.is_base_only,
    ),
    Change(
        "scale_money", scale_money,
        {"account_tiers": TIER, "account_tier_history": None, "tier_events": EVENT,
         "collection_metrics": COLLECTED},
        applies=_has_exact_profit,
    ),
    Change(
        "add_zero_profit", add_zero_profit,
        {"account_tiers": TIER, "account_tier_history": None, "tier_events": EVENT},
        applies=_has_exact_profit,
        keeps=lambda row, inputs: row["tier_unit_id"] != "ZERO",
    ),
    Change(
        "go_back", go_back,
        {"account_tiers": None, "tier_events": EVENT, "account_profitability": None,
         "int_candidates__influence": None, "int_candidates__prospects": None,
         "service_levels": None, "service_site_levels": None, "buying_stages": None,
         "internal_response": None,
         "relationship_matrix": None, "stage_profits": None},
        applies=_was_all_known,
        keeps=lambda row, inputs: row.get("month_end", row.get("effective_date"))
        <= earlier(inputs),
    ),
)}  # fmt: skip


def differences(before: Crowd, change: Change, fragments: Any = None) -> list[Violation]:
    """Build the changed companies and return what their marts say otherwise.

    `fragments` breaks models of the changed build, as those of `before` were broken.
    """
    cases = [case for case in before.cases() if change.applies(case)]
    others = {c.seed: change.apply(c.inputs, Random(c.seed)) for c in cases}
    if not others:
        return []
    after = Crowd(others, change.marts, fragments)
    found = []
    for mart, columns in change.marts.items():
        for case in cases:
            sides = [
                [_shown(r, columns) for r in crowd.rows(mart).get(case.seed, [])
                 if change.keeps(r, case.inputs)]
                for crowd in (before, after)
            ]  # fmt: skip
            if sorted(sides[0]) != sorted(sides[1]):
                only = sorted(set(sides[0]) ^ set(sides[1]))
                found.append(Violation(case.seed, change.name, f"{mart}: {only[:2]}"))
    return found


def _shown(row: Row, columns: Iterable[str] | None) -> str:
    return str({c: row[c] for c in columns} if columns else row)
