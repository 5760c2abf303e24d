// What dialogs are made of: a form that does one action and says inside itself what went wrong, fields, choices, a picker.

import { freshId, h, set, show, write } from "./dom.js";
import { icon } from "./icons.js";
import { isComposing } from "./composer.js";
import { t } from "./words.js";

const SEARCH_MS = 250;

/**
 * A modal dialog with a form. `submit()` does the action and may throw; returning false keeps the dialog open. Focus goes back to where it was.
 */
export function openDialog({ title, body, action, danger = false, submit, wide = false }) {
  const titleId = freshId("dialog");
  const problem = h("p", { class: "flash flash--bad", role: "alert", hidden: true });
  const button =
    action &&
    h("button", { type: "submit", class: `button ${danger ? "button--danger" : "button--primary"}` }, action);
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: `dialog ${wide ? "dialog--wide" : ""}`, "aria-labelledby": titleId },
    h(
      "form",
      { method: "dialog", class: "dialog__form", novalidate: "" },
      h(
        "div",
        { class: "dialog__head" },
        h("h2", { id: titleId }, title),
        h(
          "button",
          {
            type: "button",
            class: "button button--quiet button--icon button--small",
            "aria-label": t("common.close"),
            onclick: close,
          },
          icon("cross"),
        ),
      ),
      h("div", { class: "dialog__body" }, body, problem),
      button &&
        h(
          "div",
          { class: "dialog__foot" },
          h("button", { type: "button", class: "button button--quiet", onclick: close }, t("common.cancel")),
          button,
        ),
    ),
  );
  const say = (message, control) => {
    const place = control?.closest(".field, .choice");
    if (place) place.after(problem);
    else dialog.querySelector(".dialog__body").append(problem);
    write(problem, message);
    show(problem, true);
    for (const one of dialog.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    if (!control) return;
    set(control, { "aria-invalid": "true" });
    control.focus();
  };
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = dialog.querySelector("input:invalid, textarea:invalid");
    if (wrong) return say(amiss(wrong), wrong);
    if (button) set(button, { disabled: true, "aria-busy": "true" });
    show(problem, false);
    try {
      if ((await submit?.()) !== false) close();
    } catch (refused) {
      say(refused.message, refused.field ? dialog.querySelector(`[name="${refused.field}"]`) : null);
    }
    if (button) set(button, { disabled: null, "aria-busy": null });
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body) goOn(); // what had the keyboard is gone
  });
  if (!action) dialog.addEventListener("click", (event) => event.target === dialog && close()); // what was filled in is not lost to a stray click
  document.body.append(dialog);
  dialog.showModal();
  (
    dialog.querySelector("[autofocus]") ??
    dialog.querySelector(".dialog__body input, .dialog__body textarea, .dialog__body button") ??
    button
  )?.focus();
  return dialog;
}

const goOn = () =>
  (document.querySelector(".column[data-focused] .thread__scroll") ?? document.getElementById("main"))?.focus();

/** What the browser finds wrong with a field, in the librarian's language. */
function amiss(control) {
  const missing = control.type === "checkbox" ? "tick" : "missing";
  return t(`dialog.${control.validity.valueMissing ? missing : "invalid"}`, {
    field: control.labels[0].textContent.trim(),
  });
}

/** A labelled input or text area. */
export function field(name, label, props = {}, hint = "") {
  const id = freshId("field");
  const control = h(props.rows ? "textarea" : "input", {
    class: "input",
    id,
    name,
    ...props,
    "aria-describedby": hint ? `${id}-hint` : null,
  });
  return Object.assign(
    h(
      "div",
      { class: "field" },
      h("label", { class: "field__label", for: id }, label),
      hint && h("p", { class: "field__hint", id: `${id}-hint` }, hint),
      control,
    ),
    { control },
  );
}

/** One choice of several, as small cards. */
export function choices(legend, options, chosen, changed) {
  const group = freshId("choice");
  return h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "field__label" }, legend),
    h(
      "div",
      { class: "segments" },
      options.map(([value, label]) =>
        h(
          "label",
          { class: "segments__one" },
          h("input", {
            type: "radio",
            name: group,
            value,
            checked: value === chosen,
            onchange: () => changed(value),
          }),
          h("span", {}, label),
        ),
      ),
    ),
  );
}

/** A list to choose one from, with a search field; `search(words)` returns [{id, title, text, mark}]. */
export function picker(label, search) {
  let found = [];
  let chosen = null;
  let timer = null;
  let turn = 0;
  const name = freshId("picked");
  const list = h("div", { class: "picker__list", role: "radiogroup", "aria-label": label });
  const input = field("search", label, {
    type: "search",
    autocomplete: "off",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(look, SEARCH_MS);
    },
    onkeydown: (event) => event.key === "Enter" && !isComposing(event) && event.preventDefault(),
  });
  const option = (one) =>
    h(
      "label",
      { class: "picker__one" },
      h("input", {
        type: "radio",
        name,
        value: one.id,
        checked: one.id === chosen,
        onchange: () => (chosen = one.id),
      }),
      h(
        "span",
        { class: "picker__main" },
        h("span", {}, one.title),
        h("span", { class: "muted small" }, one.text),
      ),
      one.mark,
    );
  async function look() {
    const mine = ++turn;
    try {
      found = await search(input.control.value.trim());
      if (mine !== turn) return;
      if (!found.some((one) => one.id === chosen)) chosen = null;
      list.replaceChildren(
        ...(found.length
          ? found.map(option)
          : [h("p", { class: "picker__none muted small" }, t("picker.none"))]),
      );
    } catch (problem) {
      if (mine === turn) list.replaceChildren(h("p", { class: "flash flash--bad" }, problem.message));
    }
  }
  look();
  return {
    node: h("div", { class: "picker" }, input, list),
    get chosen() {
      return chosen;
    },
    again: look,
  };
}

/** The keys of the console. */
export function keysDialog(keys) {
  const groups = new Map();
  for (const key of keys) groups.set(key.group, [...(groups.get(key.group) ?? []), key]);
  const rows = [...groups].map(([group, list]) =>
    h(
      "section",
      {},
      h("h3", { class: "keys__group" }, t(`keys.group.${group}`)),
      h(
        "dl",
        { class: "keys" },
        list.map((key) => [
          h(
            "dt",
            {},
            key.shown.map((one) => h("kbd", {}, one)),
          ),
          h("dd", {}, t(`keys.${key.name}`)),
        ]),
      ),
    ),
  );
  openDialog({
    title: t("keys.title"),
    body: [h("p", { class: "muted small" }, t("keys.text")), h("div", { class: "keys__columns" }, rows)],
    wide: true,
  });
}
