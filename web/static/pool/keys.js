// Keyboard short-cuts of the pool's pages, and their help. Letters while nobody writes, with Alt everywhere.

import { h, isWriting } from "../console/dom.js";
import { openDialog } from "../console/dialogs.js";
import { recall } from "../console/memory.js";
import { t } from "../console/words.js";

/** Listens; a binding is {name, code or key, shown, run}. `run` returning false leaves the key to the browser. */
export function listen(bindings) {
  const help = () => helpDialog(bindings);
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const writing = isWriting();
    if (event.key === "?" && !writing) {
      event.preventDefault();
      return help();
    }
    if (!event.altKey && (writing || recall("no-letters"))) return;
    const found = bindings.find((one) => (one.key ? one.key === event.key : one.code === event.code && !event.shiftKey));
    if (!found || (event.repeat && !found.repeats) || found.run(event) === false) return;
    event.preventDefault();
  });
  return help;
}

function helpDialog(bindings) {
  const rows = [...bindings, { name: "open", shown: ["Enter"] }, { name: "help", shown: ["?"] }];
  openDialog({
    title: t("keys.title"),
    body: [
      h("p", { class: "muted small" }, t("keys.text")),
      h(
        "dl",
        { class: "keys" },
        rows.filter((one) => shownIn(one, bindings)).map((one) => [
          h("dt", {}, one.shown.map((shown) => h("kbd", {}, shown))),
          h("dd", {}, t(`pool.keys.${one.name}`)),
        ]),
      ),
    ],
  });
}

const shownIn = (one, bindings) =>
  one.shown.length > 0 && (one.name !== "open" || bindings.some((each) => each.name === "next"));

/** The button that shows the help to who has no idea of `?`. */
export function helpButton(help) {
  return h(
    "button",
    {
      type: "button",
      class: "button button--quiet button--small pool-help",
      "aria-label": t("keys.title"),
      title: t("keys.title"),
      onclick: help,
    },
    h("kbd", { "aria-hidden": "true" }, "?"),
  );
}
