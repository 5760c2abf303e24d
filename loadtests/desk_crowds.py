"""Makes one ended conversation into thousands, each with a librarian of its own who owes its record (R-LIVE.5)."""

import asyncio

import httpx2 as httpx

from loadtests.claims import headers_of
from loadtests.crowds import SPREAD, Columns, copies
from loadtests.desk import open_desk

# No alliance has so many librarians who talk on one day: what it costs to count them for the figures is not the desk's.
UNCOUNTED = {"accepted_at": "NULL"}


def begin(port: int, login: dict[str, str]) -> str:
    """A conversation that was asked, answered and ended at the product's doors; its number."""

    async def talk() -> str:
        desk = await open_desk(port, [login], 1)
        [session] = desk.readers
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
        ) as http:
            answer = await http.post(f"/api/sessions/{session}/end", headers=headers_of(login))
            answer.raise_for_status()
        return session

    return asyncio.run(talk())


def crowd(columns: Columns, first: str, holder: str, count: int) -> list[str]:
    """Statements that copy the ended conversation ``first`` and its librarian ``holder``, ``count`` times.

    Every copy of the librarian is available, and looked at for signs of life in the same second as all the others.
    """
    session, person, later = "'sweep-s' || i", "'sweep-l' || i", f" + (i % {SPREAD}) * 1000"
    manager = {"role": "'manager'", "scope": "'alliance'", "scope_id": "''", "account_id": "'sweep-m'"}
    owed = f"due.subject_id = '{first}' AND due.kind = 'wrap_up'"

    def due(kind: str, subject: str) -> str:
        changed = {"id": f"'{kind}/' || {subject}", "kind": f"'{kind}'", "due_at": f"due_at{later}"}
        return copies(columns, "due", count, owed, subject_id=subject, **changed)

    return [
        copies(columns, "account", 1, f"account.id = '{holder}'", id="'sweep-m'", mail="'m@sweep.test'"),
        copies(columns, "role_grant", 1, f"account_id = '{holder}'", id="'sweep-g'", **manager),
        copies(columns, "duty", count, f"duty.staff_id = '{holder}'", staff_id=person),
        copies(
            columns,
            "chat_session",
            count,
            f"chat_session.id = '{first}'",
            id=session,
            staff_id=person,
            **UNCOUNTED,
        ),
        copies(columns, "chat_log", count, f"chat_log.session_id = '{first}'", session_id=session),
        due("wrap_up", session),
        due("auto_away", person),
        "ANALYZE",
    ]


ONCE = (
    (
        "mail to the managers",
        "SELECT COUNT(*) AS total, COUNT(DISTINCT event_key) AS different FROM mail_out"
        " WHERE template = 'wrap_up_overdue_manager' AND event_key LIKE 'wrap_up:sweep-s%'",
    ),
    (
        "librarian away",
        "SELECT COUNT(*) AS total, COUNT(DISTINCT staff_id) AS different FROM duty"
        " WHERE staff_id LIKE 'sweep-l%' AND availability = 'away' AND away_reason = 'idle'",
    ),
    (
        "console told as often as all the others",
        "SELECT COUNT(*) AS total, SUM(CASE WHEN version = (SELECT MIN(version) FROM duty WHERE"
        " staff_id LIKE 'sweep-l%') THEN 1 ELSE 0 END) AS alike FROM duty WHERE staff_id LIKE 'sweep-l%'",
    ),
)
NEVER = (("due row left", "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-%'"),)
# Hours after the end of the conversation at which something falls due for every copy, and what it is.
MILESTONES = (
    (0.26, "records overdue, librarians idle: two promises for each"),
    (24.27, "records come to the managers, a mail each"),
)
STILL_DUE = "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-%' AND due_at <= {now}"
