"""How devices, commands, dead letters and their figures are shown over the API."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Raw

from server.actions.stack import OUTCOMES, DeviceView
from server.actions.stack_screen import CommandRow, InboxRow, StackFigures, StackScreen, Sums
from server.api.views import maybe, names
from server.wire import stack_bodies as b
from server.wire.frames import iso


def stack_view(view: DeviceView, today: Sums) -> b.StackView:
    device, store = view.device, view.store
    return b.StackView(
        id=device.id,
        name=device.name,
        store=names(store.name_zh, store.name_en),
        code=store.code,
        state=str(view.state),
        state_at=iso(device.state_at),
        heard_at=maybe(device.heard_at),
        age=view.age,
        served=view.served,
        skew_ms=device.skew_ms,
        paused_at=maybe(device.paused_at),
        pause_reason=device.pause_reason,
        reconciled_at=maybe(device.reconciled_at),
        open=view.open,
        unsure=view.unsure,
        dead=view.dead,
        differences=view.differences,
        today=b.SumsView(
            today.retrieved, today.put_back, today.failed, today.mean_seconds, today.longest_seconds
        ),
    )


def pictured_view(view: DeviceView, today: Sums, pictured: tuple[str, datetime | None]) -> b.PicturedStack:
    return b.PicturedStack(stack_view(view, today), _raw(pictured[0]), maybe(pictured[1]))


def detail_view(screen: StackScreen) -> b.StackDetail:
    return b.StackDetail(
        stack=stack_view(screen.view, screen.today),
        operates=screen.operates,
        paused_by=screen.paused_by,
        picture=_raw(screen.picture),
        picture_at=maybe(screen.picture_at),
        commands=[_command(screen, each) for each in screen.commands],
        letters=[_letter(screen, each) for each in screen.letters],
        differences=[
            b.DifferenceView(
                each.barcode, each.ours, each.theirs, iso(each.found_at), _case(screen.cases, each.barcode)
            )
            for each in screen.differences
        ],
    )


def figures_view(figures: StackFigures) -> b.FiguresView:
    return b.FiguresView(
        hours=[
            b.HourView(
                iso(hour.hour_at),
                hour.retrieved,
                hour.put_back,
                hour.failed,
                hour.wait_seconds // max(1, hour.retrieved),
                hour.longest_seconds,
            )
            for hour in figures.hours
        ],
        days=[
            b.AccuracyView(
                iso(each.day),
                each.sent,
                each.faulty,
                (each.sent - each.faulty) * 10_000 // each.sent / 100 if each.sent else None,
            )
            for each in figures.days
        ],
        target_percent=figures.target_percent,
    )


def _command(screen: StackScreen, command: CommandRow) -> b.CommandView:
    return b.CommandView(
        id=command.id,
        kind=str(command.kind),
        state=str(command.state),
        barcode=command.barcode,
        tote=command.tote,
        order=screen.orders.get(command.order_id, ""),
        priority=command.priority,
        sends=command.sends,
        result=command.result,
        created_at=iso(command.created_at),
        sent_at=maybe(command.sent_at),
        accepted_at=maybe(command.accepted_at),
        outcomes=list(OUTCOMES[command.kind]) if screen.operates else [],
        case=_case(screen.cases, command.id),
    )


def _letter(screen: StackScreen, letter: InboxRow) -> b.LetterView:
    return b.LetterView(
        id=letter.id,
        kind=letter.kind,
        problem=letter.problem,
        alarm=letter.alarm,
        epoch=letter.epoch,
        sequence=letter.sequence,
        barcode=letter.barcode,
        body=letter.body,
        first=screen.firsts[letter.id].body if letter.id in screen.firsts else "",
        device_at=maybe(letter.device_at),
        received_at=iso(letter.received_at),
        case=_case(screen.cases, letter.id),
    )


def _case(cases: Mapping[str, tuple[str, str]], about: str) -> b.CaseLink | None:
    found = cases.get(about)
    return b.CaseLink(*found) if found else None


def _raw(picture: str) -> Raw:
    return Raw((picture or "null").encode())
