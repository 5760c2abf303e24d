// A task's clocks in words and as a bar: the 72 hours of the reader, the lease of who holds it.

import { set, write } from "../console/dom.js";
import { clockSkew, serverNow } from "../console/http.js";
import { duration, exactly, page, t } from "../console/words.js";

export const STAGES = ["new", "due_soon", "escalated", "overdue"];
if (page.now) clockSkew.ms = Date.parse(page.now) - Date.now(); // countdowns go by the server's clock
const LEASE_LOW_MS = 2 * 3_600_000; // the reminder goes out then

/** How far a task has come; what the clock says now goes before what a worker has written down. */
export function stageOf(row, now = serverNow()) {
  const late = now > Date.parse(row.strict_until_at);
  return late && STAGES.indexOf(row.stage) < 2 ? "escalated" : row.stage;
}

/** The 72-hour clock: {late, share (0…1), text, title}. At exactly 72:00:00 the strict time still holds. */
export function clockOf(row, now = serverNow()) {
  const from = Date.parse(row.clock_from_at);
  const until = Date.parse(row.strict_until_at);
  const left = until - now;
  return {
    late: left < 0,
    share: Math.min(1, Math.max(0, (now - from) / (until - from || 1))),
    text: t(left >= 0 ? "time.remaining" : "time.overdue", { length: duration(Math.abs(left)) }),
    title: t("pool.clock.until", { at: exactly(row.strict_until_at) }),
  };
}

/** What is left of a claim: {over, low, text, title}, or null where nobody holds the task. */
export function leaseOf(row, now = serverNow()) {
  if (!row.lease_ends_at || row.state !== "claimed") return null;
  const left = Date.parse(row.lease_ends_at) - now;
  return {
    over: left <= 0,
    low: left < LEASE_LOW_MS,
    text: left > 0 ? t("pool.lease.left", { length: duration(left) }) : t("pool.lease.over"),
    title: t("pool.lease.until", { at: exactly(row.lease_ends_at) }),
  };
}

/** Brings a clock's text and bar up to date. */
export function showClock({ text, bar }, row, now) {
  const clock = clockOf(row, now);
  write(text, clock.text);
  set(text, { title: clock.title, "data-late": clock.late });
  bar.value = Math.round(clock.share * 1000) / 1000;
  set(bar, { "data-stage": stageOf(row, now) });
}
