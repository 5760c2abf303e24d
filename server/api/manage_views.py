"""What managers keep, as the HTTP API shows it."""

from collections.abc import Sequence

from server.actions.blocks import BlockView
from server.api.views import maybe, names
from server.domain.audits import AuditLine
from server.domain.desks import Desk, DeskGroup, Library
from server.domain.hours import Closure, Shifts, format_shifts
from server.domain.policies import PolicyLine
from server.wire import manage_bodies as b
from server.wire.frames import iso


def library_view(library: Library) -> b.LibraryView:
    return b.LibraryView(
        id=library.id,
        slug=library.slug,
        kind=library.kind,
        name=names(library.name_zh, library.name_en),
        city=library.city,
        address=library.address,
        phone=library.phone,
        website=library.website,
        card=names(library.card_zh, library.card_en),
        card_checked_at=maybe(library.card_checked_at),
    )


def desk_view(desk: Desk) -> b.DeskSettingsView:
    return b.DeskSettingsView(
        id=desk.id,
        library_id=desk.library_id,
        slug=desk.slug,
        name=names(desk.name_zh, desk.name_en),
        greeting=names(desk.greeting_zh, desk.greeting_en),
        mail=desk.mail,
        colour=desk.colour,
        position=desk.position,
        language=desk.language,
        origins=list(desk.origins),
        open=desk.open,
    )


def closure_view(closure: Closure) -> b.ClosureView:
    return b.ClosureView(
        closure.id,
        closure.desk_id,
        closure.day.isoformat(),
        format_shifts(closure.shifts),
        names(closure.note_zh, closure.note_en),
    )


def hours_view(week: Sequence[Shifts], closures: list[Closure]) -> b.HoursView:
    return b.HoursView([format_shifts(day) for day in week], [closure_view(closure) for closure in closures])


def policy_view(line: PolicyLine) -> b.PolicyView:
    return b.PolicyView(
        line.name, line.rule, line.unit, line.default, line.value, line.source, maybe(line.since)
    )


def group_view(group: DeskGroup) -> b.GroupView:
    return b.GroupView(group.id, names(group.name_zh, group.name_en), list(group.desk_ids))


def block_view(view: BlockView) -> b.BlockLine:
    block, desk = view.block, view.desk
    return b.BlockLine(
        id=block.id,
        session_id=block.session_id,
        desk=names(desk.name_zh, desk.name_en),
        reason=block.reason,
        blocked_by=view.blocked_by,
        blocked_at=iso(block.blocked_at),
        until=iso(block.until),
        verdict=block.verdict,
    )


def audit_view(line: AuditLine) -> b.AuditView:
    return b.AuditView(line.id, iso(line.at), line.actor, line.verb, line.subject, line.detail)
