// Looks at one thing, of which several may be under way: an answer that was overtaken would undo what stands there.

export class Looks {
  #begun = 0;
  #past = 0;

  /** A look begins. Returns what says, once, when its answer is there, whether it still counts. */
  begin() {
    const turn = ++this.#begun;
    return () => {
      if (turn <= this.#past) return false;
      this.#past = turn;
      return true;
    };
  }

  /** Something was done here: the answers to what was asked before it come too late. */
  outdate() {
    this.#past = this.#begun;
  }
}
