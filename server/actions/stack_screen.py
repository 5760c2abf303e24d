"""What the operator's screen of one stack shows at once: the device, its work, its troubles and its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.actions.access import access_store
from server.actions.stack import DeviceView, access_device, devices_view
from server.actions.stack_troubles import Trouble, TroubleKind
from server.context import Context
from server.domain.errors import NotFound
from server.domain.holdings import SMART, Period
from server.domain.permissions import Actor, Thing, Verb, may
from server.store.cases import numbers_by_client_ids, numbers_of_cases
from server.store.holdings import sent_orders
from server.store.people import names_of
from server.store.policies import loan_policy_at
from server.store.rows import Reader
from server.store.stack_commands import CommandRow, open_commands, order_numbers
from server.store.stack_devices import picture_of
from server.store.stack_events import InboxRow, dead_letters, first_bodies
from server.store.stack_figures import StackHour, hours_of
from server.store.stack_lists import Difference, differences_of

__all__ = [
    "Accuracy",
    "CommandRow",
    "InboxRow",
    "StackFigures",
    "StackScreen",
    "Sums",
    "stack_figures",
    "stack_pictures",
    "stack_screen",
    "stacks_today",
    "sums",
]

MOST = 200  # of each list: who has more open things does not read them one by one
HOURS = 24
DAYS = 14


@dataclass(frozen=True, slots=True)
class Sums:
    """What a device has done since a moment; waits in seconds, from the command to its completion."""

    retrieved: int
    put_back: int
    failed: int
    mean_seconds: int
    longest_seconds: int


@dataclass(frozen=True, slots=True)
class StackScreen:
    """Everything about one device. ``cases``: (id, number) by the id of a command, a letter or a barcode."""

    view: DeviceView
    operates: bool
    paused_by: str
    picture: str
    picture_at: datetime | None
    commands: Sequence[CommandRow]
    orders: Mapping[str, str]
    letters: Sequence[InboxRow]
    firsts: Mapping[str, InboxRow]
    differences: Sequence[Difference]
    cases: Mapping[str, tuple[str, str]]
    today: Sums


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many orders a store sent on a day (R-LOAN.5), and how many of them with a mistake of its own."""

    day: datetime
    sent: int
    faulty: int


@dataclass(frozen=True, slots=True)
class StackFigures:
    """A device by the hour, its store by the day; hours and days in which nothing was done count as none."""

    hours: Sequence[StackHour]
    days: Sequence[Accuracy]
    target_percent: int


async def stack_screen(ctx: Context, actor: Actor, device_id: str) -> StackScreen:
    """One device as its operator sees it. Raises NotFound."""
    db = ctx.db.read
    device = await access_device(db, actor, device_id, Verb.WATCH_STACK)
    view = next((v for v in await devices_view(ctx, actor) if v.device.id == device_id), None)
    if view is None:  # it has been switched off
        raise NotFound("stack_not_found")
    picture, picture_at = await picture_of(db, device_id)
    commands = await open_commands(db, device_id, limit=MOST)
    letters = await dead_letters(db, device_id, limit=MOST)
    differences = await differences_of(db, device_id, limit=MOST)
    names = await names_of(db, [device.paused_by]) if device.paused_by else {}
    return StackScreen(
        view=view,
        operates=_operates(actor, view),
        paused_by=names.get(device.paused_by, ""),
        picture=picture,
        picture_at=picture_at,
        commands=commands,
        orders=await order_numbers(db, [command.order_id for command in commands if command.order_id]),
        letters=letters,
        firsts=await first_bodies(db, letters),
        differences=differences,
        cases=await _cases(db, device_id, commands, letters, differences),
        today=sums(await hours_of(db, device_id, _midnight(ctx))),
    )


async def stacks_today(ctx: Context, views: Sequence[DeviceView]) -> dict[str, Sums]:
    """What each of the devices has done since midnight, by the device's id."""
    since = _midnight(ctx)
    return {v.device.id: sums(await hours_of(ctx.db.read, v.device.id, since)) for v in views}


async def stack_pictures(ctx: Context, views: Sequence[DeviceView]) -> dict[str, tuple[str, datetime | None]]:
    """The last picture of each of the devices and when it came."""
    return {v.device.id: await picture_of(ctx.db.read, v.device.id) for v in views}


async def stack_figures(ctx: Context, actor: Actor, device_id: str) -> StackFigures:
    """Throughput and waiting of the last 24 hours; accuracy of the last fourteen days, computed from scans and
    complaints that proved true (R-LOAN.5)."""
    db, now = ctx.db.read, ctx.clock.now()
    device = await access_device(db, actor, device_id, Verb.WATCH_STACK)
    store = await access_store(db, actor, device.store_id, Verb.WATCH_STACK)
    policy = await loan_policy_at(db, store.library_id, now)
    target = policy.smart_accuracy_percent if store.kind == SMART else policy.ordinary_accuracy_percent
    first = _midnight(ctx) - timedelta(days=DAYS - 1)
    sent = await sent_orders(db, store.id, Period(first, now))
    days = []
    for number in range(DAYS):
        since, until = first + timedelta(days=number), first + timedelta(days=number + 1)
        wrongs = [wrong for at, wrong in sent if since <= at < until]
        days.append(Accuracy(since, len(wrongs), sum(wrongs)))
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    known = {hour.hour_at: hour for hour in await hours_of(db, device_id, begin)}
    hours = [
        known.get(at) or StackHour(device_id, at, 0, 0, 0, 0, 0)
        for at in (begin + timedelta(hours=n) for n in range(HOURS))
    ]
    return StackFigures(hours, days, int(target))


def sums(hours: Sequence[StackHour]) -> Sums:
    """Hours added up."""
    retrieved = sum(hour.retrieved for hour in hours)
    return Sums(
        retrieved,
        sum(hour.put_back for hour in hours),
        sum(hour.failed for hour in hours),
        sum(hour.wait_seconds for hour in hours) // max(1, retrieved),
        max((hour.longest_seconds for hour in hours), default=0),
    )


async def _cases(
    db: Reader,
    device_id: str,
    commands: Sequence[CommandRow],
    letters: Sequence[InboxRow],
    differences: Sequence[Difference],
) -> dict[str, tuple[str, str]]:
    """The cases that these troubles have opened, by what each is about."""
    subjects = {
        Trouble(TroubleKind.UNSURE, device_id, c.id).subject: c.id for c in commands if c.state == "unsure"
    }
    for letter in letters:
        for kind in (TroubleKind.ALARM, TroubleKind.WRONG_ITEM, TroubleKind.LOST):
            if letter.alarm is not (kind is TroubleKind.ALARM):
                continue
            detail = letter.body if kind is TroubleKind.LOST else f"{letter.epoch}/{letter.sequence}"
            command_id = "" if kind is TroubleKind.LOST else letter.command_id
            subjects[Trouble(kind, device_id, command_id, detail=detail).subject] = letter.id
    found = {subjects[name]: case for name, case in (await numbers_by_client_ids(db, list(subjects))).items()}
    numbers = await numbers_of_cases(db, [d.case_id for d in differences if d.case_id])
    return found | {d.barcode: (d.case_id, numbers[d.case_id]) for d in differences if d.case_id in numbers}


def _operates(actor: Actor, view: DeviceView) -> bool:
    return may(actor, Verb.OPERATE_STACK, Thing(view.store.library_id, store_id=view.store.id))


def _midnight(ctx: Context) -> datetime:
    """When today began where the libraries are."""
    now = ctx.clock.now().astimezone(ZoneInfo(ctx.settings.zone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(ctx.clock.now().tzinfo)
