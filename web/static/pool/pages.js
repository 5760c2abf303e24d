// The pool's pages as they were fetched, each with its place in the list: one page can be looked at again without the others.

/** Pages of rows behind keyset cursors. `fetchPage(after)` returns {rows, next, …}. */
export class Pages {
  constructor(fetchPage) {
    this.fetchPage = fetchPage;
    this.forget();
  }

  forget() {
    this.list = [];
    this.turn = (this.turn ?? 0) + 1;
  }

  /** Every row once; a task that moved while pages were fetched stands where it was seen last. */
  get rows() {
    const seen = new Map();
    for (const page of this.list) for (const row of page.rows) seen.set(row.id, row);
    return [...seen.values()];
  }

  get next() {
    return this.list.length ? this.list.at(-1).next : "";
  }

  get complete() {
    return this.list.length > 0 && !this.next;
  }

  /** Fetches the first page, or the one after what is here. Returns the answer; null when it came too late. */
  async more() {
    const after = this.list.length ? this.next : "";
    const answer = await this.#ask(after);
    if (answer && !this.list.some((page) => page.after === after))
      this.list.push({ after, rows: answer.rows, next: answer.next });
    return answer;
  }

  /** Looks again at the pages that hold these tasks, and at those given; at all of them without ids. */
  async again(ids, shown = []) {
    const known = new Set(this.list.flatMap((page) => page.rows.map((row) => row.id)));
    const strange = !ids || [...ids].some((id) => !known.has(id));
    const wanted = this.list.filter(
      (page, at) =>
        !ids ||
        page.rows.some((row) => ids.has(row.id)) ||
        (strange && (at === this.list.length - 1 || page.rows.some((row) => shown.includes(row.id)))),
    );
    let last = null;
    for (const page of wanted.length ? wanted : this.list.slice(-1)) {
      last = await this.#ask(page.after);
      if (!last) return null;
      this.#renew(page, last);
    }
    return last;
  }

  #renew(page, answer) {
    const at = this.list.indexOf(page);
    const later = new Set(this.list.slice(at + 1).flatMap((each) => each.rows.map((row) => row.id)));
    page.rows = answer.rows.filter((row) => !later.has(row.id));
    if (at === this.list.length - 1) page.next = answer.next;
  }

  async #ask(after) {
    const turn = this.turn;
    const answer = await this.fetchPage(after);
    return turn === this.turn ? answer : null;
  }
}
