"""Member libraries and their desks imported from a list, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from server.actions.access import audit
from server.actions.desks import desk_from
from server.actions.libraries import library_from
from server.context import Context
from server.domain.desks import Desk, Library
from server.domain.errors import Invalid
from server.domain.library_lists import Listed, judge_desk, judge_library, read_libraries
from server.domain.permissions import Actor, Thing, Verb, demand
from server.domain.reader_lists import LineProblem
from server.store.libraries import desk_by_slug, library_by_slug, save_desk, save_library
from server.store.rows import Reader

NOTICE_EVERY = 20


@dataclass(frozen=True, slots=True)
class LibraryImport:
    """What became of a list; ``imported`` is False when nothing was changed."""

    lines: int
    libraries_added: int
    libraries_changed: int
    desks_added: int
    desks_changed: int
    problems: tuple[LineProblem, ...]
    imported: bool


@dataclass(slots=True)
class _Plan:
    """What the list will make, by short name; a later line sees what an earlier one said."""

    libraries: dict[str, Library] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)  # ids of what is new
    lines: dict[str, int] = field(default_factory=dict)  # where each desk was listed first
    problems: list[LineProblem] = field(default_factory=list)


async def import_libraries(
    ctx: Context,
    actor: Actor,
    text: str,
    *,
    good_only: bool = False,
    check_only: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LibraryImport:
    """Make or renew the libraries and desks of a list, known by their short names; an empty cell changes nothing.

    All in one transaction. A list with problems changes nothing, unless the good lines are asked for. Raises
    NotAllowed for who does not keep the whole alliance, Invalid for a list that cannot be read at all.
    """
    demand(actor, Verb.KEEP_LIBRARIES, Thing())
    listed = read_libraries(text)
    plan = _Plan()
    async with ctx.transaction() as tx:
        for done, line in enumerate(listed, start=1):
            await _plan_line(ctx, tx, plan, line)
            if done % NOTICE_EVERY == 0 or done == len(listed):
                progress(done, len(listed))
        imported = not check_only and (good_only or not plan.problems)
        if imported:
            for library in plan.libraries.values():
                await save_library(tx, library)
            for desk in plan.desks.values():
                await save_desk(tx, desk)
            detail = f"{len(plan.libraries)} + {len(plan.desks)}"
            await audit(ctx, tx, actor, "library.import", "alliance", detail=detail)
    new_libraries = sum(library.id in plan.added for library in plan.libraries.values())
    new_desks = sum(desk.id in plan.added for desk in plan.desks.values())
    return LibraryImport(
        lines=len(listed),
        libraries_added=new_libraries,
        libraries_changed=len(plan.libraries) - new_libraries,
        desks_added=new_desks,
        desks_changed=len(plan.desks) - new_desks,
        problems=tuple(plan.problems),
        imported=imported,
    )


async def _plan_line(ctx: Context, db: Reader, plan: _Plan, listed: Listed) -> None:
    """Judge one line and add it to the plan, library and desk together or neither."""
    slug = listed.cells.get("slug", "").lower()
    before = plan.libraries.get(slug) or await library_by_slug(db, slug)
    settings, problems = judge_library(listed, before)
    library = library_from(ctx, settings)
    if before is not None:
        library = replace(
            library, id=before.id, created_at=before.created_at, card_checked_at=before.card_checked_at
        )
    desk_slug = listed.cells.get("desk_slug", "").lower()
    known = plan.desks.get(desk_slug) or (await desk_by_slug(db, desk_slug) if desk_slug else None)
    desk_settings, desk_problems = judge_desk(listed, settings, known)
    problems = problems + desk_problems
    if desk_slug in plan.lines:
        problems.append(_problem(listed, "libraries_twice", line=plan.lines[desk_slug]))
    elif known is not None and known.library_id != library.id:
        problems.append(_problem(listed, "slug_taken", slug=desk_slug))
    plan.problems += problems
    if desk_slug:
        plan.lines.setdefault(desk_slug, listed.line)
    if problems:
        return
    plan.libraries[slug] = library
    plan.added |= {library.id} if before is None else set()
    if desk_settings is not None:
        desk = desk_from(ctx, desk_settings, library_id=library.id)
        if known is None:
            plan.added.add(desk.id)
        else:
            desk = replace(desk, id=known.id, created_at=known.created_at)
        plan.desks[desk_slug] = desk


def _problem(listed: Listed, code: str, **data: str | int) -> LineProblem:
    return LineProblem(listed.line, Invalid(code, "desk_slug", "", **data))
