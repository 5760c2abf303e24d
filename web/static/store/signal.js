// Right or wrong, seen and heard across the room: the whole screen turns, and a tone says the same.

import { announce, isMuted } from "../console/alarm.js";
import { h } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { t } from "../console/words.js";

const RIGHT_MS = 900;
let sound = null;
let shown = null;
let timer = null;

for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => sound?.state === "suspended" && sound.resume(), { passive: true });
}

/** Tones one after the other: [frequency in Hz, start and length in seconds]. */
function play(shape, tones, volume) {
  if (isMuted()) return;
  try {
    sound ??= new AudioContext();
    for (const [frequency, start, length] of tones) {
      const tone = sound.createOscillator();
      const level = sound.createGain();
      const at = sound.currentTime + start;
      tone.type = shape;
      tone.frequency.value = frequency;
      level.gain.setValueAtTime(volume, at);
      level.gain.exponentialRampToValueAtTime(0.0001, at + length);
      tone.connect(level).connect(sound.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  } catch {
    // no sound card: the screen tells
  }
}

/** A right scan: green for a moment. `lines` say what it was. */
export function right(title, lines = []) {
  play("sine", [[1320, 0, 0.12]], 0.25);
  navigator.vibrate?.(40);
  put("right", title, lines);
  announce([title, ...lines].join(" "));
  timer = setTimeout(clear, RIGHT_MS);
}

/** A wrong one: red until the next scan, a key or a touch. `action` is [text, function]. */
export function wrong(title, lines = [], action = null) {
  play("square", [[180, 0, 0.3], [140, 0.35, 0.45]], 0.3);
  navigator.vibrate?.([200, 80, 300]);
  put("wrong", title, lines, action);
  announce([title, ...lines].join(" "), true);
}

/** Away with the signal; the next scan does this too. */
export function clear() {
  clearTimeout(timer);
  shown?.remove();
  shown = null;
}

/** Whether something wrong is on the screen. */
export const isWrong = () => shown?.dataset.kind === "wrong";

function put(kind, title, lines, action = null) {
  clear();
  const done = () => {
    clear();
    document.dispatchEvent(new CustomEvent("scan-again"));
  };
  shown = h(
    "div",
    { class: "signal", "data-kind": kind, onclick: kind === "right" ? done : null },
    icon(kind === "right" ? "check" : "cross"),
    h("p", { class: "signal__title" }, title),
    ...lines.filter(Boolean).map((line) => h("p", { class: "signal__line" }, line)),
    kind === "wrong" &&
      h(
        "div",
        { class: "row signal__do" },
        action && h("button", { type: "button", class: "button", onclick: () => (done(), action[1]()) }, action[0]),
        h("button", { type: "button", class: "button", onclick: done }, t("store.signal.done")),
      ),
  );
  document.getElementById("main").append(shown);
}
