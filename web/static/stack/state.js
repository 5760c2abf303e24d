// How a device is, and how far its picture is to be believed: always with its age.

import { h } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { serverNow } from "../console/http.js";
import { duration, exactly, t } from "../console/words.js";

const LATE_MS = 6_000; // a picture comes every second
const SKEW_MS = 2_000;
const KIND = { online: "good", stale: "warn", offline: "bad" };
const SHAPE = { online: "check", stale: "clock", offline: "cross" };

/** The state as a chip: shape, colour and word. Without a line to the server nobody can say how it is. */
export function stateChip(stack, heardAt, lineOpen = true) {
  if (!lineOpen && serverNow() - (heardAt || 0) > LATE_MS) return h("span", { class: "chip chip--warn stack-state" }, icon("alert"), t("stack.age.unknown"));
  return h("span", { class: `chip chip--${KIND[stack.state]} stack-state`, title: exactly(stack.heard_at) }, icon(SHAPE[stack.state]), t(`stack.state.${stack.state}`));
}

/** What else is to be known of it: since when, paused, clock, comparison. */
export function stateFacts(stack, heardAt) {
  const age = heardAt ? serverNow() - heardAt : null;
  const skew = Math.abs(stack.skew_ms);
  return [
    stack.state !== "online" && h("span", { class: "chip" }, age === null ? t("stack.age.never") : t("stack.age.heard", { length: duration(age) })),
    !stack.served && h("span", { class: "chip chip--bad" }, icon("alert"), t("stack.age.unserved")),
    stack.paused_at && h("span", { class: "chip chip--warn" }, pauseSign(), t("stack.paused")),
    skew > SKEW_MS &&
      h("span", { class: "chip chip--warn", title: t("stack.skew.hint") }, icon("clock"), t(stack.skew_ms > 0 ? "stack.skew.fast" : "stack.skew.slow", { length: duration(skew) })),
  ];
}

/** ["live" | "late" | "gone", what to say over the drawing]. */
export function trustOf(stack, picturedAt, lineOpen) {
  const age = picturedAt ? serverNow() - picturedAt : null;
  if (age === null) return ["gone", t("stack.drawing.none")];
  const length = duration(age);
  if (stack.state === "offline") return ["gone", t("stack.drawing.offline", { length })];
  if (!lineOpen && age > LATE_MS) return ["late", t("stack.drawing.unlinked", { length })];
  if (stack.state === "stale" || age > LATE_MS) return ["late", t("stack.drawing.stale", { length })];
  return ["live", ""];
}

/** Two bars. */
export function pauseSign() {
  return h("span", { class: "pause-sign", "aria-hidden": "true" });
}
