"""Takes in what a device said: kept, believed or not, and folded into orders, all in one transaction.

Rows are always locked in this order: inbox, orders, commands, device. So two transactions never wait in a ring.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from server.actions.orders import absorb
from server.actions.stack_commands import books_follow
from server.actions.stack_troubles import Trouble, TroubleKind, report_trouble
from server.context import Context
from server.domain.errors import Unavailable
from server.domain.loan_fold import DEVICE
from server.domain.loans import OrderEvent
from server.domain.stack import Answered, CommandKind, CommandState, EventKind, Garbage, StackEvent
from server.domain.stack_inbox import Problem, Told, end_of, event_from_answer, judge_event
from server.store.orders import hold_orders
from server.store.rows import Transaction, to_us
from server.store.stack_commands import CommandRow, commands_by_ids, confirm_accepted, settle_commands
from server.store.stack_devices import save_watermark
from server.store.stack_events import BODY_CHARACTERS, InboxRow, bodies_of, keep_events
from server.store.stack_figures import add_to_hour

log = logging.getLogger(__name__)

MOST = 500  # in one transaction
Kept = StackEvent | Garbage


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch: how many were new, how many of these are dead letters, and what raised an alarm."""

    fresh: int = 0
    dead: int = 0
    alarms: int = 0


@dataclass(frozen=True, slots=True)
class _Letter:
    heard: Kept
    row: InboxRow
    told: Told | None = None
    command: CommandRow | None = None


async def record_events(
    ctx: Context,
    device_id: str,
    heard: Sequence[Kept],
    *,
    watermark: tuple[str, int] | None = None,
    accepted_seconds: float = 300.0,
) -> Recorded:
    """Keep a batch of what a device said (at most ``MOST``), in one transaction with all that follows from it.

    Only when this has returned may the device be told that we have it. What was kept before changes nothing. One
    number that comes with two bodies raises an alarm and is kept as a dead letter; so is whatever is not understood.
    ``watermark`` is up to where the device's run is then known without a gap; a command that was accepted is looked
    at again after ``accepted_seconds``. Raises Unavailable; nothing is kept then.
    """
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        commands = await commands_by_ids(
            tx, (each.command_id for each in heard if isinstance(each, StackEvent) and each.command_id)
        )
        letters = [_letter(ctx, device_id, each, commands, now) for each in heard]
        letters.sort(key=lambda letter: (letter.row.epoch, letter.row.sequence or 0, letter.row.body_hash))
        kept = await keep_events(tx, [letter.row for letter in letters])
        fresh = [letter for letter in letters if letter.row.id in kept]
        alarms = await _alarms(tx, device_id, [letter for letter in letters if letter.row.id not in kept])
        await _follow(ctx, tx, device_id, fresh, accepted_seconds)
        for letter in [each for each in fresh if each.told and each.told.problem is Problem.WRONG_ITEM]:
            await report_trouble(ctx, tx, _trouble(TroubleKind.WRONG_ITEM, letter))
        for letter in alarms:
            await report_trouble(ctx, tx, _trouble(TroubleKind.ALARM, letter))
        if watermark is not None:
            await save_watermark(tx, device_id, *watermark)
    dead = sum(letter.row.state == "dead" for letter in fresh) + len(alarms)
    return Recorded(len(fresh), dead, len(alarms))


async def record_apart(
    ctx: Context, device_id: str, heard: Sequence[Kept], *, accepted_seconds: float = 300.0
) -> Recorded:
    """Keep each by itself, after a batch that failed as a whole: one that can not be entered holds up no other.

    It stays as a dead letter with a case; the device is told that we have it. Raises Unavailable.
    """
    fresh = dead = alarms = 0
    for each in heard:
        try:
            done = await record_events(ctx, device_id, [each], accepted_seconds=accepted_seconds)
        except Unavailable:
            raise
        except Exception:
            log.exception("stack %s: %s/%s could not be entered", device_id, each.epoch, each.sequence)
            done = await _keep_unapplied(ctx, device_id, each)
        fresh, dead, alarms = fresh + done.fresh, dead + done.dead, alarms + done.alarms
    return Recorded(fresh, dead, alarms)


