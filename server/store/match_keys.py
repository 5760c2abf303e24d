"""Keys under which equal requests meet while they wait: any one of them is enough."""

from collections.abc import Sequence

from server.store.reads import Read
from server.store.rows import Row, Transaction, placeholders


def locks_of(keys: Sequence[str]) -> list[str]:
    """With these locks held, nobody else looks for or puts in a task under one of the keys.

    They are taken before any task is locked, and in this order: so no two transactions wait for each other in a ring.
    """
    return [f"match:{key}" for key in sorted(keys)]


def waiting_read(keys: Sequence[str]) -> Read[dict[str, list[str]]]:
    """Tasks on which somebody waits under one of the keys, oldest first, each with every citation that waits on it."""
    sql = (
        "SELECT DISTINCT c.task_id, c.citation FROM consultation c WHERE c.state = 'open' AND c.task_id IN"
        " (SELECT k.task_id FROM task_match_key k JOIN consultation w ON w.id = k.consultation_id"
        f" WHERE k.match_key IN ({placeholders(len(keys)) or 'NULL'}) AND w.task_id = k.task_id AND w.state = 'open')"
        " ORDER BY c.task_id"
    )
    return Read(sql, tuple(keys), _by_task)


def _by_task(rows: Sequence[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["task_id"], []).append(row["citation"])
    return found


async def keep_keys(tx: Transaction, task_id: str, consultation_id: str, keys: Sequence[str]) -> None:
    """Let this consultation be met under these keys; the task's end takes them away."""
    if keys:
        rows = ", ".join(f"($1, $2, ${number})" for number in range(3, 3 + len(keys)))
        await tx.later(
            f"INSERT INTO task_match_key (task_id, consultation_id, match_key) VALUES {rows}",
            task_id,
            consultation_id,
            *keys,
        )


async def change_keys(tx: Transaction, task_id: str, consultation_id: str, keys: Sequence[str]) -> None:
    """The consultation has become another wish on the same task."""
    await tx.execute(
        "DELETE FROM task_match_key WHERE task_id = $1 AND consultation_id = $2", task_id, consultation_id
    )
    await keep_keys(tx, task_id, consultation_id, keys)
