"""Inspections as the HTTP API shows them."""

from typing import Any

import msgspec

from server.actions.inspection_story import InspectionStory, Line, Version
from server.api.views import maybe, names
from server.domain.attachments import Attached
from server.domain.grades import Suggestion
from server.domain.inspections import Inspection, Listed
from server.domain.quality import Publication, SampleLine
from server.wire import inspection_bodies as bodies
from server.wire.frames import iso
from server.wire.pool_bodies import ClaimView, FileView, TrailView
from server.words.catalogue import say


def inspection_view(i: Inspection) -> bodies.InspectionView:
    """An inspection; ids of inspectors stay inside."""
    return bodies.InspectionView(
        id=i.consultation_id,
        state=str(i.state),
        version=i.version,
        reason=str(i.reason),
        at_random=i.at_random,
        channel=i.channel,
        title=i.title,
        suggested_grade=str(i.suggested_grade or ""),
        suggested_row=i.suggested_row,
        grade=str(i.grade or ""),
        grade_row=i.grade_row,
        answered_at=iso(i.answered_at),
        waiting_from=iso(i.waiting_from),
        graded_at=maybe(i.graded_at),
        correct_by=maybe(i.correct_by),
        overdue=i.overdue,
        appealed=i.appealed_once,
    )


def line_view(listed: Listed) -> bodies.InspectionLine:
    return bodies.InspectionLine(
        inspection_view(listed.inspection), listed.author, names(listed.library_zh, listed.library_en)
    )


def story_view(story: InspectionStory, language: str, *, own: bool = False) -> bodies.InspectionStoryView:
    """The whole story; its librarian (``own``) is told the grade given, not what a machine suggests."""
    asked = story.weighed.asked
    facts: dict[str, Any] = msgspec.to_builtins(story.inspection.facts_now)
    return bodies.InspectionStoryView(
        inspection=inspection_view(story.inspection),
        suggestion=None if own else _suggestion(story.suggestion),
        facts=facts,
        citation={name: str(value) for name, value in story.citation.items()},
        question=asked.question,
        submitted_at=iso(asked.submitted_at),
        strict_until_at=iso(story.strict_until),
        rating=asked.rating,
        request_files=[_file(each) for each in story.request_files],
        trail=[
            TrailView(each.place, each.outcome, each.note, each.staff_name, each.claim_number, iso(each.at))
            for each in story.trail
        ],
        claims=[
            ClaimView(each.staff_name, each.number, iso(each.claimed_at), maybe(each.ended_at), each.outcome)
            for each in story.claims
        ],
        versions=[_version(each) for each in story.versions],
        steps=[_step(each) for each in story.lines],
        barred=say(story.barred, language) if story.barred and not own else "",
    )


def sample_view(line: SampleLine) -> bodies.SampleView:
    return bodies.SampleView(
        line.library_id, names(line.name_zh, line.name_en), line.sampled, line.failed, line.lacking
    )


def publication_view(p: Publication) -> bodies.PublicationView:
    return bodies.PublicationView(p.id, iso(p.starts), iso(p.ends), p.names_librarians, iso(p.published_at))


def _suggestion(s: Suggestion) -> bodies.SuggestionView:
    findings = [{"code": each.code, "rule": each.rule_id} for each in s.findings]
    return bodies.SuggestionView(str(s.grade or ""), s.row, s.if_rated_satisfied, list(s.facts), findings)


def _version(version: Version) -> bodies.InspectedVersion:
    answer = version.answer
    return bodies.InspectedVersion(
        id=answer.id,
        version=answer.version,
        state=answer.state,
        kind=answer.kind,
        delivery=answer.delivery,
        body=answer.body,
        link_url=answer.link_url,
        by=version.author,
        released_by=version.released_by,
        sent_at=maybe(answer.sent_at),
        files=[_file(each) for each in version.files],
        probes=[
            bodies.ProbeView(iso(each.at), str(each.verdict), each.look.why, each.look.sure)
            for each in version.probes
        ],
    )


def _step(line: Line) -> bodies.InspectionStepView:
    step = line.step
    text = "" if line.said else step.text
    return bodies.InspectionStepView(step.step, iso(step.at), line.actor, step.grade, step.grade_row, text)


def _file(file: Attached) -> FileView:
    return FileView(file.id, file.name, file.kind, file.size, f"/api/attachments/{file.id}")
