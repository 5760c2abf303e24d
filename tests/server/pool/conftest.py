"""A town whose clock the test moves, with document requests in its pool."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.dues import run_due
from server.actions.logins import start_login
from server.actions.pool_entry import enter
from server.domain.citations import Citation, Material, texts_of
from server.domain.consultations import Consultation
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from server.store.accounts import account_by_id
from server.wire.tokens import csrf_token, hashed
from tests.servers.clocks import FileClock
from tests.town import Town, open_town
from workers.promises import PROMISES

ASKED = Citation(
    Material.JOURNAL_ARTICLE,
    title="数字人文视域下的古籍整理",
    authors="王军",
    container="中国图书馆学报",
    date="2020",
)
GIVEN = {"title": ASKED.title, "author": ASKED.authors, "source": ASKED.container, "date": ASKED.date}


@dataclass
class Pool:
    """A town with a task pool, and a hand on its clock."""

    town: Town
    clock: FileClock

    async def ask(
        self,
        *,
        channel: str = "document",
        desk: str = "home",
        reader: str = "reader",
        asked: Citation = ASKED,
        **more: Any,
    ) -> Consultation:
        """A reader's consultation, in the pool. ``policy`` and ``open_now`` as for `enter`."""
        ctx, number = self.town.ctx, self.town.ctx.ids.new()
        document = channel == "document"
        policy, open_now = more.pop("policy", TaskPolicy()), more.pop("open_now", False)
        person = self.town.people.get(reader)
        async with ctx.transaction() as tx:
            entered = await enter(
                ctx,
                tx,
                Consultation(
                    id=number,
                    task_id=number,
                    state=Standing.OPEN,
                    channel=Channel(channel),
                    material=str(asked.material) if document else "",
                    desk_id=self.town.desks[desk],
                    library_id=self.town.libraries[desk],
                    reader_id=person.id if person else reader,
                    session_id="",
                    name="李读者",
                    mail=f"{reader}@readers.test",
                    phone="",
                    language="zh",
                    topic="reference",
                    title=asked.title if document else "怎样查民国报纸？",
                    citation=json.dumps({**texts_of(asked), "material": str(asked.material)})
                    if document
                    else "",
                    question="" if document else "怎样查民国报纸？",
                    transcript="",
                    record_id="",
                    foreign_document=False,
                    show_title=False,
                    client_id=number,
                    policy_id="",
                    stage=0,
                    submitted_at=ctx.clock.now(),
                ),
                policy=policy,
                open_now=open_now,
            )
        return entered.consultation

    async def later(self, **span: float) -> None:
        """Time passes, and workers do what has fallen due."""
        self.clock.advance(timedelta(**span))
        while await run_due(self.town.ctx, PROMISES):
            pass
        await self.log_in_again()

    async def log_in_again(self) -> None:
        """A staff log-in is good for some hours only."""
        ctx = self.town.ctx
        async with ctx.transaction() as tx:
            for person in self.town.people.values():
                account = await account_by_id(tx, person.id)
                assert account is not None
                secret = (await start_login(ctx, tx, account)).secret
                person.http.cookies.set("sid", secret)
                person.http.headers["X-CSRF-Token"] = csrf_token(ctx.settings.secret_key, hashed(secret))

    async def post(self, name: str, path: str, **body: Any) -> Any:
        """What one of the cast is answered."""
        return await self.town.people[name].http.post(path, json=body)

    async def claim(self, name: str, task_id: str) -> int:
        answer = await self.post(name, f"/api/tasks/{task_id}/claim")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["claim_number"])

    async def row(self, table: str, row_id: str) -> dict[str, Any]:
        row = await self.town.ctx.db.read.row(f"SELECT * FROM {table} WHERE id = $1", row_id)
        assert row is not None
        return dict(row)

    async def mails(self) -> list[str]:
        rows = await self.town.ctx.db.read.rows("SELECT template FROM mail_out ORDER BY created_at, id")
        return [row["template"] for row in rows]


@pytest.fixture
async def pool(database_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Pool]:
    async with open_town(
        database_url, tmp_path, test_clock_file=str(clock_file.path), embedded_worker=False
    ) as town:
        yield Pool(town, clock_file)
