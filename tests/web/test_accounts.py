"""The pages of accounts as a browser without script sees them: forms, cookies, refusals, the widget's door."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from server.actions.invitations import Invitation, invite_staff
from server.actions.passwords import passwords_of
from server.domain.accounts import OPERATOR
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.mails import latest_mails
from tests.servers.machine import http_client
from tests.town import ORIGIN, Town, open_town

PASSWORD = "山高月小 水落石出 1082"
_FIELD = re.compile(r'<input[^>]*name="csrf" value="([^"]+)"')


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The installation, where the reader and Lin have a password."""
    async with open_town(sqlite_url, tmp_path) as town:
        password_hash = await passwords_of(town.ctx).hash(PASSWORD)
        async with town.ctx.transaction() as tx:
            await tx.execute("UPDATE account SET password_hash = $1", password_hash)
        yield town


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser, not logged in."""
    async with http_client(town.base, headers={"Accept-Language": "en"}) as client:
        yield client


async def post(browser: httpx.AsyncClient, path: str, form: str = "", **fields: str) -> httpx.Response:
    """Open the page with the form, fill it in and send it."""
    page = await browser.get(form or path)
    token = _FIELD.search(page.text)
    assert token is not None, page.text
    return await browser.post(path.partition("?")[0], data={"csrf": token[1], **fields})


async def log_in(browser: httpx.AsyncClient, name: str = "reader", **more: str) -> httpx.Response:
    return await post(browser, "/login", mail=f"{name}@library.test", password=PASSWORD, **more)


async def mailed_path(town: Town, template: str) -> str:
    mail = next(mail for mail in await latest_mails(town.ctx.db.read) if mail.template == template)
    return str(mail.data["link"]).removeprefix(town.ctx.settings.public_url)


async def test_a_reader_logs_in_and_out(browser: httpx.AsyncClient) -> None:
    answer = await log_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert (
        "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Max-Age" not in cookie
    )
    page = await browser.get("/account")
    assert page.status_code == 200 and "reader@library.test" in page.text
    left = await post(browser, "/logout", "/account")
    assert (left.status_code, left.headers["location"]) == (303, "/login?out=1")
    assert (await browser.get("/account")).headers["location"].startswith("/login?")


async def test_staying_logged_in_is_asked_for(browser: httpx.AsyncClient) -> None:
    assert "Max-Age=34560000" in (await log_in(browser, remember="1")).headers["set-cookie"]


async def test_staff_go_to_their_work(browser: httpx.AsyncClient) -> None:
    assert (await log_in(browser, "lin")).headers["location"] == "/console"


@pytest.mark.parametrize("wanted", ["//evil.test/", "https://evil.test", "/\\evil.test"])
async def test_nobody_is_sent_elsewhere_after_logging_in(browser: httpx.AsyncClient, wanted: str) -> None:
    assert (await log_in(browser, next=wanted)).headers["location"] == "/account"


async def test_one_goes_on_to_the_page_that_was_wanted(browser: httpx.AsyncClient) -> None:
    asked = await browser.get("/account/erase")
    assert asked.headers["location"] == "/login?next=%2Faccount%2Ferase"
    page = await browser.get(asked.headers["location"])
    assert '<input type="hidden" name="next" value="/account/erase">' in page.text
    assert (await log_in(browser, next="/account/erase")).headers["location"] == "/account/erase"


async def test_a_wrong_password_keeps_the_mail_address_and_says_what_to_do(
    browser: httpx.AsyncClient,
) -> None:
    answer = await post(browser, "/login", mail="reader@library.test", password="wrong")
    assert answer.status_code == 422
    assert 'value="reader@library.test"' in answer.text and "wrong" not in answer.text
    assert 'aria-invalid="true"' in answer.text and 'id="f-password-error"' in answer.text
    assert "Forgotten your password?" in answer.text
    assert "sid" not in browser.cookies


@pytest.mark.parametrize("path", ["/login", "/logout", "/register", "/reset", "/account", "/account/export"])
async def test_no_form_is_taken_from_another_site(town: Town, browser: httpx.AsyncClient, path: str) -> None:
    browser.cookies.set("sid", town.people["reader"].cookie)
    answer = await browser.post(path, data={"mail": "reader@library.test", "csrf": "guessed"})
    assert answer.status_code == 403


async def test_a_reader_registers_by_mail(town: Town, browser: httpx.AsyncClient) -> None:
    answer = await post(browser, "/register", mail="chen@reader.test", name="陈晨")
    assert answer.headers["location"] == "/register?sent=1"
    known = await post(browser, "/register", mail="reader@library.test", name="陈晨")
    assert known.headers["location"] == answer.headers["location"], "known and unknown look the same"
    path = await mailed_path(town, "verify")
    page = await browser.get(path)
    assert "chen@reader.test" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    weak = await post(browser, path, password="1234567890")
    assert weak.status_code == 422 and "easy to guess" in weak.text
    done = await post(browser, path, password=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/account?done=verify.welcome")
    assert "Welcome to the alliance" in (await browser.get(done.headers["location"])).text
    again = await browser.get(path)
    assert again.status_code == 404 and "has been used or has run out" in again.text
    assert 'href="/login"' in again.text, "who clicks twice has an account by then"


async def test_everything_wrong_in_a_form_is_said_at_once(browser: httpx.AsyncClient) -> None:
    answer = await post(browser, "/register", mail="no address", name="")
    assert answer.status_code == 422
    assert 'href="#f-name"' in answer.text and 'href="#f-mail"' in answer.text
    assert 'value="no address"' in answer.text


async def test_a_forgotten_password_is_replaced(town: Town, browser: httpx.AsyncClient) -> None:
    asked = await post(browser, "/reset", mail="reader@library.test")
    unknown = await post(browser, "/reset", mail="nobody@reader.test")
    assert asked.headers["location"] == unknown.headers["location"] == "/reset?sent=1"
    path = await mailed_path(town, "reset")
    done = await post(browser, path, password="a new good sentence")
    assert done.headers["location"] == "/account?done=reset.done"
    again = await browser.get(path)
    assert again.status_code == 404 and 'href="/reset"' in again.text, "a new link is one step away"
    other = town.people["reader"].http
    assert (await other.get("/account")).status_code == 303, "logged out elsewhere"


async def test_an_invited_librarian_begins(town: Town, browser: httpx.AsyncClient) -> None:
    grant = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, town.libraries["home"])
    await invite_staff(
        town.ctx,
        OPERATOR,
        Invitation("wang@library.test", "王强", town.libraries["home"], (grant,), (town.desks["home"],)),
    )
    path = await mailed_path(town, "invite")
    page = await browser.get(path)
    assert "Home Library" in page.text and "wang@library.test" in page.text
    done = await post(browser, path, name="王强", password=PASSWORD)
    assert done.headers["location"] == "/account?done=invite.welcome"
    assert "/console" in (await browser.get("/account")).text


async def test_a_reader_keeps_their_account(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    kept = await post(browser, "/account", name="读者甲", language="zh", large_type="1")
    assert kept.headers["location"] == "/account?done=account.saved"
    page = await browser.get("/account")
    assert 'data-type="large"' in page.text and 'lang="zh-Hans"' in page.text and "读者甲" in page.text
    wrong = await post(
        browser, "/account/password", "/account", current="wrong", password="a new good sentence"
    )
    assert wrong.status_code == 422 and 'id="f-current-error"' in wrong.text
    done = await post(
        browser, "/account/password", "/account", current=PASSWORD, password="a new good sentence"
    )
    assert done.headers["location"] == "/account?done=account.password_changed"


async def test_a_reader_takes_their_data_along_as_a_file(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    answer = await post(browser, "/account/export", "/account")
    assert answer.headers["content-disposition"].startswith('attachment; filename="shuqiao-')
    assert json.loads(answer.text)["account"]["mail"] == "reader@library.test"


async def test_a_reader_is_forgotten_and_gets_a_receipt(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    unsure = await post(browser, "/account/erase", current=PASSWORD)
    assert unsure.status_code == 422 and 'id="f-confirm-error"' in unsure.text
    done = await post(browser, "/account/erase", current=PASSWORD, confirm="1")
    assert done.status_code == 200 and "Receipt number" in done.text
    assert 'sid=""' in done.headers["set-cookie"]
    assert (await log_in(browser)).status_code == 422


async def test_the_window_hands_its_code_to_the_listed_page_only(browser: httpx.AsyncClient) -> None:
    refused = await browser.get("/login/window?desk=home&origin=http://evil.test")
    assert refused.status_code == 403
    assert "http://evil.test" in refused.text and "<form" not in refused.text
    window = f"/login/window?desk=home&origin={ORIGIN}"
    done = await post(
        browser, window, desk="home", origin=ORIGIN, mail="reader@library.test", password=PASSWORD
    )
    code = re.search(r'data-code="([^"]+)" data-origin="([^"]+)"', done.text)
    assert code is not None and code[2] == ORIGIN
    assert "frame-ancestors 'none'" in done.headers["content-security-policy"]
    headers = {"Origin": ORIGIN}
    browser.cookies.clear()  # no cookie of ours leaves a library's page
    answer = await browser.post("/api/widget/login", json={"desk": "home", "code": code[1]}, headers=headers)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json()["reader"]["name"] == "Reader"
    bearer = {"Authorization": f"Bearer {answer.json()['bearer']}", **headers}
    again = await browser.post("/api/widget/login", json={"desk": "home", "code": code[1]}, headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "code_gone")
    assert (await browser.post("/api/widget/logout", headers=bearer)).status_code == 200
    out = await browser.post("/api/widget/logout", headers=bearer)
    assert (out.status_code, out.json()["error"]["code"]) == (401, "not_logged_in")


async def test_a_posted_origin_is_judged_again(browser: httpx.AsyncClient) -> None:
    window = f"/login/window?desk=home&origin={ORIGIN}"
    answer = await post(
        browser, window, desk="home", origin="http://evil.test", mail="reader@library.test", password=PASSWORD
    )
    assert answer.status_code == 403 and "data-code" not in answer.text
    assert "sid" not in browser.cookies


async def test_who_is_logged_in_hands_over_with_one_click_and_not_without(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    window = f"/login/window?desk=home&origin={ORIGIN}"
    page = await browser.get(window)
    assert "以“Reader”的身份继续" in page.text and "data-code" not in page.text
    done = await post(browser, window, desk="home", origin=ORIGIN, **{"continue": "1"})
    assert "data-code" in done.text


async def test_a_manager_imports_readers_from_a_file(town: Town, browser: httpx.AsyncClient) -> None:
    await log_in(browser, "manager")
    csrf = _FIELD.search((await browser.get("/manage/readers")).text)
    assert csrf is not None

    async def bring(text: str, **fields: str) -> httpx.Response:
        data = {"csrf": csrf[1], "library": town.libraries["home"], **fields}
        return await browser.post(
            "/manage/readers", data=data, files={"file": ("r.csv", text.encode(), "text/csv")}
        )

    bad = await bring("邮箱,姓名\na@reader.test,安安\nwrong,伯\n")
    assert bad.status_code == 422 and '<td class="number">3</td>' in bad.text
    good = await bring("邮箱,姓名\na@reader.test,安安\nwrong,伯\n", good_only="1")
    assert good.status_code == 200 and "新建 1 个账户" in good.text
    headless = await bring("a@reader.test,安安\n")
    assert headless.status_code == 422 and 'id="f-file-error"' in headless.text
    nothing = await browser.post("/manage/readers", data={"csrf": csrf[1], "library": town.libraries["home"]})
    assert nothing.status_code == 422
    elsewhere = await bring("邮箱,姓名\nb@reader.test,安安\n", library=town.libraries["other"])
    assert elsewhere.status_code == 403


async def test_a_reader_logs_out_on_all_other_devices(town: Town, browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    done = await post(browser, "/account/log-out-elsewhere", "/account")
    assert done.headers["location"] == "/account?done=account.logged_out_elsewhere"
    assert "退出" in (await browser.get(done.headers["location"] + "&lang=zh")).text
    assert (await town.people["reader"].http.get("/account")).status_code == 303, "logged out elsewhere"
