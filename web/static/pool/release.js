// An intern's answer before a full librarian: released as it stands, or given back with a comment (R-ORG.5).

import { freshId, h, set, show, write } from "../console/dom.js";
import { post } from "../console/http.js";
import { t } from "../console/words.js";
import { answerCard } from "./story.js";

/** The panel of a reviewer; `done(what)` is told "released" or "refused". */
export function releasePanel(view, done) {
  const proposed = view.answers.findLast((one) => one.state === "proposed");
  if (!proposed) return null;
  const id = freshId("comment");
  const comment = h("textarea", { class: "input", id, rows: 3, maxlength: 4_000 });
  const problem = h("p", { class: "field__error", role: "alert", hidden: true });
  const buttons = [
    h("button", { type: "button", class: "button", onclick: () => decide("refuse") }, t("pool.release.refuse")),
    h("button", { type: "button", class: "button button--primary", onclick: () => decide("release") }, t("pool.release.release")),
  ];
  async function decide(what) {
    for (const button of buttons) set(button, { disabled: true });
    show(problem, false);
    try {
      await post(`/api/answers/${encodeURIComponent(proposed.id)}/${what}`, { comment: comment.value });
      done(what === "release" ? "released" : "refused");
    } catch (refused) {
      write(problem, refused.field === "comment" ? t("pool.release.comment_missing") : refused.message);
      show(problem, true);
      if (refused.field === "comment") comment.focus();
    }
    for (const button of buttons) set(button, { disabled: null });
  }
  return Object.assign(
    h(
      "section",
      { class: "card release" },
      h("h2", {}, t("pool.release.title")),
      h("p", { class: "muted small" }, t("pool.release.text")),
      answerCard(proposed),
      h(
        "div",
        { class: "field" },
        h("label", { class: "field__label", for: id }, t("pool.release.comment")),
        h("p", { class: "field__hint" }, t("pool.release.comment_hint")),
        comment,
        problem,
      ),
      h("div", { class: "row row--end" }, buttons),
    ),
    { answer: proposed.id },
  );
}
