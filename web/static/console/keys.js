// Keyboard short-cuts: letters while nobody writes, the same letters with Alt everywhere.

import { isWriting } from "./dom.js";
import { isComposing } from "./composer.js";
import { keysDialog } from "./dialogs.js";
import { recall } from "./memory.js";

const WRITTEN_ON_MS = 1_500;

/** Every short-cut: its key code, its group in the help, and what it does. */
export function bindings({ offers, workspace, duty }) {
  const column = (work) => () => workspace.column && (work(workspace.column), true);
  return [
    key("accept", "offers", "KeyA", "A", () => offers.acceptFirst()),
    key("decline", "offers", "KeyD", "D", () => offers.declineFirst()),
    key("next", "talks", "KeyJ", "J", () => workspace.step(1)),
    key("previous", "talks", "KeyK", "K", () => workspace.step(-1)),
    key(
      "compose",
      "talks",
      "KeyC",
      "C",
      column((one) => one.focus()),
    ),
    key(
      "phrases",
      "talks",
      "KeyP",
      "P",
      column((one) => one.conversation.over || one.composer.popup.open()),
    ),
    key(
      "document",
      "talks",
      "KeyF",
      "F",
      column((one) => one.passDocument()),
    ),
    key("notes", "talks", "KeyN", "N", () => workspace.focused && (workspace.note(workspace.focused), true)),
    key(
      "transfer",
      "talks",
      "KeyT",
      "T",
      column((one) => one.transfer()),
    ),
    key(
      "end",
      "talks",
      "KeyE",
      "E",
      column((one) => one.end()),
    ),
    key(
      "wrap_up",
      "talks",
      "KeyW",
      "W",
      column((one) => one.conversation.over && one.focus()),
    ),
    key("close", "talks", "KeyX", "X", () => workspace.focused && (workspace.close(workspace.focused), true)),
    key("columns_1", "desk", "Digit1", "1", () => workspace.setWidth(1)),
    key("columns_2", "desk", "Digit2", "2", () => workspace.setWidth(2)),
    key("columns_3", "desk", "Digit3", "3", () => workspace.setWidth(3)),
    key("sound", "desk", "KeyM", "M", () => duty.toggleSound()),
  ];
}

function key(name, group, code, letter, run) {
  return { name, group, code, shown: [letter], run };
}

/**
 * A field may be taken away in the middle of a word: its reader ends, a colleague takes over. Who writes on gives no orders by it:
 * text, Space and Enter are dropped until the hands have rested, or chose another place. Returns what forgets the writing.
 */
function heedWriting() {
  let field = null;
  let writtenAt = 0;
  let dropped = "";
  const rest = () => (field = null);
  const writesOn = () => field && !field.offsetParent && Date.now() - writtenAt < WRITTEN_ON_MS;
  const hear = (event) => {
    const composing = isComposing(event);
    dropped = "";
    if (!composing && ["Escape", "Tab"].includes(event.key)) rest();
    else if (isWriting()) [field, writtenAt] = [document.activeElement, Date.now()];
    else if (writesOn() && (composing || isText(event))) {
      [dropped, writtenAt] = [event.code, Date.now()];
      drop(event);
    }
  };
  addEventListener("keydown", hear, true); // before anything else hears it
  addEventListener("keyup", (event) => event.code === dropped && drop(event), true); // Space presses a button here in Firefox
  addEventListener("pointerdown", rest, true);
  return rest;
}

const isText = ({ key, altKey, ctrlKey, metaKey }) =>
  (key?.length === 1 || key === "Enter") && !altKey && !ctrlKey && !metaKey;

function drop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Listens; dialogs have the keyboard to themselves, but for offers, which do not wait until they are closed. */
export function listen(keys) {
  const help = [
    ...keys,
    { name: "help", group: "desk", shown: ["?"] },
    { name: "alt", group: "writing", shown: ["Alt", "A…"] },
    { name: "send", group: "writing", shown: ["Enter"] },
    { name: "line", group: "writing", shown: ["Shift", "Enter"] },
    { name: "phrase", group: "writing", shown: ["/"] },
    { name: "leave", group: "writing", shown: ["Esc"] },
  ];
  const rest = heedWriting();
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isComposing(event)) return;
    if (event.ctrlKey || event.metaKey) return;
    const writing = isWriting();
    const shut = Boolean(document.querySelector("dialog[open]"));
    if (event.key === "?" && !writing && !shut) {
      event.preventDefault();
      return keysDialog(help);
    }
    if (!event.altKey && (writing || shut || event.shiftKey || recall("no-letters"))) return;
    const found = keys.find((one) => one.code === event.code && (!shut || one.group === "offers"));
    if (!found || event.repeat) return;
    event.preventDefault();
    rest();
    found.run();
  });
  return help;
}
