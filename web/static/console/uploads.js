// Files in pieces: what has arrived stays, so that a broken line costs only the rest.

import { post, sendPiece } from "./http.js";

const PIECE = 2 ** 21; // no proxy keeps more than this back from the server

/**
 * Sends a file, or the rest of it: `{ id, file, silent }`, where the same `id` is the same sending. `progress(0…1)`;
 * `signal` breaks off. Returns what the server says of the whole file; throws Refused, after which it may be called again.
 */
export async function upload(session, { id, file, silent = false }, progress, signal) {
  const path = `/api/sessions/${session}/uploads/${id}`;
  const quiet = silent ? { silent: "1" } : {};
  const query = new URLSearchParams({ name: file.name, size: file.size, ...quiet });
  let state = await post(`${path}?${query}`);
  do {
    signal?.throwIfAborted();
    const from = state.offset;
    progress(from / file.size);
    state = await sendPiece(`${path}?${new URLSearchParams(quiet)}`, file.slice(from, from + PIECE), {
      from,
      progress: (sent) => progress((from + sent) / file.size),
      signal,
    });
  } while (state.offset < file.size);
  return state;
}

/** Whether a refused upload may simply go on after a while. */
export const passes = ({ code, retry }) => retry === "retry" || code === "upload_offset";
