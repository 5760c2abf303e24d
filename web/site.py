"""Every page of the site, screen by screen."""

from pathlib import Path

from web.pages import (
    account,
    ask,
    console,
    consultations,
    deliveries,
    demo_mails,
    desk,
    home,
    inspection,
    invite,
    login,
    looks,
    manage,
    past_consultations,
    phone,
    pool,
    portal,
    quality,
    register,
    request,
    reset,
    returns,
    sample,
    search,
    widget,
    widget_login,
)
from web.pages.base import Page

STATIC = Path(__file__).parent / "static"

PAGES: list[Page] = [
    *home.PAGES,
    *looks.PAGES,
    *desk.PAGES,
    *ask.PAGES,
    *request.PAGES,
    *consultations.PAGES,
    *search.PAGES,
    *widget.PAGES,
    *sample.PAGES,
    *login.PAGES,
    *register.PAGES,
    *reset.PAGES,
    *invite.PAGES,
    *widget_login.PAGES,
    *account.PAGES,
    *console.PAGES,
    *pool.PAGES,
    *phone.PAGES,
    *deliveries.PAGES,
    *inspection.PAGES,
    *returns.PAGES,
    *quality.PAGES,
    *manage.PAGES,
    *past_consultations.PAGES,
    *portal.PAGES,
    *demo_mails.PAGES,
]
