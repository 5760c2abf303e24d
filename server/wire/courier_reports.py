"""What couriers push to us: signed JSON, whole lists of reports in any order, without numbers.

    {"parcels": [{"waybill": "SQ1234", "events": [
        {"status": "in_transit", "at": "2026-11-20T08:00:00+08:00", "place": "深圳分拨中心"}]}]}

The signature is the HMAC (RFC 2104) of the body with SHA-256 under the secret that was agreed on, in hexadecimal.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from server.domain.couriers import PLACE_LIMIT, Report
from server.domain.errors import Invalid, NotAllowed
from server.domain.loans import Tracked
from server.wire.complaints import UNREADABLE, complaint_of

HEADER = "x-courier-signature"
PARCELS = 500  # of one push
EVENTS = 100  # of one parcel
_KNOWN = frozenset(str(status) for status in Tracked)


class PushedEvent(Struct):
    """One report of a list."""

    status: Annotated[str, Meta(max_length=40)]
    at: datetime
    place: Annotated[str, Meta(max_length=200)] = ""


class PushedParcel(Struct):
    """All that a courier knows of a parcel."""

    waybill: Annotated[str, Meta(min_length=1, max_length=60)]
    events: Annotated[list[PushedEvent], Meta(max_length=EVENTS)]


class Push(Struct):
    """A push: some parcels with their whole lists."""

    parcels: Annotated[list[PushedParcel], Meta(max_length=PARCELS)]


_decoder = msgspec.json.Decoder(Push)


def signature_of(secret: str, body: bytes) -> str:
    """How a body is signed."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def demand_signature(secret: str, signature: str, body: bytes) -> None:
    """Raise NotAllowed ``courier_signature`` unless the body is the courier's. Without a secret nobody may push."""
    sent = signature.strip().lower().removeprefix("sha256=")
    if not secret or not hmac.compare_digest(signature_of(secret, body).encode(), sent.encode()):
        raise NotAllowed("courier_signature")


def read_push(body: bytes) -> list[Report]:
    """The reports of a push. What we have no word for is left out; times must say their zone. Raises Invalid."""
    try:
        push = _decoder.decode(body)
    except UNREADABLE as error:
        raise complaint_of(error, "body") from None
    reports = []
    for parcel in push.parcels:
        for event in parcel.events:
            if event.at.tzinfo is None:
                raise Invalid("query_instant", "at")
            if event.status in _KNOWN:
                place = "".join(char for char in event.place if char.isprintable())[:PLACE_LIMIT]
                reports.append(Report(parcel.waybill, Tracked(event.status), event.at, place))
    return reports
