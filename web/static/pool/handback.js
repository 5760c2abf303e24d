// Handing a task back: where one has looked and what came of it, so that the next librarian repeats no search.

import { freshId, h, set } from "../console/dom.js";
import { openDialog } from "../console/dialogs.js";
import { post } from "../console/http.js";
import { icon } from "../console/icons.js";
import { page, t } from "../console/words.js";

const MOST = 30;

/** Asks for the search trail and hands the task back; `done()` is told when it was. Throws nothing. */
export function handBackDialog(view, done) {
  const asksDocument = view.row.channel === "document";
  const places = freshId("places");
  const entries = h("div", { class: "trail-entries" });
  const add = h(
    "button",
    { type: "button", class: "button button--small", onclick: () => more().querySelector("input").focus() },
    t("pool.hand_back.add"),
  );
  const more = () => {
    const entry = entryFields(places, () => {
      entry.remove();
      renumber(entries, asksDocument);
      add.disabled = false;
    });
    entries.append(entry);
    renumber(entries, asksDocument);
    add.disabled = entries.children.length >= MOST;
    return entry;
  };
  if (asksDocument) more();
  return openDialog({
    title: t("pool.hand_back.title"),
    wide: true,
    body: [
      h("p", {}, t(asksDocument ? "pool.hand_back.text" : "pool.hand_back.text_question")),
      view.trail.length > 0 &&
        h("p", { class: "muted small" }, t("pool.hand_back.known", { places: [...new Set(view.trail.map((one) => one.place))].join("、") })),
      h("datalist", { id: places }, suggestions(view).map((place) => h("option", { value: place }))),
      entries,
      h("div", {}, add),
    ],
    action: t("pool.hand_back.do"),
    async submit() {
      await post(`/api/tasks/${encodeURIComponent(view.row.id)}/hand-back`, {
        claim_number: view.claim_number,
        entries: [...entries.children].map((entry) => entry.read()).filter((entry) => asksDocument || entry.place),
      });
      done();
    },
  });
}

/** Places that were named before, for this task first; then where people look most. */
function suggestions(view) {
  const kept = page.places ?? [];
  return [...new Set([...view.trail.map((one) => one.place), ...kept])].slice(0, 60);
}

function entryFields(places, remove) {
  const id = freshId("entry");
  const place = h("input", {
    class: "input",
    id: `${id}-place`,
    list: places,
    maxlength: 200,
    required: true,
    autocomplete: "off",
    placeholder: t("pool.trail.place_example"),
  });
  const outcome = h(
    "select",
    { class: "input", id: `${id}-outcome` },
    page.outcomes.map((name) => h("option", { value: name }, t(`pool.searched_as.${name}`))),
  );
  const note = h("input", { class: "input", id: `${id}-note`, maxlength: 1000, autocomplete: "off" });
  const labelled = (label, control) =>
    h("div", { class: "field" }, h("label", { class: "field__label small", for: control.id }, label), control);
  const legend = h("legend", { class: "small muted" });
  const away = h(
    "button",
    { type: "button", class: "button button--quiet button--small button--icon", onclick: remove },
    icon("cross"),
  );
  return Object.assign(
    h(
      "fieldset",
      { class: "trail-entry" },
      legend,
      labelled(t("pool.trail.place"), place),
      labelled(t("pool.trail.outcome"), outcome),
      away,
      labelled(t("pool.trail.note"), note),
    ),
    { legend, away, control: place, read: () => ({ place: place.value.trim(), outcome: outcome.value, note: note.value.trim() }) },
  );
}

function renumber(entries, oneAtLeast) {
  [...entries.children].forEach((entry, at) => {
    entry.legend.textContent = t("pool.trail.number", { n: at + 1 });
    for (const [name, control] of [["place", entry.control], ["note", entry.querySelectorAll("input")[1]], ["outcome", entry.querySelector("select")]])
      set(control, { name: `entries[${at}].${name}` });
    set(entry.away, {
      "aria-label": t("pool.trail.remove", { n: at + 1 }),
      hidden: oneAtLeast && entries.children.length === 1,
    });
  });
}
