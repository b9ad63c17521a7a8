// Requests to this server's own API, and what goes wrong with them.
import { facts } from "./facts.js";
import { t } from "./words.js";

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
export async function ask(path, { method = "GET", json, form, signal } = {}) {
  const options = { method, signal, headers: { Accept: "application/json" }, body: form };
  if (json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
  }
  const response = await reached(address(path), options);
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, answer ?? { code: "internal", message: response.statusText });
  return answer;
}

export function address(path) {
  return path.startsWith("/") ? path : `${facts.api}/${path}`;
}

async function reached(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const message = t("The server can't be reached. Check that it runs, and try again.");
    throw new ApiError(0, { code: "network", message });
  }
}
