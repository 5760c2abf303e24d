"""Every page of the site, screen by screen."""

from pathlib import Path

from web.pages import (
    account,
    console,
    demo_mails,
    invite,
    login,
    looks,
    manage,
    register,
    reset,
    widget,
    widget_login,
)
from web.pages.base import Page

STATIC = Path(__file__).parent / "static"

PAGES: list[Page] = [
    *looks.PAGES,
    *demo_mails.PAGES,
    *widget.PAGES,
    *login.PAGES,
    *register.PAGES,
    *reset.PAGES,
    *invite.PAGES,
    *widget_login.PAGES,
    *account.PAGES,
    *console.PAGES,
    *manage.PAGES,
    *demo_mails.PAGES,
]
