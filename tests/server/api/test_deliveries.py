"""Delivered files: from the mail without log-in, for twenty days, each fetch counted, under their own Chinese name."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from server.actions.attachments import hand_in_files
from server.actions.deliveries import Delivered, deliveries_for, make_deliveries
from server.context import Context
from server.domain.consultations import Consultation
from server.domain.permissions import NOBODY
from server.store.anonymising import anonymise_questions_of
from server.store.attachments import attached_by_ids
from tests.asking import asked, claimed
from tests.server.api.test_attachments import FORM, WHOLE, actor_of, sent
from tests.town import Town


@dataclass
class Late:
    """The town's clock, some days on."""

    clock: Any
    by: timedelta

    def now(self) -> Any:
        return self.clock.now() + self.by


@pytest.fixture
async def consultation(town: Town) -> Consultation:
    found = await asked(town.ctx, desk_id=town.desks["home"], library_id=town.libraries["home"])
    await claimed(town.ctx, await actor_of(town, "lin"), found)
    return found


async def delivered(town: Town, consultation: Consultation, name: str = "论文 第1章.pdf") -> Delivered:
    place = f"/api/tasks/{consultation.task_id}/files/f1"
    file_id = await sent(town.people["lin"].http, place, name)
    async with town.ctx.transaction() as tx:
        files = await attached_by_ids(tx, [file_id])
        (made,) = await make_deliveries(town.ctx, tx, consultation, "an answer", files)
    return replace(made, url=made.url.removeprefix(town.ctx.settings.public_url))


async def test_the_reader_fetches_from_the_mail_without_log_in_and_each_fetch_counts(
    town: Town, consultation: Consultation
) -> None:
    made = await delivered(town, consultation)
    for _ in range(2):
        answer = await town.http.get(made.url)
        assert (answer.status_code, answer.content) == (200, WHOLE)
    assert (await town.http.head(made.url)).status_code == 200
    (told,) = await deliveries_for(town.ctx, town.ctx.db.read, consultation.id)
    assert (told.name, told.fetched, told.over) == ("论文 第1章.pdf", 2, False)
    assert made.expires - town.ctx.clock.now() > timedelta(days=19, hours=23)
    log = await town.ctx.db.read.rows("SELECT network FROM delivery_fetch")
    assert [row["network"] for row in log] == ["127.0.0.0/24"] * 2


async def test_it_comes_under_its_own_name_and_is_never_run(town: Town, consultation: Consultation) -> None:
    headers = (await town.http.get((await delivered(town, consultation)).url)).headers
    assert headers["content-disposition"] == (
        "attachment; filename=\"__ _1_.pdf\"; filename*=UTF-8''%E8%AE%BA%E6%96%87%20%E7%AC%AC1%E7%AB%A0.pdf"
    )
    assert headers["content-type"] == "application/pdf"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"] == "private, no-store"


async def test_a_broken_download_goes_on_and_is_one_fetch(town: Town, consultation: Consultation) -> None:
    made = await delivered(town, consultation)
    size, end = len(WHOLE), len(WHOLE) - 1
    first = await town.http.get(made.url, headers={"Range": "bytes=0-99999"})
    tag = first.headers["etag"]
    rest = await town.http.get(made.url, headers={"Range": "bytes=100000-", "If-Range": tag})
    assert first.content + rest.content == WHOLE
    assert (rest.status_code, rest.headers["content-range"]) == (206, f"bytes 100000-{end}/{size}")
    last = await town.http.get(made.url, headers={"Range": "bytes=-10"})
    assert last.content == WHOLE[-10:]
    for odd in ("bytes=5-1", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=²-"):
        answer = await town.http.get(made.url, headers={b"Range": odd.encode()})
        assert (answer.status_code, len(answer.content)) == (200, size), odd
    other = await town.http.get(made.url, headers={"Range": "bytes=1-2", "If-Range": '"another version"'})
    assert other.status_code == 200
    beyond = await town.http.get(made.url, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    (told,) = await deliveries_for(town.ctx, town.ctx.db.read, consultation.id)
    assert told.fetched == 1 + 5 + 1


async def test_after_its_time_it_says_kindly_how_to_ask_again(
    town: Town, consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await delivered(town, consultation)
    days = timedelta(days=20)
    object.__setattr__(town.ctx, "clock", Late(town.ctx.clock, days - timedelta(minutes=5)))
    assert (await town.http.get(made.url)).status_code == 200, "until the last minute"
    town.ctx.clock.by = days  # type: ignore[attr-defined]
    over = await town.http.get(made.url)
    assert over.status_code == 410
    assert (
        "下载期限已过" in over.text
        and consultation.title in over.text
        and 'href="/d/home/request"' in over.text
    )
    english = await town.http.get(made.url, params={"lang": "en"})
    assert "The time for downloading is over" in english.text
    (told,) = await deliveries_for(town.ctx, town.ctx.db.read, consultation.id)
    assert (told.fetched, told.over) == (1, True)


async def test_no_address_can_be_made_up(town: Town, consultation: Consultation) -> None:
    made = await delivered(town, consultation)
    _, _, token, name = made.url.split("/")
    number, _, signature = token.partition(".")
    for wrong in (
        number,
        f"{number}.",
        f"{number}.{signature[:-1]}",
        f"{number[:-1]}{'1' if number[-1] == '0' else '0'}.{signature}",
        f".{signature}",
    ):
        answer = await town.http.get(f"/x/{wrong}/{name}")
        assert answer.status_code == 404, wrong
    assert (
        (await town.http.get(f"/x/{token}/another-name.exe")).headers["content-disposition"].endswith(".pdf")
    )


async def test_who_asked_to_be_forgotten_leaves_no_address_that_opens(
    town: Town, consultation: Consultation
) -> None:
    made, ctx, reader = await delivered(town, consultation), town.ctx, "forgetful@readers.test"
    attached = await sent(town.http, f"/api/requests/{FORM}/files/f1", "身份证.pdf")
    async with ctx.transaction() as tx:
        await hand_in_files(tx, NOBODY, FORM, consultation.id, [attached])
        await tx.execute("UPDATE consultation SET mail = $2 WHERE id = $1", consultation.id, reader)
        assert await anonymise_questions_of(tx, reader_id="-", mail=reader, at=ctx.clock.now()) == 1
    over = await town.http.get(made.url)
    assert over.status_code == 410 and consultation.title not in over.text
    left = await ctx.db.read.rows("SELECT file_id FROM attachment")
    assert [row["file_id"] for row in left] == [made.file_id], "the archive keeps what was answered"


async def test_every_reader_of_one_answer_has_an_address_of_their_own(
    town: Town, consultation: Consultation
) -> None:
    first = await delivered(town, consultation)
    other = await asked(town.ctx, desk_id=town.desks["other"], library_id=town.libraries["other"])
    async with town.ctx.transaction() as tx:
        files = await attached_by_ids(tx, [first.file_id])
        (second,) = await make_deliveries(town.ctx, tx, other, "an answer", files)
    assert second.url != first.url
    await town.http.get(first.url)
    ctx: Context = town.ctx
    counts = [(await deliveries_for(ctx, ctx.db.read, c.id))[0].fetched for c in (consultation, other)]
    assert counts == [1, 0]
