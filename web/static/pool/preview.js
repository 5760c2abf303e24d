// What an answer would be before it is sent: its grade with the row, what stands against it, to whom it goes, how it reads.

import { h, show, write } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { has, t } from "../console/words.js";

const GRADE_KINDS = { excellent: "chip--good", pass: "chip--info", fail: "chip--bad" };

/** The panel beside the composer; `reach(field)` takes the keyboard to a field that is not right yet. */
export class PreviewPanel {
  constructor(reach) {
    this.reach = reach;
    this.grade = h("div", { class: "preview__grade" });
    this.problems = h("ul", { class: "preview__problems plain" });
    this.to = h("p", { class: "small" });
    this.text = h("div", { class: "preview__text keep-lines" });
    this.fold = h("details", { class: "fold" }, h("summary", {}, t("pool.preview.text")), this.text);
    this.failure = h("p", { class: "small field__error", hidden: true });
    this.node = h(
      "section",
      { class: "preview card card--tight card--plain", "aria-label": t("pool.preview.title") },
      h("h3", {}, t("pool.preview.title")),
      h("div", { "aria-live": "polite" }, this.grade, this.problems, this.to),
      this.failure,
      this.fold,
    );
    show(this.fold, false);
    write(this.to, t("common.loading"));
  }

  update(preview) {
    show(this.failure, false);
    this.#showGrades(preview.grades);
    this.#showProblems(preview.problems);
    const { allowed, of } = preview;
    write(this.to, allowed ? t(allowed === of ? "pool.preview.all" : "pool.preview.some", { n: allowed, of }) : "");
    show(this.fold, Boolean(preview.body_as_sent));
    write(this.text, preview.body_as_sent);
  }

  fail(refused) {
    write(this.failure, refused.message);
    show(this.failure, true);
  }

  #showGrades(grades) {
    const said = JSON.stringify(grades);
    if (this.said === said) return;
    this.said = said;
    const several = grades.length > 1;
    this.grade.replaceChildren(
      ...(grades.length ? grades.map((one) => gradeNode(one, several)) : [h("p", { class: "small muted" }, t("pool.preview.nothing"))]),
    );
  }

  #showProblems(problems) {
    const said = JSON.stringify(problems);
    if (this.problems.said === said) return;
    this.problems.said = said;
    this.problems.replaceChildren(
      ...(problems.length ? problems.map((one) => this.#problem(one)) : [h("li", { class: "preview__ready" }, icon("check"), t("pool.preview.ready"))]),
    );
  }

  #problem({ code, message, field }) {
    if (code === "field_required" && has(`pool.need.${field}`)) message = t(`pool.need.${field}`);
    const text = field
      ? h("button", { type: "button", class: "textual", onclick: () => this.reach(field) }, message)
      : h("span", {}, message);
    return h("li", {}, icon("alert"), text);
  }
}

/** The grade that so many of the readers would give cause to, with its row and what an inspector would see. */
function gradeNode({ grade, row, if_rated_satisfied: better, findings, readers }, several) {
  const chip = grade
    ? h("span", { class: `chip ${GRADE_KINDS[grade]}` }, icon(grade === "fail" ? "alert" : "check"), t(`grade.${grade}`))
    : h("span", { class: "chip" }, t("grade.none"));
  return h(
    "div",
    { class: "preview__one" },
    h(
      "p",
      { class: "preview__line" },
      chip,
      row && h("strong", { class: "number" }, row),
      several && h("span", { class: "small muted" }, t("pool.preview.readers", { n: readers })),
    ),
    row && has(`grade_row.${row}`) && h("p", { class: "small" }, t(`grade_row.${row}`)),
    better && h("p", { class: "small muted" }, t("grade.if_satisfied", { row: better })),
    findings.map((finding) => h("p", { class: "small preview__finding" }, icon("info"), findingText(finding))),
  );
}

function findingText({ code, rule }) {
  return (has(`finding.${code}`) ? t(`finding.${code}`) : code) + (rule ? t("common.rule", { rule }) : "");
}
