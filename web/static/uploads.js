// Files on their way to a request or an answer: several at once, with progress; they go on after a break in the line, can be
// cancelled, tried again and taken away. A plain file input does without a script; this one takes its place.

const PIECE = 8 * 1024 * 1024;
const AT_ONCE = 2;
const TRIES = 20; // without a byte of progress between them
const WAITS_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000];
const STALLED_MS = 30_000;
const CHECKED_MS = 360_000; // hashing and scanning 200 MB

/** Why a file did not arrive. `retry`: the same may succeed in a moment. */
class Trouble extends Error {
  constructor(message, { code = "offline", retry = false, offset = null } = {}) {
    super(message);
    Object.assign(this, { code, retry, offset });
  }
}

const token = () => document.querySelector('meta[name="csrf"]')?.content ?? "";
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** One file. `state`: waiting, sending, checking, offline, done, failed. Dispatches `change`. */
export class Upload extends EventTarget {
  #request = null;
  #beginning = null;
  #gone = false;

  constructor(place, file, headers = () => ({ "X-CSRF-Token": token() })) {
    super();
    Object.assign(this, { file, name: file.name, size: file.size, headers, sent: 0, state: "waiting", message: "", id: "" });
    this.path = `${place}/${newId()}`;
  }

  /** Sends what the server does not have yet. Never throws: `state` says how it went. */
  async send() {
    let tries = 0;
    // Begun again, it is found as far as it has come: also where the first beginning never arrived.
    const begin = () => {
      this.#beginning = this.#ask("POST", `?${new URLSearchParams({ name: this.name, size: this.size })}`);
      return this.#beginning.finally(() => (this.#beginning = null));
    };
    let next = begin;
    while (!this.#gone && this.state !== "done") {
      try {
        const { offset, whole, id } = await next();
        if (offset > this.sent) tries = 0;
        this.#now(whole ? "done" : "sending", { sent: offset, id: whole ? id : "" });
        next = () => this.#piece(offset);
      } catch (trouble) {
        if (this.#gone) return;
        if (!(trouble instanceof Trouble)) throw trouble;
        if (!trouble.retry) return this.#now("failed", { message: trouble.message, hopeless: true });
        if (++tries > TRIES) return this.#now("failed", { message: trouble.message });
        if (trouble.code === "offline") this.#now("offline");
        else if (tries > 4) return this.#now("failed", { message: trouble.message });
        if (trouble.offset === null) await pause(WAITS_MS[Math.min(tries, WAITS_MS.length) - 1]);
        next = begin;
      }
    }
  }

  /** Stops it, and takes away what has arrived. */
  async remove() {
    this.#gone = true;
    // A beginning is heard out: overtaken by the farewell, it would leave a file that nobody sends.
    if (this.#beginning) await this.#beginning.catch(() => {});
    else this.#request?.abort();
    await this.#ask("DELETE", "").catch(() => {}); // what is left is forgotten by the server in time
  }

  #now(state, more = {}) {
    Object.assign(this, { state, message: "", ...more });
    this.dispatchEvent(new Event("change"));
  }

  #ask(method, query) {
    return this.#call(method, query, null);
  }

  #piece(offset) {
    return this.#call("PATCH", "", offset);
  }

  #call(method, query, offset) {
    const request = (this.#request = new XMLHttpRequest());
    return new Promise((resolve, reject) => {
      let watch = 0;
      const alive = (ms = STALLED_MS) => {
        clearTimeout(watch);
        watch = setTimeout(() => request.abort(), ms);
      };
      request.open(method, this.path + query);
      for (const [name, value] of Object.entries(this.headers())) request.setRequestHeader(name, value);
      if (offset !== null) {
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.setRequestHeader("Upload-Offset", String(offset));
        request.upload.onprogress = ({ loaded }) => {
          alive();
          this.#now("sending", { sent: Math.min(this.size, offset + loaded) });
        };
        request.upload.onload = () => {
          alive(CHECKED_MS);
          if (offset + PIECE >= this.size) this.#now("checking", { sent: this.size });
        };
      }
      request.onerror = request.onabort = () => reject(new Trouble("", { retry: true }));
      request.onload = () => {
        const said = parsed(request.responseText);
        if (request.status < 300 && said) resolve(said);
        else reject(refused(request.status, said?.error));
      };
      request.onloadend = () => clearTimeout(watch);
      alive();
      request.send(offset === null ? null : this.file.slice(offset, offset + PIECE));
    });
  }
}

/** A list of uploads beside a file input. `labels` are the texts below `upload.` */
export class UploadField {
  #running = 0;

