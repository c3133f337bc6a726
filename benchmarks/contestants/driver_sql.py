"""The SQL of those who use a driver alone, with `?` for parameters."""

from __future__ import annotations

import re

USER = "SELECT id, email, name, city, age, active, created_at FROM users "

GET = USER + "WHERE id = ?"
FIND = USER + "WHERE city = ? AND age >= ? ORDER BY created_at DESC, id LIMIT 20"
FIRST_PAGE = USER + "ORDER BY created_at DESC, id LIMIT 20"
LIST = USER + "ORDER BY id LIMIT ?"
PAGE = USER + "WHERE city = ? ORDER BY id LIMIT 20 OFFSET ?"
COUNT = "SELECT count(*) FROM users WHERE city = ?"
EXISTS = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?)"
INSERT = "INSERT INTO notes (account_id, body) VALUES (?, ?)"
INSERT_RETURNING = INSERT + " RETURNING id, created_at"
UPDATE = "UPDATE accounts SET balance = ? WHERE id = ?"
ACCOUNT = "SELECT balance FROM accounts WHERE id = ?"
HOLD = "SELECT amount FROM holds WHERE id = ?"
RELEASE = "DELETE FROM holds WHERE id = ?"


def percents(sql: str) -> str:
    """As psycopg and PyMySQL want it."""
    return sql.replace("?", "%s")


def dollars(sql: str) -> str:
    """As asyncpg wants it: $1, $2 ..."""
    numbers = iter(range(1, 100))
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