async def _keep_unapplied(ctx: Context, device_id: str, heard: Kept) -> Recorded:
    async with ctx.transaction() as tx:
        commands = await commands_by_ids(tx, [heard.command_id] if isinstance(heard, StackEvent) else [])
        letter = _letter(ctx, device_id, heard, commands, ctx.clock.now())
        row = replace(letter.row, state="dead", problem=str(Problem.NOT_APPLIED))
        if not await keep_events(tx, [row]):
            return Recorded()
        await report_trouble(ctx, tx, _trouble(TroubleKind.NOT_APPLIED, letter))
    return Recorded(fresh=1, dead=1)


async def events_from_answers(ctx: Context, device_id: str, answers: Sequence[Answered]) -> list[StackEvent]:
    """Ends that a device tells when it is asked: as events, in case the real ones were lost. They count once each."""
    ends = {each.command_id: each for each in answers if each.state not in (None, CommandState.ACCEPTED)}
    commands = await commands_by_ids(ctx.db.read, ends)
    events: list[StackEvent] = []
    for command_id, command in commands.items():
        answer = ends[command_id]
        kind = event_from_answer(command.kind, answer.state) if answer.state else None
        if kind is not None and command.device_id == device_id:
            body = f"answer {command_id} {answer.state} {answer.code}".encode()
            events.append(StackEvent(kind, command_id=command_id, code=answer.code, body=body))
    return events


async def record_lost(ctx: Context, device_id: str, epoch: str, numbers: tuple[int, int]) -> None:
    """These numbers, first to last, never came: the gap is kept as a dead letter, and not waited for any longer."""
    body = f"{epoch}: {numbers[0]}-{numbers[1]}".encode()
    lost = Garbage(body, "never came")
    async with ctx.transaction() as tx:
        row = replace(_row(ctx, device_id, lost, ctx.clock.now()), kind="lost", problem=str(Problem.LOST))
        if await keep_events(tx, [row]):
            trouble = Trouble(
                TroubleKind.LOST, device_id, count=numbers[1] - numbers[0] + 1, detail=body.decode()
            )
            await report_trouble(ctx, tx, trouble)
        await save_watermark(tx, device_id, epoch, numbers[1])


async def _follow(
    ctx: Context, tx: Transaction, device_id: str, fresh: Sequence[_Letter], accepted_seconds: float
) -> None:
    """What new events say of orders and commands."""
    now = ctx.clock.now()
    events: dict[str, list[OrderEvent]] = {}
    ends: dict[str, tuple[CommandState, str]] = {}
    accepted: list[str] = []
    not_found: list[CommandRow] = []
    for letter in fresh:
        if letter.command is None or letter.told is None:
            continue
        if letter.command.order_id and letter.told.problem in (None, Problem.WRONG_ITEM):
            events.setdefault(letter.command.order_id, []).append(_order_event(letter, letter.command, now))
        if letter.told.kind is EventKind.NOT_FOUND and letter.command.kind is CommandKind.RETRIEVE:
            not_found.append(letter.command)
        if end := end_of(letter.command.kind, letter.told):
            if end[0] is CommandState.DONE or letter.command.id not in ends:
                ends[letter.command.id] = end
            if letter.command.kind is CommandKind.CANCEL and end[0] is CommandState.DONE:
                ends.setdefault(letter.command.target_id, (CommandState.CANCELLED, "withdrawn"))
        elif letter.told.kind in (EventKind.ACCEPTED, EventKind.MOVING):
            accepted.append(letter.command.id)
    if events:
        await hold_orders(tx, events)  # before the commands, as everybody does who changes orders
    await confirm_accepted(
        tx, sorted(set(accepted) - ends.keys()), now, now + timedelta(seconds=accepted_seconds)
    )
    settled = await settle_commands(tx, ends, now)
    if events:
        await absorb(ctx, tx, events)
    await books_follow(ctx, tx, settled, not_found)
    await add_to_hour(tx, device_id, settled, now)


