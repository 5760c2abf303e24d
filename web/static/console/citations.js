// The fields of a document request in a dialog: by material type, filled with what is known.

import { field } from "./dialogs.js";
import { freshId, h } from "./dom.js";
import { page, t } from "./words.js";

/** The type and its fields; `read()` gives what stands in them, for the API. Another type loses nothing. */
export function documentFields(citation) {
  const known = { ...citation };
  const id = freshId("material");
  const fields = h("div", { class: "stack stack--tight" });
  const material = h(
    "select",
    { class: "input", id, name: "material", onchange: () => draw() },
    page.materials.map((name) => h("option", { value: name }, t(`material.${name}`))),
  );
  material.value = page.materials.includes(known.material) ? known.material : "book";
  const read = () =>
    Object.fromEntries(
      [...fields.querySelectorAll("[name]")].map((one) => [one.name, one.value.trim()]).filter(([, text]) => text),
    );
  const draw = () => {
    Object.assign(known, read());
    fields.replaceChildren(
      ...page.citation_fields[material.value].map((one) => {
        const label = one.required ? one.label : `${one.label}（${t("common.optional")}）`;
        return field(one.name, label, { maxlength: one.limit, value: known[one.name] ?? "", autocomplete: "off" });
      }),
    );
  };
  draw();
  return {
    node: h(
      "div",
      { class: "stack stack--tight" },
      h("div", { class: "field" }, h("label", { class: "field__label", for: id }, t("citation.field.material")), material),
      fields,
    ),
    read: () => ({ material: material.value, ...read() }),
  };
}
