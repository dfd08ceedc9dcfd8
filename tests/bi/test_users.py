"""The file of users for Superset, without a Superset."""

from __future__ import annotations

import pytest

from keyaccounts.bi.install import User, read_users
from keyaccounts.errors import ConfigurationError

HEADER = "user,role,password"


def test_columns_may_come_in_any_order_and_passwords_may_hold_anything() -> None:
    lines = ["password,user,role", '"a,""b""",U0013,account_manager', " c ,lead, sales_lead", ""]
    assert read_users(lines) == [
        User("U0013", "account_manager", 'a,"b"'), User("lead", "sales_lead", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "the first line must be user,role,password"),
        (["user,role", "a,admin"], "the first line must be user,role,password"),
        ([HEADER], "no user stands in the file"),
        ([HEADER, "a,admin,x", ",admin,x"], "line 3: no user"),
        ([HEADER, "a,admin,x", "a,bi_user,y"], "line 3: a stands twice"),
        ([HEADER, "a,boss,x"], "line 2: role 'boss' is none of admin, .*account_manager"),
        ([HEADER, "a,admin"], "line 2: no password"),
        ([HEADER, "a,admin,x,y"], "line 2: more than three values"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(lines: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_users(lines)