  constructor(input, labels, { place = input.dataset.uploads, limit = Number(input.dataset.limit), headers } = {}) {
    Object.assign(this, { input, labels, place, limit, headers, uploads: [] });
    input.removeAttribute("name"); // the files have gone ahead: the form need not carry them
    input.multiple = true;
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    this.list = make("ul", { className: "uploads" });
    this.list.setAttribute("aria-label", labels.list);
    this.said = make("p", { className: "visually-hidden", role: "status" });
    this.zone = make("div", { className: "uploads-zone" });
    input.before(this.zone);
    this.zone.append(input, make("span", { className: "muted small", textContent: labels.drop_here }));
    this.zone.after(this.list, this.said);
    this.#takeDrops();
    input.form?.addEventListener("submit", (event) => this.#hold(event));
  }

  /** Starts sending these files. */
  add(files) {
    for (const file of files) {
      const upload = new Upload(this.place, file, this.headers);
      const problem = file.size > this.limit ? this.#text("too_large", { size: this.size(this.limit) }) : file.size ? "" : this.labels.empty;
      if (problem) Object.assign(upload, { state: "failed", message: problem, hopeless: true });
      this.#show(upload);
    }
    this.#go();
  }

  /** The files that have arrived. */
  get ids() {
    return this.uploads.filter(({ state }) => state === "done").map(({ id }) => id);
  }

  /** Whether something is still on its way. */
  get busy() {
    return this.uploads.some(({ state }) => !["done", "failed"].includes(state));
  }

  size(octets) {
    const power = Math.min(3, Math.floor(Math.log2(Math.max(1, octets)) / 10));
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: power ? 1 : 0 });
    return `${number.format(octets / 1024 ** power)} ${["B", "KB", "MB", "GB"][power]}`;
  }

  async #go() {
    while (this.#running < AT_ONCE) {
      const next = this.uploads.find(({ state, started }) => state === "waiting" && !started);
      if (!next) return;
      next.started = true;
      this.#running += 1;
      next.send().finally(() => {
        this.#running -= 1;
        this.#go();
      });
    }
  }

  #show(upload) {
    const name = make("span", { className: "uploads__name", textContent: upload.name });
    const bar = make("progress", { className: "uploads__bar", max: upload.size });
    bar.setAttribute("aria-label", upload.name);
    const said = make("span", { className: "uploads__said small" });
    const again = make("button", { type: "button", className: "button button--small", textContent: this.labels.retry });
    const away = make("button", { type: "button", className: "button button--quiet button--small" });
    const line = make("li", { className: "uploads__item" });
    line.append(name, said, bar, again, away);
    again.addEventListener("click", () => {
      Object.assign(upload, { state: "waiting", started: false });
      draw();
      this.#go();
    });
    away.addEventListener("click", () => this.#remove(upload, line));
    const draw = () => {
      const { state, sent, size } = upload;
      line.dataset.state = state;
      bar.hidden = state === "done" || state === "failed";
      bar.value = sent;
      said.textContent = this.#said(upload, sent, size);
      again.hidden = state !== "failed" || Boolean(upload.hopeless);
      away.textContent = state === "done" || state === "failed" ? this.labels.remove : this.labels.cancel;
      away.setAttribute("aria-label", `${away.textContent}: ${upload.name}`);
      if (upload.told !== state && ["done", "failed", "offline"].includes(state)) this.said.textContent = `${upload.name}: ${said.textContent}`;
      upload.told = state;
    };
    upload.addEventListener("change", draw);
    upload.addEventListener("change", () => this.input.dispatchEvent(new Event("uploads", { bubbles: true })));
    this.uploads.push(upload);
    this.list.append(line);
    draw();
  }

  #said({ state, message }, sent, size) {
    const values = { percent: Math.floor((100 * sent) / Math.max(1, size)), done: this.size(sent), size: this.size(size), message };
    return this.#text(state, values);
  }

  #remove(upload, line) {
    if (upload.started || upload.sent) upload.remove();
    this.uploads = this.uploads.filter((one) => one !== upload);
    line.remove();
    this.input.focus();
    this.input.dispatchEvent(new Event("uploads", { bubbles: true }));
  }

  /** A form that is sent while files are on their way waits for them; pressed again, it goes without. */
  #hold(event) {
    if (!this.busy || event.submitter?.formNoValidate || this.held) return;
    event.preventDefault();
    this.held = true;
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    const look = () => {
      if (this.busy) return;
      this.input.removeEventListener("uploads", look);
      button?.removeAttribute("aria-busy");
      this.held = false;
      if (this.uploads.every(({ state }) => state === "done")) this.input.form.requestSubmit(button);
    };
    this.input.addEventListener("uploads", look);
  }

  #takeDrops() {
    const over = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.zone.toggleAttribute("data-over", event.type === "dragover");
      if (event.type === "drop") this.add(event.dataTransfer.files);
    };
    for (const kind of ["dragover", "dragleave", "drop"]) this.zone.addEventListener(kind, over);
  }

  #text(key, values) {
    return this.labels[key].replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
  }
}

function pause(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    window.addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's error page: the status alone tells
  }
}

function refused(status, error) {
  const moved = error?.code === "upload_offset";
  const retry = moved || status >= 500 || status === 429;
  const code = error?.code ?? (status >= 500 ? "offline" : "unknown");
  return new Trouble(error?.message ?? `HTTP ${status}`, { code, retry, offset: moved ? error.data?.offset ?? null : null });
}

function make(name, props) {
  return Object.assign(document.createElement(name), props);
}

for (const input of document.querySelectorAll("input[type=file][data-uploads]")) {
  input.uploads = new UploadField(input, JSON.parse(input.dataset.words));
}
