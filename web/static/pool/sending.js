// A file on its way to the server: in pieces, from where it stopped after a break in the line.

import { call, Refused } from "../console/http.js";
import { t } from "../console/words.js";

const PIECE = 4 * 1024 * 1024;
const TRIES = 5;
const WAIT_MS = 1_500;

/** Sends a file; `progress(0…1)` as it leaves. `signal` stops it. Returns {file, …} once all of it is kept; throws Refused. */
export async function sendFile(folder, file, progress, signal) {
  const path = `${folder}/${newId()}`;
  const query = new URLSearchParams({ name: file.name, size: file.size });
  let state = await call("POST", `${path}?${query}`);
  let tries = 0;
  while (state.offset < file.size && !signal?.aborted) {
    try {
      state = await piece(path, file, state.offset, progress, signal);
      tries = 0;
    } catch (problem) {
      if (signal?.aborted || problem.retry === "stop" || ++tries >= TRIES) throw problem;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * tries));
      state = await call("GET", path).catch(() => state);
    }
  }
  return { ...state, path };
}

/** Takes a file away again that has not been sent to the reader. */
export const dropFile = (path) => call("DELETE", path).catch(() => {});

const newId = () => (crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`).slice(0, 40);

function piece(path, file, offset, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", path);
    request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf"]')?.content ?? "");
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.setRequestHeader("Upload-Offset", String(offset));
    request.upload.onprogress = (event) => progress(Math.min(1, (offset + event.loaded) / file.size));
    request.onerror = request.ontimeout = () => reject(offline("retry"));
    request.onabort = () => reject(offline("stop"));
    request.onload = () => (request.status < 300 ? resolve(JSON.parse(request.responseText)) : reject(refusal(request)));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file.slice(offset, offset + PIECE));
  });
}

const offline = (retry) => new Refused({ code: "offline", message: t("problem.offline"), retry });

function refusal(request) {
  let error = { message: request.status >= 500 ? t("problem.server") : "", retry: request.status >= 500 ? "retry" : "stop" };
  try {
    error = JSON.parse(request.responseText).error ?? error;
  } catch {
    // a proxy's error page: the status alone tells
  }
  return new Refused(error, request.status);
}
