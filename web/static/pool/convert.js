// A question that is really a document request, or the other way round: one click, and all fields carried over (R-ANS.4).

import { documentFields } from "../console/citations.js";
import { h } from "../console/dom.js";
import { field, openDialog } from "../console/dialogs.js";
import { post } from "../console/http.js";
import { t } from "../console/words.js";

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
  const fields = documentFields({ title: firstLine(view.request.question), ...view.request.citation });
  return { node: fields.node, read: () => ({ citation: fields.read() }) };
}

const firstLine = (text) => text.split("\n", 1)[0].trim().slice(0, 120);
