"""A consultation in plain words: how it stands, what happened, what happens next. The same on pages and in the API."""

import json
from datetime import datetime, tzinfo

from server.domain.citations import Material, label_key
from server.domain.consultations import Consultation, Step
from server.domain.requests import Next
from server.domain.tasks import Channel, Standing
from server.words.catalogue import text
from server.words.times import moment

_DIFFER = ("received", "escalated")  # a request and a question read differently
KNOWN = ("received", "escalated", "answered", "corrected", "cancelled", "converted")


def state_key(c: Consultation) -> str:
    """How it stands: in progress, search widened, answered, cancelled."""
    widened = c.state is Standing.OPEN and c.escalated_at is not None and c.channel is Channel.DOCUMENT
    return "widened" if widened else str(c.state)


def next_text(step: Next, language: str, zone: tzinfo, now: datetime) -> str:
    """What happens next, in a sentence."""
    at = moment(step.at, zone, language, now) if step.at else ""
    return text(f"consultation.next.{step.key}", language, at=at)


def step_text(step: Step, c: Consultation, language: str) -> str:
    """What happened, in a few words; nothing for what a reader need not know."""
    if step.kind not in KNOWN:
        return ""
    key = step.kind
    if key == "converted":
        key = f"converted_{json.loads(step.data or '{}').get('to', 'form')}"
    elif key in _DIFFER and c.channel is not Channel.DOCUMENT:
        key = f"{key}_question"
    return text(f"consultation.step.{key}", language)


def field_name(material: Material, name: str, language: str) -> str:
    """What a field is called where it is shown filled; a form's label may say besides when to fill it in."""
    key = f"citation.field.{name}" if material is Material.BOOK else label_key(material, name)
    return text(key, language)
