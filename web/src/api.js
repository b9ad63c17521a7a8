// Requests to this server's own API, and what goes wrong with them.
import { facts } from "./facts.js";
import { showSignedOut } from "./signed-out.js";
import { t } from "./words.js";

/** What the server answers to who has no session, or none any more. */
const SIGNED_OUT = 401;

/** A failure as the API tells it. */
export class ApiError extends Error {
  constructor(status, { code, message, detail }) {
    super(message);
    Object.assign(this, { status, code, detail });
  }

  /** For people: what happened and what to do, in their language. */
  get explanation() {
    return facts.explanations[this.code] ?? this.message;
  }
}

/** The JSON answer of an address; `path` is below the page's collection unless it starts with a slash. */
export async function ask(path, { method = "GET", json, form, signal, headers } = {}) {
  const options = { method, signal, headers: { Accept: "application/json", ...headers }, body: form };
  if (json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
  }
  const response = await reached(address(path), options);
  if (!response.ok) throw await refused(response);
  return response.status === 204 ? null : response.json().catch(() => null);
}

/** The sound at an address of this server. */
export async function fetchSound(url) {
  const response = await reached(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw await refused(response);
  return response.blob();
}

async function refused(response) {
  const answer = await response.json().catch(() => null);
  return failure(response, answer);
}

/** What a request that was refused is told as, by its status and its JSON. */
function failure({ status, statusText }, answer) {
  if (status !== SIGNED_OUT) return new ApiError(status, answer ?? { code: "internal", message: statusText });
  showSignedOut();
  return new ApiError(status, { code: "unauthorized", message: t("You are signed out. Sign in again.") });
}

/** Sends a form, telling which share of it has gone; the JSON answer. `signal` stops it: AbortError. */
export function send(path, form, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what has gone
    request.open("POST", address(path));
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => total && progress(loaded / total));
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.addEventListener("load", () => {
      if (request.status < 400 && request.response) resolve(request.response);
      else reject(failure(request, request.response));
    });
    request.send(form);
  });
}

/** Why a sound can't be played, which the browser doesn't tell: asked of its address, without fetching the sound. */
export async function unplayable(path) {
  const said = await ask(path, { headers: { Range: "bytes=0-0" } }).catch((error) => error);
  return said instanceof Error ? said : new Error(t("This browser can't play this recording."));
}

export function address(path) {
  return path.startsWith("/") ? path : `${facts.api}/${path}`;
}

async function reached(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
}

function unreachable() {
  const message = t("The server can't be reached. Check that it runs, and try again.");
  return new ApiError(0, { code: "network", message });
}
