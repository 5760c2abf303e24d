"""The endpoint by which a composer has a link looked at before it is sent (R-ANS.2)."""

from server.actions.probes import probe_link
from server.api.routes import ApiRequest, Endpoint
from server.domain.permissions import Verb
from server.domain.probes import Probe
from server.wire.attachment_bodies import HopView, ProbeLink, ProbeView
from server.wire.frames import iso
from server.words.catalogue import text


async def probe(r: ApiRequest) -> ProbeView:
    body: ProbeLink = r.body
    return probe_view(await probe_link(r.ctx, r.actor, body.url, again=body.again), r.language)


def probe_view(found: Probe, language: str) -> ProbeView:
    """A look as pages and programs read it."""
    look = found.look
    said = text(f"probe.verdict.{look.verdict}", language)
    return ProbeView(
        id=found.id,
        url=found.url,
        verdict=str(look.verdict),
        meaning=str(look.meaning),
        said=f"{said}{text(f'probe.meaning.{look.meaning}', language)}".strip(),
        why=look.why,
        title=look.title,
        hops=[HopView(hop.url, hop.status) for hop in look.hops],
        at=iso(found.at),
    )


ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/links/probe",
        Verb.WORK_TASK,
        probe,
        "Look whether a link opens for everybody on the Internet",
        body=ProbeLink,
        answer=ProbeView,
    )
]
