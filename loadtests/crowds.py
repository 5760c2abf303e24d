"""Makes one consultation into thousands: rows copied inside the database from those that the product wrote itself."""

from collections.abc import Callable

import httpx2 as httpx

from loadtests.claims import headers_of

Columns = Callable[[str], list[str]]
PER_PERSON = 10  # claims held by one librarian
SPREAD = 1000  # milliseconds, over which the copies' moments lie


def begin(port: int, login: dict[str, str]) -> str:
    """A form question in the pool, claimed; its number is that of its task."""
    body = {"client_id": "sweep", "question": "怎样查民国报纸？", "mail": "r@sweep.test"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http:
        asked = http.post("/api/desks/bench/questions", json=body).raise_for_status().json()["id"]
        http.post(f"/api/tasks/{asked}/claim", headers=headers_of(login)).raise_for_status()
    return str(asked)


def copies(columns: Columns, table: str, times: int, where: str, **changed: str) -> str:
    """A statement that copies the rows found ``times`` times; ``i`` counts in the expressions of changed columns."""
    names = columns(table)
    wanted = [changed.get(name, f"{table}.{name}") for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < {times - 1}) SELECT {', '.join(wanted)} FROM {table}, n WHERE {where}"
    )


def crowd(columns: Columns, first: str, holder: str, count: int) -> list[str]:
    """Statements that copy a claimed task ``first`` with its consultation, claim and due rows, ``count`` times.

    Each copy has a reader of its own; every ten are held by a librarian who is a copy of ``holder``, and the alliance
    has a duty manager. The moments of the copies lie within one second.
    """
    people = -(-count // PER_PERSON)
    task, person, later = "'sweep-t' || i", f"'sweep-l' || (i % {people})", f" + (i % {SPREAD}) * 1000"
    manager = {"role": "'manager'", "scope": "'alliance'", "scope_id": "''", "account_id": "'sweep-m'"}

    def copied(table: str, times: int, where: str, **changed: str) -> str:
        return copies(columns, table, times, where, **changed)

    return [
        copied(
            "account",
            people,
            f"account.id = '{holder}'",
            id="'sweep-l' || i",
            mail="'l' || i || '@sweep.test'",
        ),
        copied("account", 1, f"account.id = '{holder}'", id="'sweep-m'", mail="'m@sweep.test'"),
        copied("role_grant", 1, f"account_id = '{holder}'", id="'sweep-g'", **manager),
        copied("task", count, f"task.id = '{first}'", id=task, holder_id=person, opened_at="NULL"),
        copied(
            "consultation",
            count,
            f"consultation.id = '{first}'",
            id=task,
            task_id=task,
            client_id="'sweep-c' || i",
            mail="'r' || i || '@sweep.test'",
            submitted_at=f"submitted_at{later}",
        ),
        copied(
            "claim", count, f"claim.task_id = '{first}'", id="'sweep-k' || i", task_id=task, staff_id=person
        ),
        copied(
            "due",
            count,
            f"due.subject_id = '{first}' AND due.kind IN ('task_clock', 'lease')",
            id=f"due.kind || '/' || {task}",
            subject_id=task,
            due_at=f"due_at{later}",
        ),
        "INSERT INTO claim_count (staff_id, open_claims) SELECT holder_id, COUNT(*) FROM task"
        " WHERE id LIKE 'sweep-t%' GROUP BY holder_id",
        "ANALYZE",
    ]


# What must have happened to each copy exactly once by 96 hours: both counts are those of the copies.
ONCE: tuple[tuple[str, str], ...] = (
    *(
        (
            f"step {kind}",
            "SELECT COUNT(*) AS total, COUNT(DISTINCT consultation_id) AS different FROM consultation_step"
            f" WHERE kind = '{kind}' AND consultation_id LIKE 'sweep-t%'",
        )
        for kind in ("opened", "expired", "due_soon", "escalated", "overdue")
    ),
    *(
        (
            f"mail {template}",
            "SELECT COUNT(*) AS total, COUNT(DISTINCT event_key) AS different FROM mail_out"
            f" WHERE template = '{template}' AND event_key LIKE '%:sweep-t%'",
        )
        for template in ("lease_reminder", "request_escalated")
    ),
    *(
        (
            f"mail {template} to each",
            "SELECT COUNT(*) / COUNT(DISTINCT recipient) AS total,"
            " COUNT(DISTINCT event_key) / COUNT(DISTINCT recipient) AS different"
            f" FROM mail_out WHERE template = '{template}' AND event_key LIKE '%:sweep-t%'",
        )
        for template in ("task_escalated_manager", "task_overdue_manager")
    ),
    (
        "consultation overdue",
        "SELECT COUNT(*) AS total, COUNT(DISTINCT id) AS different FROM consultation"
        " WHERE id LIKE 'sweep-t%' AND stage = 3 AND escalated_at IS NOT NULL AND state = 'open'",
    ),
    (
        "task back in the pool",
        "SELECT COUNT(*) AS total, COUNT(DISTINCT id) AS different FROM task WHERE id LIKE 'sweep-t%'"
        " AND state = 'open' AND stage = 3 AND opened_at IS NOT NULL AND holder_id = '' AND consultations = 1",
    ),
    (
        "claim ended",
        "SELECT COUNT(*) AS total, COUNT(DISTINCT task_id) AS different FROM claim"
        " WHERE task_id LIKE 'sweep-t%' AND outcome = 'expired'",
    ),
)
NEVER = (
    ("due row left", "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-t%'"),
    (
        "claim still counted",
        "SELECT COUNT(*) AS total FROM claim_count WHERE staff_id LIKE 'sweep-l%' AND open_claims <> 0",
    ),
)
# Hours after the submission at which something falls due for every copy, and what it is. The lease was taken later.
MILESTONES = (
    (12.01, "opened to the alliance"),
    (22.05, "reminders of leases"),
    (24.05, "ends of leases"),
    (48.01, "due soon"),
    (72.01, "escalated"),
    (96.01, "overdue"),
)
STILL_DUE = "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-t%' AND due_at <= {now}"
