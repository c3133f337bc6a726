"""Private database servers for the tests.

Each runs in a folder of its own, on a free port of 127.0.0.1, and is gone with its folder when the
process that started it is gone, however that ended.

    found = find_postgresql()
    if isinstance(found, Missing):
        skip_or_fail(found)
    with found.server() as server:
        create_engine(server.url(driver="psycopg"))
"""

from .mariadb import MariaDBPrograms, MariaDBServer, RunningMariaDB, find_mariadb
from .missing import Missing, required_backends, skip_or_fail
from .postgresql import PostgreSQLPrograms, PostgreSQLServer, find_postgresql
from .process import Server, ServerError

__all__ = [
    "MariaDBPrograms",
    "MariaDBServer",
    "Missing",
    "PostgreSQLPrograms",
    "PostgreSQLServer",
    "RunningMariaDB",
    "Server",
    "ServerError",
    "find_mariadb",
    "find_postgresql",
    "required_backends",
    "skip_or_fail",
]
