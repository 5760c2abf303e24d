// The HTTP door: JSON in and out, refusals as values that say what to do next, uploads with progress.

import { t } from "./words.js";

/** What the server would not do, in the reader's words. `retry`: retry (later, the same), resume (look again), stop. */
export class Refused extends Error {
  constructor(error, status = 0) {
    super(error.message || t("problem.unknown"));
    Object.assign(this, {
      status,
      code: error.code ?? "unknown",
      field: error.field ?? "",
      retry: error.retry ?? "stop",
      data: error.data ?? {},
    });
  }
}

export const FRAMES = "/api/frames"; // the line's way up beside an event stream
const DEADLINE_MS = 20_000;
const PIECE_DEADLINE_MS = 300_000;
const offline = () => new Refused({ code: "offline", message: t("problem.offline"), retry: "retry" });
let token = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** The answers carry a fresh form token after a new log-in. */
export function renewCsrf(value) {
  if (value) token = value;
}

/** How far the server's clock is ahead of ours, in ms; countdowns are reckoned in its time. */
export const clockSkew = { ms: 0 };

/** The instant as the server has it. */
export const serverNow = () => Date.now() + clockSkew.ms;

/** How many things the server has been told to do and has done; what was asked for before one of them may be older than it. */
export const deeds = { done: 0 };

/** Calls an endpoint. Returns the decoded answer (null where there is none); throws Refused. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch {
    throw offline();
  }
  const value = answer(response.status, await response.text().catch(() => ""));
  if (method !== "GET" && path !== FRAMES) deeds.done += 1;
  return value;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);

/** Sends a piece of a file, which begins `from` there; `progress(bytes)` as they leave. Returns the answer; throws Refused. */
export function sendPiece(path, piece, { from, progress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", path);
    request.setRequestHeader("X-CSRF-Token", token);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Upload-Offset", from);
    request.timeout = PIECE_DEADLINE_MS;
    request.upload.onprogress = (event) => progress(event.loaded);
    signal?.addEventListener("abort", () => request.abort());
    request.onabort = () => reject(signal.reason);
    request.onerror = request.ontimeout = () => reject(offline());
    request.onload = () => {
      try {
        resolve(answer(request.status, request.responseText));
      } catch (refused) {
        reject(refused);
      }
    };
    request.send(piece);
  });
}

function answer(status, text) {
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null; // a proxy's error page: the status alone tells
  }
  if (status >= 200 && status < 300) return value;
  const error = value?.error ?? {
    code: status === 401 ? "not_logged_in" : "unknown",
    message: status >= 500 ? t("problem.server") : "",
    retry: status >= 500 ? "retry" : "stop",
  };
  if (status === 401) document.dispatchEvent(new CustomEvent("logged-out"));
  throw new Refused(error, status);
}
