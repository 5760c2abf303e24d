// A question that is really a document request, or the other way round: one click, and all fields carried over (R-ANS.4).

import { freshId, h } from "../console/dom.js";
import { field, openDialog } from "../console/dialogs.js";
import { post } from "../console/http.js";
import { page, t } from "../console/words.js";

/** Asks for what is lacking and converts the task one holds; `done()` is told when it was. */
export function convertDialog(view, done) {
  const toDocument = view.row.channel !== "document";
  const part = toDocument ? documentPart(view) : questionPart(view);
  return openDialog({
    title: t(toDocument ? "pool.convert.to_document" : "pool.convert.to_form"),
    wide: true,
    body: [h("p", {}, t(toDocument ? "pool.convert.text_document" : "pool.convert.text_form")), part.node],
    action: t("pool.convert.do"),
    async submit() {
      await post(`/api/tasks/${encodeURIComponent(view.row.id)}/convert`, {
        claim_number: view.claim_number,
        to: toDocument ? "document" : "form",
        ...part.read(),
      });
      done();
    },
  });
}

function questionPart() {
  const question = field("question", t("pool.convert.question"), { rows: 5, maxlength: 8_000 }, t("pool.convert.question_hint"));
  return { node: question, read: () => ({ question: question.control.value.trim() }) };
}

function documentPart(view) {
  const known = { title: firstLine(view.request.question), ...view.request.citation };
  const id = freshId("material");
  const fields = h("div", { class: "stack stack--tight" });
  const material = h(
    "select",
    { class: "input", id, name: "material", onchange: () => draw() },
    page.materials.map((name) => h("option", { value: name }, t(`material.${name}`))),
  );
  material.value = known.material || "book";
  const read = () => Object.fromEntries([...fields.querySelectorAll("[name]")].map((one) => [one.name, one.value.trim()]).filter(([, text]) => text));
  const draw = () => {
    Object.assign(known, read());
    fields.replaceChildren(
      ...page.citation_fields[material.value].map((one) => {
        const label = one.required ? one.label : `${one.label}（${t("common.optional")}）`;
        const node = field(one.name, label, { maxlength: one.limit, value: known[one.name] ?? "", autocomplete: "off" });
        return node;
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
    read: () => ({ citation: { material: material.value, ...read() } }),
  };
}

const firstLine = (text) => text.split("\n", 1)[0].trim().slice(0, 120);
