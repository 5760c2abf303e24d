"""Samples and results of spot checks, publications, and readers' comments (R-QC.3, R-QC.5)."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.quality import Comment, Publication, Result, SampleLine
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us

_COUNTS = (
    "COUNT(*) AS inspected,"
    " SUM(CASE WHEN i.grade = 'excellent' THEN 1 ELSE 0 END) AS excellent,"
    " SUM(CASE WHEN i.grade = 'pass' THEN 1 ELSE 0 END) AS passed,"
    " SUM(CASE WHEN i.grade = 'fail' THEN 1 ELSE 0 END) AS failed,"
    " SUM(CASE WHEN EXISTS (SELECT 1 FROM inspection_step s WHERE s.consultation_id = i.consultation_id"
    " AND s.step = 'correct') THEN 1 ELSE 0 END) AS corrected,"
    " SUM(CASE WHEN i.at_random THEN 1 ELSE 0 END) AS sampled,"
    " SUM(CASE WHEN i.at_random AND i.sample_grade = 'fail' THEN 1 ELSE 0 END) AS sampled_failed"
)


async def sample_lines(db: Reader, scope: frozenset[str] | None, *, since: datetime) -> list[SampleLine]:
    """By library, what was chosen by chance since then and has its grade."""
    values: list[object] = [to_us(since)]
    bound = ""
    if scope is not None:
        bound = f" AND library_id IN ({placeholders(len(scope), start=2)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    rows = await db.rows(
        "SELECT l.id, l.name_zh, l.name_en, s.sampled, s.failed FROM (SELECT library_id, COUNT(*) AS sampled,"
        " SUM(CASE WHEN sample_grade = 'fail' THEN 1 ELSE 0 END) AS failed FROM inspection"
        f" WHERE at_random AND sample_grade <> '' AND answered_at >= $1{bound} GROUP BY library_id) s"
        " JOIN library l ON l.id = s.library_id ORDER BY l.name_zh",
        *values,
    )
    return [
        SampleLine(row["id"], row["name_zh"], row["name_en"], int(row["sampled"]), int(row["failed"]))
        for row in rows
    ]


async def insert_publication(tx: Transaction, publication: Publication) -> int:
    """Close what is settled in the period under this publication; returns how many inspections that are."""
    await tx.execute(
        "INSERT INTO publication (id, from_at, until_at, names_librarians, published_at, published_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        publication.id,
        to_us(publication.starts),
        to_us(publication.ends),
        publication.names_librarians,
        to_us(publication.published_at),
        publication.published_by,
    )
    return await tx.execute(
        "UPDATE inspection SET state = 'published', publication_id = $3, version = version + 1"
        " WHERE state IN ('graded', 'decided') AND publication_id = '' AND answered_at >= $1 AND answered_at < $2",
        to_us(publication.starts),
        to_us(publication.ends),
        publication.id,
    )


async def closed_results(db: Reader, publication_id: str) -> list[Result]:
    """By librarian, the grades of the inspections that were closed under a publication."""
    rows = await db.rows(
        f"SELECT i.library_id, i.staff_id, {_COUNTS} FROM inspection i WHERE i.publication_id = $1"
        " GROUP BY i.library_id, i.staff_id ORDER BY i.library_id, i.staff_id",
        publication_id,
    )
    return [_counted(row) for row in rows]


async def insert_results(tx: Transaction, publication_id: str, results: Sequence[tuple[str, Result]]) -> None:
    """Keep the lines of a publication for good, each under its id."""
    for result_id, r in results:
        await tx.execute(
            "INSERT INTO published_result (id, publication_id, library_id, staff_id, inspected, excellent, passed,"
            f" failed, corrected, sampled, sampled_failed) VALUES ({placeholders(11)})",
            *(result_id, publication_id, r.library_id, r.staff_id, r.inspected, r.excellent, r.passed),
            *(r.failed, r.corrected, r.sampled, r.sampled_failed),
        )


async def publications(db: Reader, *, limit: int = 40) -> list[Publication]:
    """What was published, newest first."""
    rows = await db.rows("SELECT * FROM publication ORDER BY id DESC LIMIT $1", limit)
    return [
        Publication(
            row["id"],
            from_us(row["from_at"]),
            from_us(row["until_at"]),
            bool(row["names_librarians"]),
            from_us(row["published_at"]),
            row["published_by"],
        )
        for row in rows
    ]


async def results_of(db: Reader, publication_id: str) -> list[Result]:
    """The lines of a publication with the names of libraries and, where they were published, librarians."""
    rows = await db.rows(
        "SELECT r.*, l.name_zh, l.name_en, a.name AS staff_name FROM published_result r"
        " JOIN library l ON l.id = r.library_id LEFT JOIN account a ON a.id = r.staff_id"
        " WHERE r.publication_id = $1 ORDER BY l.name_zh, r.id LIMIT 5000",
        publication_id,
    )
    return [_counted(row, (row["name_zh"], row["name_en"], row["staff_name"] or "")) for row in rows]


async def insert_comment(tx: Transaction, comment: Comment) -> None:
    await tx.execute(
        "INSERT INTO publication_comment (id, publication_id, library_id, account_id, text, at, hidden_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, '')",
        comment.id,
        comment.publication_id,
        comment.library_id,
        comment.account_id,
        comment.text,
        to_us(comment.at),
    )


async def count_comments_since(db: Reader, account_id: str, since: datetime) -> int:
    row = await db.row(
        "SELECT COUNT(*) AS count FROM publication_comment WHERE account_id = $1 AND at >= $2",
        account_id,
        to_us(since),
    )
    return int(row["count"]) if row else 0


async def comments_of(
    db: Reader, publication_id: str, *, hidden: bool, before: str, limit: int = 50
) -> list[Comment]:
    """Readers' comments, newest first; ``hidden``: also those that nobody else sees."""
    shown = "" if hidden else " AND c.hidden_by = ''"
    rows = await db.rows(
        "SELECT c.*, l.name_zh AS about_zh, l.name_en AS about_en, h.name_zh AS from_zh, h.name_en AS from_en"
        " FROM publication_comment c LEFT JOIN library l ON l.id = c.library_id"
        " LEFT JOIN account a ON a.id = c.account_id LEFT JOIN library h ON h.id = a.library_id"
        f" WHERE c.publication_id = $1 AND c.id < $2{shown} ORDER BY c.id DESC LIMIT $3",
        publication_id,
        before,
        limit,
    )
    return [
        Comment(
            row["id"],
            row["publication_id"],
            row["library_id"],
            row["account_id"],
            row["text"],
            from_us(row["at"]),
            row["hidden_by"],
            row["about_zh"] or "",
            row["about_en"] or "",
            row["from_zh"] or "",
            row["from_en"] or "",
        )
        for row in rows
    ]


async def hide_comment_of(tx: Transaction, comment_id: str, *, by: str) -> bool:
    """Nobody but managers sees it any longer; False when it was hidden before."""
    return bool(
        await tx.execute(
            "UPDATE publication_comment SET hidden_by = $2 WHERE id = $1 AND hidden_by = ''", comment_id, by
        )
    )


def _counted(row: Row, names: tuple[str, str, str] = ("", "", "")) -> Result:
    return Result(
        row["library_id"],
        row["staff_id"],
        int(row["inspected"]),
        int(row["excellent"]),
        int(row["passed"]),
        int(row["failed"]),
        int(row["corrected"]),
        int(row["sampled"]),
        int(row["sampled_failed"]),
        *names,
    )
