// Small things that a browser keeps for its person: convenience, never truth.

/** Kept across windows and reloads; null is forgotten. */
export function remember(name, value) {
  try {
    if (value == null) localStorage.removeItem(`shuqiao.console.${name}`);
    else localStorage.setItem(`shuqiao.console.${name}`, JSON.stringify(value));
  } catch {
    // private windows forget
  }
}

/** What was kept under a name, or null. */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`shuqiao.console.${name}`));
  } catch {
    return null;
  }
}

/** Kept for this tab alone: drafts, which conversations stand side by side. */
export const tab = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(`shuqiao.console.${name}`));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value == null || value === "") sessionStorage.removeItem(`shuqiao.console.${name}`);
      else sessionStorage.setItem(`shuqiao.console.${name}`, JSON.stringify(value));
    } catch {
      // full or forbidden: the draft lives in its field
    }
  },
};
