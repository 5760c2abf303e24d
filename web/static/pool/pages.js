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

  /** Every row once, as it was seen last. */
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

  /**
   * Looks again at the pages that hold these tasks; a task that is not here may belong to any page that is seen, or to the end.
   * Without ids every page is stale: those that are seen are fetched now, the others when one comes to them.
   */
  async again(ids, shown) {
    if (!ids) for (const page of this.list) page.stale = true;
    const known = new Set(this.list.flatMap((page) => page.rows.map((row) => row.id)));
    const strange = Boolean(ids) && [...ids].some((id) => !known.has(id));
    const wanted = this.list.filter((page, at) => {
      const seen = page.rows.some((row) => shown.has(row.id));
      const last = at === this.list.length - 1;
      return page.rows.some((row) => ids?.has(row.id)) || ((strange || page.stale) && seen) || (strange && last);
    });
    let answer = null;
    for (const page of wanted.length ? wanted : this.list.slice(-1)) {
      answer = await this.#ask(page.after);
      if (!answer) return null;
      this.#renew(page, answer);
    }
    return answer;
  }

  /** Whether a task stands on a page that has to be fetched again. */
  isStale(id) {
    return this.list.some((page) => page.stale && page.rows.some((row) => row.id === id));
  }

  #renew(page, { rows, next }) {
    const at = this.list.indexOf(page);
    const last = at === this.list.length - 1;
    const later = new Set(this.list.slice(at + 1).flatMap((each) => each.rows.map((row) => row.id)));
    const pushedOut = last || !next ? [] : page.rows.filter((row) => isAfter(row, rows.at(-1)));
    page.rows = [...rows, ...pushedOut].filter((row) => !later.has(row.id));
    page.stale = false;
    if (last) page.next = next;
  }

  async #ask(after) {
    const turn = this.turn;
    const answer = await this.fetchPage(after);
    return turn === this.turn ? answer : null;
  }
}

/** Whether a row stands after another in the list: longest wait first. */
function isAfter(row, other) {
  const [mine, theirs] = [Date.parse(row.clock_from_at), Date.parse(other.clock_from_at)];
  return mine === theirs ? row.id > other.id : mine > theirs;
}
