// What this browser keeps for one desk, in the storage of the page that carries it: who the reader is to us, the open
// conversation, drafts, and what was written while offline. Every unsent message has a key of its own, so that two
// tabs never overwrite each other's.

export class Keeping {
  constructor(origin, slug) {
    this.prefix = `shuqiao ${origin} ${slug} `;
    this.memory = new Map(); // where the browser refuses storage, one page is still served
  }

  get(name) {
    const text = this.#guard(() => localStorage.getItem(this.prefix + name)) ?? this.memory.get(name);
    try {
      return text ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }

  set(name, value) {
    const text = JSON.stringify(value);
    this.memory.set(name, text);
    this.#guard(() => localStorage.setItem(this.prefix + name, text));
  }

  drop(name) {
    this.memory.delete(name);
    this.#guard(() => localStorage.removeItem(this.prefix + name));
  }

  // The log-in, while it is good.
  get login() {
    const login = this.get("login");
    return login?.until > Date.now() ? login : null;
  }

  get bearer() {
    const { login } = this;
    return login && `Bearer ${login.bearer}`;
  }

  // The Authorization header: the log-in where the conversation (or, without one, the reader) has one.
  proof() {
    const { bearer } = this;
    const visitor = this.get("visitor");
    if (bearer && this.get("talk")?.as !== "visitor") return bearer;
    return visitor ? `Visitor ${visitor}` : "";
  }

  // Messages of a conversation that the server has not acknowledged.
  unsent(session) {
    const names = new Set(this.memory.keys());
    this.#guard(() => {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(this.prefix)) names.add(key.slice(this.prefix.length));
      }
    });
    return [...names]
      .filter((name) => name.startsWith("unsent "))
      .map((name) => this.get(name))
      .filter((entry) => entry?.session === session);
  }

  // Calls back when another tab changes something: (name, new value or null, old value or null); until the signal.
  listen(changed, signal) {
    addEventListener(
      "storage",
      ({ key, newValue, oldValue }) => {
        if (!key?.startsWith(this.prefix)) return;
        const [now, before] = [newValue, oldValue].map((text) => (text ? JSON.parse(text) : null));
        const name = key.slice(this.prefix.length);
        if (now === null) this.memory.delete(name);
        changed(name, now, before);
      },
      { signal },
    );
  }

  #guard(access) {
    try {
      return access();
    } catch {
      return null; // storage is full, or not ours to use
    }
  }
}
