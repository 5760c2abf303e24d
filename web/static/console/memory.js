// Small things that a browser keeps for its person: convenience, never truth. Who logs in next at a shared desk has their own.

import { page } from "./words.js";

/** A name in a browser's storage, for whoever is logged in. */
export const ownName = (name) => `shuqiao.${page.me?.id ?? "console"}.${name}`;

/** Kept across windows and reloads; null is forgotten. */
export function remember(name, value) {
  try {
    if (value == null) localStorage.removeItem(ownName(name));
    else localStorage.setItem(ownName(name), JSON.stringify(value));
  } catch {
    // private windows forget
  }
}

/** What was kept under a name, or null. */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(ownName(name)));
  } catch {
    return null;
  }
}

/** Kept for this tab alone: drafts, which conversations stand side by side. */
export const tab = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(ownName(name)));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value == null || value === "") sessionStorage.removeItem(ownName(name));
      else sessionStorage.setItem(ownName(name), JSON.stringify(value));
    } catch {
      // full or forbidden: the draft lives in its field
    }
  },
};
