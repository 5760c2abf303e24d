// Requests to our own origin: no cookies, the reader's proof in a header, refusals as errors in the reader's words.

const PATIENCE = 300_000; // a piece that takes longer is lost

export class Refused extends Error {
  // code and field name what was wrong; retry says what helps: "retry" later, "resume" (look again) or "stop".
  constructor(status, { code, message, field = "", retry = "stop", data = {} }) {
    super(message);
    Object.assign(this, { status, code, field, retry, data });
  }
}

export class Api {
  // who() gives the value of the Authorization header, or nothing; words is for what the server could not say.
  constructor(origin, who, words) {
    Object.assign(this, { origin, who, words });
  }

  get(path, as) {
    return this.#ask("GET", path, undefined, as);
  }

  post(path, body = {}, as = this.who()) {
    return this.#ask("POST", path, body, as);
  }

  async #ask(method, path, body, as = this.who()) {
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (as) headers.Authorization = as;
    let answer;
    try {
      answer = await fetch(this.address(path), {
        method,
        headers,
        credentials: "omit",
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout?.(20_000),
      });
    } catch {
      throw this.away();
    }
    if (answer.status === 401) this.unknown?.(as);
    const value = await answer.json().catch(() => null);
    if (answer.ok && value) return value;
    throw value?.error ? new Refused(answer.status, value.error) : this.away(answer.status);
  }

  address(path) {
    return `${this.origin}${path}${path.includes("?") ? "&" : "?"}lang=${this.words.language}`;
  }

  // A piece of a file, and how many bytes of it have left; returns {done: Promise, cancel()}.
  send(path, piece, offset, progress) {
    const request = new XMLHttpRequest();
    const done = new Promise((fulfil, fail) => {
      request.open("PATCH", this.address(path));
      request.setRequestHeader("Authorization", this.who());
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Upload-Offset", offset);
      request.responseType = "json";
      request.timeout = PATIENCE;
      request.upload.onprogress = ({ loaded }) => progress(loaded);
      request.onerror = request.ontimeout = () => fail(this.away());
      request.onabort = () => fail(Object.assign(new Error(), { cancelled: true }));
      request.onload = () => {
        const { status, response } = request;
        if (status >= 200 && status < 300) fulfil(response);
        else fail(response?.error ? new Refused(status, response.error) : this.away(status));
      };
      request.send(piece);
    });
    return { done, cancel: () => request.abort() };
  }

  away(status = 0) {
    return new Refused(status, { code: "offline", message: this.words.say("error.offline"), retry: "retry" });
  }
}
