// What the list shows: the view, and filters that stay, in the address for sharing and in the browser for tomorrow.

import { freshId, h, set, write } from "../console/dom.js";
import { recall, remember } from "../console/memory.js";
import { named, page, t } from "../console/words.js";

export const VIEWS = ["all", "new", "due_soon", "escalated", "overdue", "mine", "release"];
const FIELDS = ["desk", "channel", "material", "written", "language", "age"];
const AGES = [12, 24, 48, 72];

/** What was chosen: from the address, else what was kept. */
export function chosen() {
  const query = new URLSearchParams(location.search);
  const named = ["view", ...FIELDS].some((name) => query.has(name));
  const kept = recall("pool.filter") ?? {};
  const found = Object.fromEntries(FIELDS.map((name) => [name, named ? (query.get(name) ?? "") : (kept[name] ?? "")]));
  const view = named ? query.get("view") : kept.view;
  return { ...found, view: VIEWS.includes(view) ? view : "all" };
}

/** Keeps it in the address and the browser. */
export function keep(filter) {
  const query = new URLSearchParams(location.search);
  for (const name of ["view", ...FIELDS])
    if (filter[name] && filter[name] !== "all") query.set(name, filter[name]);
    else query.delete(name);
  if (filter.view === "all") query.set("view", "all"); // an address always says it: it goes before what was kept
  history.replaceState(history.state, "", `?${query}`);
  remember("pool.filter", filter);
}

/** The question to the server. */
export function queryOf(filter) {
  const query = new URLSearchParams();
  const { view } = filter;
  query.set("view", ["mine", "release"].includes(view) ? view : "pool");
  if (!["all", "mine", "release"].includes(view)) query.set("stage", view);
  if (view === "mine") return query; // what one holds is never hidden by a filter
  for (const name of ["desk", "channel", "material", "written", "language"]) if (filter[name]) query.set(name, filter[name]);
  if (filter.age) query.set("hours", filter.age);
  return query;
}

/** The filters as a form; `changed(filter)` is told of every choice. */
export class Filters {
  constructor(filter, changed) {
    Object.assign(this, { filter, changed });
    this.fields = FIELDS.map((name) => this.#field(name));
    this.clear = h(
      "button",
      { type: "button", class: "button button--quiet button--small", onclick: () => this.reset() },
      t("pool.filter.clear"),
    );
    this.summary = h("summary", {}, h("span", {}, t("pool.filter.title")), (this.count = h("span", { class: "badge badge--quiet" })));
    this.node = h(
      "details",
      { class: "fold pool-filters", open: !matchMedia("(max-width: 48rem)").matches },
      this.summary,
      h("form", { class: "pool-filters__row", role: "search", onsubmit: (event) => event.preventDefault() }, this.fields, this.clear),
    );
    this.update();
  }

  focus() {
    this.node.open = true;
    this.node.querySelector("select").focus();
  }

  reset() {
    for (const name of FIELDS) this.filter[name] = "";
    for (const select of this.node.querySelectorAll("select")) select.value = "";
    this.#tell();
  }

  get active() {
    return FIELDS.filter((name) => this.filter[name]).length;
  }

  update() {
    write(this.count, String(this.active));
    set(this.count, { hidden: !this.active, "aria-label": t("pool.filter.active", { n: this.active }) });
    set(this.clear, { hidden: !this.active });
  }

  #tell() {
    this.update();
    this.changed(this.filter);
  }

  #field(name) {
    const id = freshId("filter");
    const select = h(
      "select",
      {
        class: "input",
        id,
        name,
        onchange: () => {
          this.filter[name] = select.value;
          this.#tell();
        },
      },
      h("option", { value: "" }, t(`pool.filter.any_${name}`)),
      OPTIONS[name](),
    );
    select.value = this.filter[name];
    if (select.value !== this.filter[name]) this.filter[name] = select.value = ""; // a desk that is no more
    return h("div", { class: "field" }, h("label", { class: "field__label small", for: id }, t(`pool.filter.${name}`)), select);
  }
}

const option = (value, text) => h("option", { value }, text);
const OPTIONS = {
  desk() {
    const own = page.desks.filter((desk) => desk.own);
    const others = page.desks.filter((desk) => !desk.own);
    const group = (label, desks) =>
      desks.length && h("optgroup", { label }, desks.map((desk) => option(desk.id, named(desk.name))));
    return [group(t("pool.filter.own_desks"), own), group(t("pool.filter.other_desks"), others)];
  },
  channel: () => ["document", "form", "knowledge", "phone"].map((name) => option(name, t(`pool.channel.${name}`))),
  material: () => page.materials.map((name) => option(name, t(`material.${name}`))),
  written: () => ["zh", "foreign"].map((name) => option(name, t(`pool.filter.written_${name}`))),
  language: () => ["zh", "en"].map((name) => option(name, t(`language.${name}`))),
  age: () => AGES.map((hours) => option(String(hours), t("pool.filter.older_than", { n: hours }))),
};
