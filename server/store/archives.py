"""Past conversations: found by date and by what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.chat import ChatSession
from server.store.chat import SESSION, SESSIONS, session_of
from server.store.rows import Reader, placeholders, to_us


@dataclass(frozen=True, slots=True)
class Found:
    """A past session with its desk's names and outcome."""

    session: ChatSession
    desk_zh: str
    desk_en: str
    outcome: str


async def archived_sessions(
    db: Reader,
    *,
    staff_id: str,
    libraries: frozenset[str] | None,
    words: str,
    typical: bool,
    before: datetime,
    limit: int,
) -> list[Found]:
    """Ended sessions that this person answered, or of the libraries they manage (None: all), newest first."""
    values: list[object] = [to_us(before), limit, staff_id]
    if libraries is None:
        mine = "(s.staff_id = $3 OR $3 <> '')"
    elif libraries:
        mine = f"(s.staff_id = $3 OR d.library_id IN ({placeholders(len(libraries), start=4)}))"
        values += sorted(libraries)
    else:
        mine = "s.staff_id = $3"
    said = ""
    if words:
        values.append(f"%{_escaped(words)}%")
        mark = f"${len(values)}"
        said = (
            f" AND (s.question LIKE {mark} ESCAPE '!' OR EXISTS (SELECT 1 FROM chat_event e WHERE e.session_id = s.id"
            f" AND e.audience = 'all' AND e.body LIKE {mark} ESCAPE '!'))"
        )
    only = " AND w.typical_case = TRUE" if typical else ""
    rows = await db.rows(
        f"SELECT {SESSION}, d.name_zh AS desk_zh, d.name_en AS desk_en, w.outcome AS outcome"
        f" FROM {SESSIONS} LEFT JOIN wrap_up w ON w.session_id = s.id"
        f" WHERE s.state IN ('wrapping_up', 'closed') AND s.created_at < $1 AND {mine}{said}{only}"
        " ORDER BY s.created_at DESC LIMIT $2",
        *values,
    )
    return [Found(session_of(row), row["desk_zh"], row["desk_en"], row["outcome"] or "") for row in rows]


async def wrap_up_outcomes(db: Reader, session_ids: Sequence[str]) -> dict[str, str]:
    """How these sessions ended, where a record says so."""
    if not session_ids:
        return {}
    rows = await db.rows(
        f"SELECT session_id, outcome FROM wrap_up WHERE session_id IN ({placeholders(len(session_ids))})",
        *session_ids,
    )
    return {row["session_id"]: row["outcome"] for row in rows}


def _escaped(words: str) -> str:
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