def _letter(
    ctx: Context, device_id: str, heard: Kept, commands: Mapping[str, CommandRow], now: datetime
) -> _Letter:
    if isinstance(heard, Garbage):
        return _Letter(heard, _row(ctx, device_id, heard, now))
    command = commands.get(heard.command_id)
    if command is not None and command.device_id != device_id:
        command = None
    told = judge_event(heard, ours=command is not None, barcode=command.barcode if command else "")
    order_id = command.order_id if command else ""
    row = _row(ctx, device_id, heard, now, problem=told.problem, order_id=order_id)
    return _Letter(heard, row, told, command)


def _row(
    ctx: Context,
    device_id: str,
    heard: Kept,
    now: datetime,
    *,
    problem: Problem | None = Problem.UNREADABLE,
    order_id: str = "",
) -> InboxRow:
    """The row of something that a device said: dead where there is a problem with it."""
    event = heard if isinstance(heard, StackEvent) else None
    text = heard.body.decode("utf-8", "backslashreplace").replace("\0", "\\0")
    return InboxRow(
        id=ctx.ids.new(),
        device_id=device_id,
        epoch=heard.epoch[:40],
        sequence=heard.sequence,
        body_hash=heard.body_hash,
        kind=str(event.kind) if event else "garbage",
        state="dead" if problem else "kept",
        problem=str(problem or ""),
        alarm=False,
        command_id=event.command_id if event and len(event.command_id) <= 26 else "",
        order_id=order_id,
        barcode=event.barcode[:60] if event else "",
        body=text[:BODY_CHARACTERS],
        device_at=event.at if event else None,
        received_at=now,
    )


async def _alarms(tx: Transaction, device_id: str, again: Sequence[_Letter]) -> list[_Letter]:
    """Of what was there already: that which came under the same number with another body. Each is kept once."""
    counted = [letter for letter in again if letter.row.sequence is not None]
    if not counted:
        return []
    first = await bodies_of(tx, device_id, {(each.row.epoch, each.row.sequence or 0) for each in counted})
    strange = {
        _alarm_id(letter.row): replace(
            letter,
            row=replace(
                letter.row,
                id=_alarm_id(letter.row),
                alarm=True,
                state="dead",
                problem=str(Problem.TWO_BODIES),
            ),
        )
        for letter in counted
        if first.get((letter.row.epoch, letter.row.sequence or 0), letter.row.body_hash)
        != letter.row.body_hash
    }
    kept = await keep_events(tx, [letter.row for letter in strange.values()])
    return [letter for letter in strange.values() if letter.row.id in kept]


def _alarm_id(row: InboxRow) -> str:
    """Always the same for the same second body, so that it is kept once however often it comes."""
    return sha256(f"{row.device_id}/{row.epoch}/{row.sequence}/{row.body_hash}".encode()).hexdigest()[:26]


def _order_event(letter: _Letter, command: CommandRow, now: datetime) -> OrderEvent:
    """The event as the order's fold takes it. Who does not count is put in the order of its own clock."""
    event, told = letter.heard, letter.told
    assert isinstance(event, StackEvent) and told is not None
    at = to_us(event.at) if event.at else 0
    data = {"place": event.place, "code": told.code, "tote": event.tote, "barcode": event.barcode}
    return OrderEvent(
        source=f"{DEVICE}{letter.row.device_id}",
        kind=str(told.kind),
        epoch=event.epoch,
        sequence=at if event.sequence is None else event.sequence,
        line_id=command.line_id,
        command_id=command.id,
        data={name: value for name, value in data.items() if value},
        at=at,
        body_hash=letter.row.body_hash,
        received_at=now,
    )


def _trouble(kind: TroubleKind, letter: _Letter) -> Trouble:
    command, row = letter.command, letter.row
    return Trouble(
        kind,
        row.device_id,
        command.id if command else row.command_id,
        row.order_id,
        command.line_id if command else "",
        row.barcode,
        detail=f"{row.epoch}/{row.sequence}",
    )
