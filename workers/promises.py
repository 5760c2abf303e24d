"""Every kind of promise the product makes, and the action that keeps it."""

from server.actions.archive_keeping import index_answers
from server.actions.attachments import drop_unsent
from server.actions.case_watch import mind_command, mind_confirmation, mind_dispatch, mind_reply
from server.actions.desk_clocks import (
    begin_rounds,
    end_all_gone,
    expire_offers,
    lose_librarians,
    widen_all,
)
from server.actions.dues import Kind, Kinds, kinds
from server.actions.duty import check_counters, go_all_idle, go_idle, lose_librarian, replace_supervisor
from server.actions.escalation import turn_clock, turn_clocks, watch_lease, watch_leases
from server.actions.figure_keeping import keep_figures
from server.actions.inspection_entry import correction_due
from server.actions.loan_catalogue import class_new_titles
from server.actions.logins import sweep_logins
from server.actions.notices import turn_notice
from server.actions.offers import expire_offer
from server.actions.order_dues import end_hold, look_again, remind
from server.actions.pieces import drop_upload
from server.actions.presence import end_if_gone
from server.actions.records import ask_for_wrap_up, ask_for_wrap_ups
from server.actions.retention import drop_contents, forget_machines_words, forget_old_sessions
from server.actions.routing import begin_round, widen
from server.actions.stack_troubles import mind_trouble

PROMISES: Kinds = kinds(
    Kind("offer_expiry", expire_offer, urgent=True, together=expire_offers),
    Kind("widen", widen, urgent=True, together=widen_all),
    Kind("offer_again", begin_round, urgent=True, together=begin_rounds),
    Kind("librarian_lost", lose_librarian, urgent=True, together=lose_librarians),
    Kind("supervisor_lost", replace_supervisor, urgent=True),
    Kind("reader_gone", end_if_gone, urgent=True, together=end_all_gone),
    Kind("auto_away", go_idle, together=go_all_idle),
    Kind("wrap_up", ask_for_wrap_up, together=ask_for_wrap_ups),
    Kind("task_clock", turn_clock, together=turn_clocks),
    Kind("lease", watch_lease, together=watch_leases),
    Kind("check_counters", check_counters),
    Kind("correction", correction_due),
    Kind("retention", forget_old_sessions),
    Kind("stack_retention", forget_machines_words),
    Kind("drop_contents", drop_contents),
    Kind("drop_upload", drop_upload),
    Kind("drop_unsent", drop_unsent),
    Kind("sweep_logins", sweep_logins),
    Kind("archive", index_answers),
    Kind("figures", keep_figures),
    Kind("loan_titles", class_new_titles),
    Kind("loan_try", look_again),
    Kind("loan_due", remind),
    Kind("hold_end", end_hold),
    Kind("dispatch", mind_dispatch),
    Kind("confirm_return", mind_confirmation),
    Kind("stack_stuck", mind_command),
    Kind("stack_trouble", mind_trouble),
    Kind("case_reply", mind_reply),
    Kind("notice", turn_notice),
)
