"""Makes a reader who waits and one who talks into thousands: circles, offers, librarians and readers who are gone."""

import asyncio

import httpx2 as httpx

from loadtests.crowds import SPREAD, Columns, copies
from loadtests.desk import open_desk
from loadtests.desk_crowds import UNCOUNTED


def begin(port: int, login: dict[str, str]) -> str:
    """A conversation that goes on, and a question that waits, as the product itself wrote them; the first's number."""

    async def talk() -> str:
        desk = await open_desk(port, [login], 1)
        [session] = desk.readers
        body = {"topic": "reference", "question": "请问？", "client_id": "w", "visitor": "visitor-waits"}
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
        ) as http:
            (await http.post("/api/desks/bench/sessions", json=body)).raise_for_status()
        return session

    return asyncio.run(talk())


def crowd(columns: Columns, first: str, holder: str, count: int) -> list[str]:
    """Statements that copy both, ``count`` times for each thing that may fall due; nobody is connected any more.

    Sessions ``sweep-q`` wait, ``sweep-o`` are offered to a librarian each, of ``sweep-l`` a librarian each is lost, of
    ``sweep-g`` the readers. All moments are counted from that at which the reader who waits is gone.
    """
    talks, waits = (
        f"= '{first}'",
        "= (SELECT id FROM chat_session WHERE state = 'queued' AND id NOT LIKE 'sweep-%')",
    )
    promised = f"due.kind = 'reader_gone' AND due.subject_id {waits}"
    from_then = f"(SELECT due_at FROM due WHERE {promised})"

    def sessions(name: str, source: str, **changed: str) -> list[str]:
        return _sessions(columns, count, name, source, holder=holder, **changed)

    def librarians(name: str, **changed: str) -> str:
        person = f"'sweep-p{name}' || i"
        return copies(columns, "duty", count, f"duty.staff_id = '{holder}'", staff_id=person, **changed)

    def due(kind: str, subject: str, hours: int, data: str = "'{}'") -> str:
        changed = {"id": f"'{kind}/' || {subject}", "kind": f"'{kind}'", "subject_id": subject, "data": data}
        return copies(
            columns,
            "due",
            count,
            promised,
            due_at=f"due_at + {hours} * 3600000000 + (i % {SPREAD}) * 1000",
            **changed,
        )

    return [
        # The first circle widens again after it has, the second does not.
        *sessions("q", waits, circle_from_at=f"{from_then} + 7200000000", declined=f"'{holder}'"),
        due("widen", "'sweep-q' || i", 1),
        due("offer_again", "'sweep-q' || i", 3),
        due("reader_gone", "'sweep-q' || i", 6),
        *sessions(
            "o",
            waits,
            state="'offered'",
            offer_id="'sweep-x' || i",
            offered_to="'sweep-po' || i",
            offered_at="queued_at",
        ),
        librarians("o", load="1", offers="1"),
        due("offer_expiry", "'sweep-x' || i", 4, """'{"session": "sweep-o' || i || '"}'"""),
        *sessions("l", talks, staff_id="'sweep-pl' || i", **UNCOUNTED),
        librarians("l"),
        due("librarian_lost", "'sweep-pl' || i", 5),
        *sessions("g", talks, staff_id="'sweep-pg' || i", **UNCOUNTED),
        librarians("g"),
        due("reader_gone", "'sweep-g' || i", 7),
        "ANALYZE",
    ]


def _sessions(
    columns: Columns, count: int, name: str, source: str, *, holder: str, **changed: str
) -> list[str]:
    """Copy a conversation with its log and participants; the holder, if it has one, is somebody else in each."""
    own, person = f"'sweep-{name}' || i", f"'{holder}', 'sweep-p{name}' || i"
    participant = f"REPLACE(REPLACE(chat_participant.id, session_id, {own}), {person})"
    log, seats = f"chat_log.session_id {source}", f"chat_participant.session_id {source}"
    changed |= {"id": own, "reader_key": own}
    seat = {"id": participant, "session_id": own, "account_id": f"REPLACE(account_id, {person})"}
    return [
        copies(columns, "chat_session", count, f"chat_session.id {source}", **changed),
        copies(columns, "chat_log", count, log, session_id=own),
        copies(columns, "chat_participant", count, seats, **seat),
    ]


def _once(what: str, table: str, column: str, name: str, where: str) -> tuple[str, str]:
    query = f"SELECT COUNT(*) AS total, COUNT(DISTINCT {column}) AS different FROM {table}"
    return what, f"{query} WHERE {column} LIKE '{name}%' AND {where}"


_LOGGED = "last_seq = (SELECT MAX(seq) FROM chat_event e WHERE e.session_id = chat_log.session_id AND audience = 'all')"
ONCE = (
    _once("missed offer", "duty", "staff_id", "sweep-po", "missed = 1 AND offers = 0 AND load = 0"),
    _once(
        "offered no more",
        "chat_session",
        "id",
        "sweep-o",
        "state = 'queued' AND offer_id = '' AND declined = ''",
    ),
    _once("librarian lost", "duty", "staff_id", "sweep-pl", "away_reason = 'lost' AND load = 0"),
    _once("reader back in the queue", "chat_session", "id", "sweep-l", "state = 'queued' AND staff_id = ''"),
    _once("told of it", "chat_event", "session_id", "sweep-l", "kind = 'requeued'"),
    _once("question closed", "chat_session", "id", "sweep-q", "state = 'closed' AND declined = ''"),
    _once("told of its end", "chat_event", "session_id", "sweep-q", "kind = 'ended'"),
    _once(
        "record owed", "chat_session", "id", "sweep-g", "state = 'wrapping_up' AND end_reason = 'reader_gone'"
    ),
    _once("told of the end", "chat_event", "session_id", "sweep-g", "kind = 'ended'"),
    _once("librarian free", "duty", "staff_id", "sweep-pg", "load = 0 AND offers = 0"),
    _once("record promised", "due", "subject_id", "sweep-g", "kind = 'wrap_up'"),
    _once("log closed", "chat_log", "session_id", "sweep-g", f"NOT open AND {_LOGGED}"),
)
NEVER = (
    (
        "due row left",
        "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-%' AND kind <> 'wrap_up'",
    ),
    (
        "still there after the end",
        "SELECT COUNT(*) AS total FROM chat_participant WHERE left_at IS NULL"
        " AND (session_id LIKE 'sweep-g%' OR session_id LIKE 'sweep-q%')",
    ),
)
# Hours after the readers came at which something falls due for every copy, and what it is.
MILESTONES = (
    (1.2, "circles widen"),
    (2.2, "circles widen for good"),
    (3.2, "who declined may be asked again"),
    (4.2, "offers run out"),
    (4.3, "who missed them may be asked again"),
    (5.2, "librarians lost, a reader each"),
    (6.2, "readers gone who waited"),
    (7.2, "readers gone who talked"),
)
STILL_DUE = "SELECT COUNT(*) AS total FROM due WHERE subject_id LIKE 'sweep-%' AND due_at <= {now}"
