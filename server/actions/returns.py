"""What a librarian does about the grades of their own answers: look, correct, appeal once (R-QC.3, R-QC.4)."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from server.actions.answer_parts import draft_of
from server.actions.attachments import Sending, expect_attachment, extend_attachment
from server.actions.inspection_entry import keep_step
from server.actions.inspections import PAGE, access_inspection
from server.actions.probes import probe_link
from server.actions.releases import correct_answer
from server.context import Context
from server.domain.attachments import Belonging, Owner
from server.domain.errors import Conflict, NotFound
from server.domain.inspections import Inspection, Step, demand_author, demand_reason, next_state
from server.domain.kept_answers import Answer
from server.domain.permissions import Actor, Verb, demand
from server.domain.tasks import Delivery
from server.store.answers import answer_by_id
from server.store.dues import cancel_due
from server.store.inspections import inspections_of_author, returned_to


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that the corrected answer brings."""

    name: str
    size: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Correction:
    """What the librarian changes; everything else stays as it was sent. ``keep`` are files of the first version."""

    kind: str
    body: str
    link_url: str = ""
    link_opened: bool = False  # the librarian's word where a machine cannot tell
    keep: tuple[str, ...] = ()
    file: NewFile | None = None


async def own_inspections(
    ctx: Context, actor: Actor, *, before: tuple[datetime, str]
) -> tuple[list[Inspection], list[Inspection]]:
    """What the librarian has to correct, the nearest deadline first; and a page of all their sampled answers."""
    demand(actor, Verb.ANSWER_INSPECTION)
    to_correct = await returned_to(ctx.db.read, actor.account_id)
    found = await inspections_of_author(ctx.db.read, actor.account_id, before=before, limit=PAGE + 1)
    return to_correct, found


async def correct_returned(
    ctx: Context, actor: Actor, consultation_id: str, correction: Correction
) -> Answer:
    """Send a corrected version in place of a returned answer; both stay in the archive (R-QC.4).

    Raises Conflict where nothing is to be corrected (any longer), and as sending an answer does.
    """
    inspection = await access_inspection(ctx.db.read, actor, consultation_id, Verb.ANSWER_INSPECTION)
    next_state(inspection, Step.CORRECT)
    answer = await answer_by_id(ctx.db.read, inspection.answer_id)
    if answer is None or answer.staff_id != actor.account_id:
        raise NotFound("inspection_not_found")
    draft = draft_of(answer)
    files = [each for each in answer.files if each in correction.keep]
    delivery = draft.delivery
    if correction.file is not None:
        files.append(await _receive(ctx, actor, answer.task_id, correction.file))
        delivery = Delivery.ATTACHMENT
    if correction.link_url and delivery is Delivery.LINK:
        await probe_link(ctx, actor, correction.link_url)
    content = {
        **asdict(draft),
        "delivery": str(delivery or ""),
        "kind": correction.kind,
        "body": correction.body,
        "link_url": correction.link_url,
        "link_opened": correction.link_opened,
        "file_ids": files,
    }
    return await correct_answer(ctx, actor, answer.id, content)


async def appeal(
    ctx: Context, actor: Actor, consultation_id: str, *, version: int, reason: str
) -> Inspection:
    """Ask another inspector to decide; while they do, nothing has to be corrected.

    Raises Invalid without a reason, Conflict ``appeal_decided`` or ``inspection_moved``, NotFound.
    """
    reason = demand_reason(reason, "appeal_needs_reason")
    async with ctx.transaction() as tx:
        inspection = await access_inspection(tx, actor, consultation_id, Verb.ANSWER_INSPECTION)
        demand_author(inspection, actor.account_id)
        state = next_state(inspection, Step.APPEAL)
        appealed = replace(
            inspection, state=state, appealed_once=True, correct_by=None, waiting_from=ctx.clock.now()
        )
        if inspection.version != version or not await keep_step(
            ctx, tx, appealed, seen=version, step=str(Step.APPEAL), actor_id=actor.account_id, text=reason
        ):
            raise Conflict("inspection_moved", "R-QC.3", state=str(inspection.state))
        await cancel_due(tx, "correction", consultation_id)
    return replace(appealed, version=version + 1)


async def _receive(ctx: Context, actor: Actor, task_id: str, file: NewFile) -> str:
    """Keep a file that came with the form; returns its id."""
    sending = Sending(Belonging(Owner.ANSWER, task_id), ctx.ids.new(), file.name)
    await expect_attachment(ctx, actor, sending, size=file.size)
    progress = await extend_attachment(ctx, actor, sending, file.chunks, offset=0)
    return progress.file.id
