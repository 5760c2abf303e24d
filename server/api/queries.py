"""What addresses take after the question mark, for the OpenAPI document; a test holds it against the handlers."""

from collections.abc import Mapping

_AFTER = "The last number that you have; 0 gives everything"
_SEARCH = "Words of what is sought"
_PAGE = "The id of the last one of the page before"

QUERIES: Mapping[str, Mapping[str, str]] = {
    "GET /api/desks": {"query": _SEARCH, "after": "The short name of the last one of the page before"},
    "GET /api/staff": {"desk": "Only who answers at this desk", "name": "Only who is called so"},
    "GET /api/me/sessions": {
        "desk": "Only those at this desk, by short name",
        "limit": "How many at most (20)",
    },
    "GET /api/me/consultations": {
        "before": "Only earlier than this moment (`next.before` of the page before)",
        "before_id": "`next.before_id` of the page before",
    },
    "GET /api/sessions/{id}/events": {"after": _AFTER, "limit": "How many at most (200, up to 5000)"},
    "GET /api/sessions/{id}/notes": {"after": _AFTER},
    "GET /api/sessions/{id}/stream": {"after": _AFTER, "token": "The conversation token"},
    "GET /api/stream": {
        "topics": "Where to listen and from where: `chat/ID:12,staff/ME:3`",
        "token": "The conversation token; staff are known by their cookie",
    },
    "POST /api/sessions/{id}/files": {
        "name": "The file's name",
        "client_id": "Your id for it: the same id again is the same file",
        "silent": "Store it without an event: it is passed on as a document",
    },
    "POST /api/sessions/{id}/uploads/{client_id}": {
        "name": "The file's name",
        "size": "How many bytes it has",
        "silent": "Store it without an event: it is passed on as a document",
    },
    "PATCH /api/sessions/{id}/uploads/{client_id}": {
        "silent": "Store it without an event: it is passed on as a document"
    },
    "GET /api/inspections": {
        "view": "What to list: `waiting` (also when left out), `appeals`, `returned`, `done`",
        "after": "`next` of the page before",
    },
    "GET /api/returns": {"before": "`next` of the page before"},
    "GET /api/pool": {
        "view": "`pool` (what you may take), `mine`, `release`",
        "stage": "`new`, `due_soon`, `escalated`, `overdue`",
        "desk": "Asked at this desk",
        "channel": "`document`, `form`, `knowledge`, `phone`",
        "material": "Of this type",
        "language": "Of readers with this language",
        "written": "Documents in Chinese (`zh`) or not (`foreign`)",
        "hours": "Waiting longer than so many hours",
        "after": "`next` of the page before",
    },
    "GET /api/stores/{id}/items": {"code": "The book's barcode"},
    "GET /api/stores/{id}/item-label.pdf": {"code": "The book's barcode"},
    "GET /api/stores/{id}/pick-list.pdf": {"walk": "Which walk of the list (1)"},
    "GET /api/stores/{id}/holdings": {
        "since": "Accuracy from this moment on (thirty days ago)",
        "until": "Accuracy until just before this moment (now)",
    },
    "PUT /api/requests/{request}/files/{client_id}": {"name": "The file's name"},
    "POST /api/requests/{request}/files/{client_id}": {
        "name": "The file's name",
        "size": "How many bytes it has",
    },
    "PUT /api/tasks/{id}/files/{client_id}": {"name": "The file's name"},
    "POST /api/tasks/{id}/files/{client_id}": {
        "name": "The file's name",
        "size": "How many bytes it has",
    },
    "GET /api/loans/titles": {
        "q": "Words of what is sought, two Chinese characters at least; an ISBN finds that book",
        "field": "Where the words stand: `all`, `title`, `author`, `subject`",
        "language": "`zh` for Chinese books, `foreign` for others",
        "cursor": "`next` of the page before",
    },
    "GET /api/loans/classes/{code}": {"cursor": "`next` of the page before"},
    "GET /api/loans/new": {"limit": "How many, 12 unless told"},
    "GET /api/me/orders": {
        "before": "Past orders placed before this moment: `more.before` of the page before",
        "before_id": "`more.before_id` of the page before",
    },
    "GET /api/cases": {
        "tab": "`waiting` (also when left out), `mine`, `all`, `closed`",
        "kind": "`question`, `complaint`, `wrong_item`, `late`, `stuck`, `difference` or `unsure`",
    },
    "GET /api/review/orders": {
        "tab": "`review` (also when left out), `approved`, `refused`, `all`",
        "q": "An order's number, a part of the reader's name or mail or of a title, or a barcode",
        "state": "Only orders in this state",
        "after": "`next` of the page before",
    },
    "GET /api/notices": {
        "desk": "What is told at this desk, by short name; at one's own library without one"
    },
    "GET /api/records": {
        "q": "Words of what is sought, two Chinese characters at least; an ISBN, ISSN or DOI finds that number",
        "field": "Where the words stand: `all`, `title`, `author`, `subject`",
        "title": "Words that must stand in the title besides",
        "author": "Words that must stand among the authors besides",
        "subject": "Words that must stand among the subjects besides",
        "kind": "Of this material type",
        "language": "`zh` or `foreign`",
        "cursor": "`next` of the page before",
    },
    "GET /api/archive": {
        "q": "Words of the conversation or of a document's title",
        "before": "Only earlier than this moment (`created_at` of the last one)",
        "typical": "Only typical cases",
    },
    "GET /api/archive/{id}": {"after": _AFTER},
    "GET /api/phrases": {"level": "All of this level that you keep", "owner": "Of this library"},
    "GET /api/board": {"library": "Only this library"},
    "GET /api/figures": {
        "span": "`day`, `week`, `month` (without one) or `year`",
        "day": "A day of the period, `2026-11-20`; today without one",
        "library": "Only this library",
        "person": "Only this person, with their library",
        "channel": "`document`, `form`, `knowledge`, `phone` or `live`",
        "material": "Only this material type",
        "table": "What the lines are: `library`, `person`, `kind` (without one) or `time`",
        "page": "Which hundred of the lines, 1 without one",
    },
    "GET /api/manage/libraries": {"query": _SEARCH, "after": _PAGE},
    "GET /api/manage/desks": {"query": _SEARCH, "after": _PAGE},
    "GET /api/manage/closures": {"desk": "Only this desk's and those for all"},
    "GET /api/manage/policies": {"library": "Values of this library; the alliance's without"},
    "GET /api/manage/blocks": {"reviewed": "`true`: those that have been reviewed", "before": _PAGE},
    "GET /api/manage/audit": {"query": _SEARCH, "before": _PAGE},
}


def query_parameters(method: str, path: str) -> list[dict[str, object]]:
    """The parameters as OpenAPI describes them; all may be left out."""
    named = QUERIES.get(f"{method} {path}", {})
    return [
        {"name": name, "in": "query", "required": False, "description": what, "schema": {"type": "string"}}
        for name, what in named.items()
    ]
