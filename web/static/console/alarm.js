// Being called: a sound, a flashing title, a notification. Each can be refused, and none is needed.

import { isWriting } from "./dom.js";
import { recall, remember } from "./memory.js";
import { t } from "./words.js";

let sound = null;
let flashing = null;
const calm = document.title;

/** A sound needs a first gesture of the person: wake it then. */
for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => sound?.state === "suspended" && sound.resume(), { passive: true });
}

export const isMuted = () => recall("muted") === true;
export const setMuted = (muted) => remember("muted", muted);

/** Tones one after the other: [frequency in Hz, start and length in seconds]. */
function ring(tones, volume) {
  if (isMuted()) return;
  try {
    sound ??= new AudioContext();
    for (const [frequency, start, length] of tones) {
      const tone = sound.createOscillator();
      const level = sound.createGain();
      const at = sound.currentTime + start;
      tone.frequency.value = frequency;
      level.gain.setValueAtTime(0, at);
      level.gain.linearRampToValueAtTime(volume, at + 0.02);
      level.gain.exponentialRampToValueAtTime(0.0001, at + length);
      tone.connect(level).connect(sound.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  } catch {
    // no sound card, or no permission: the title and the list still tell
  }
}

/** A reader is offered: two rising tones, like a door bell. */
export const ringOffer = () =>
  ring(
    [
      [659, 0, 0.35],
      [880, 0.18, 0.5],
    ],
    0.22,
  );
/** A reader wrote while one looks elsewhere: one soft tone. */
export const ringMessage = () => ring([[740, 0, 0.22]], 0.08);

/** Alternates the window's title with a text until `calmTitle`. */
export function flashTitle(text) {
  calmTitle();
  let on = false;
  const turn = () => (document.title = (on = !on) ? text : calm);
  turn();
  flashing = setInterval(turn, 1_000);
}

export function calmTitle(text = calm) {
  clearInterval(flashing);
  flashing = null;
  if (document.title !== text) document.title = text;
}

/** The resting title with the number of unread messages. */
export function titleWith(count) {
  if (!flashing) calmTitle(count ? `(${count}) ${calm}` : calm);
}

export const isElsewhere = () => document.visibilityState !== "visible" || !document.hasFocus();

/** Whether it makes sense to ask for notifications: possible, not decided, not put off. */
export const mayAskToNotify = () =>
  "Notification" in window && Notification.permission === "default" && !recall("no-notifications");

export async function askToNotify() {
  return (await Notification.requestPermission()) === "granted";
}

export const putOffNotifications = () => remember("no-notifications", true);

/** A notification while the window is out of sight; a click on it comes back here. */
export function notify(title, body, tag, clicked) {
  if (!("Notification" in window) || Notification.permission !== "granted" || !isElsewhere()) return null;
  try {
    const notification = new Notification(title, {
      body,
      tag,
      icon: new URL("../logo.svg", import.meta.url).href,
      requireInteraction: true,
    });
    notification.onclick = () => {
      window.focus();
      notification.close();
      clicked?.();
    };
    return notification;
  } catch {
    return null; // some phones allow them to service workers only
  }
}

/** Says something to screen readers; `urgent` interrupts. Nothing moves on the screen. */
export function announce(text, urgent = false) {
  const region = document.getElementById(urgent ? "say-now" : "say");
  if (!region) return;
  region.textContent = "";
  settle(region, () => (region.textContent = "")); // what comes back with its text would be said again
  setTimeout(() => (region.textContent = text), 30);
}

/** A modal dialog shuts off whatever is outside of it, from screen readers, too: while it is open, a region is in it. */
function settle(region, leaves = () => {}) {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!dialog || dialog.contains(region)) return;
  const home = region.parentElement;
  const goHome = () => {
    leaves();
    home.append(region);
  };
  dialog.append(region);
  dialog.addEventListener("close", goHome, { once: true });
}

/** A short message at the corner, with what to do next; `action` is [text, function]. Errors stay until they are closed. */
export function toast(text, { bad = false, action = null } = {}) {
  const box = document.getElementById("toasts");
  const line = document.createElement("div");
  line.className = "toast";
  line.setAttribute("role", bad ? "alert" : "status");
  const say = document.createElement("span");
  say.className = "toast__text";
  say.textContent = text;
  line.append(say);
  const close = () => {
    const held = line.contains(document.activeElement) && !isWriting();
    line.remove();
    if (held) document.getElementById("main")?.focus();
  };
  for (const [label, work] of [...(action ? [action] : []), [t("common.close"), null]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast__button";
    button.textContent = label;
    button.addEventListener("click", () => {
      close();
      work?.();
    });
    line.append(button);
  }
  settle(box);
  box.append(line);
  while (box.children.length > 4) box.firstElementChild.remove();
  if (!bad) setTimeout(close, action ? 10_000 : 6_000);
}
