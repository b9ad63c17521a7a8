// Sending a form with a file, and saying how much of it is on its way: fetch can't.
import { address, ApiError } from "./api.js";
import { t } from "./words.js";

/** The JSON answer to `form`; `onProgress` gets the share that was sent, 0..1. An aborted `signal` raises AbortError. */
export function upload(path, form, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path));
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 1));
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("load", () => {
      if (request.status < 400) resolve(request.response);
      else reject(new ApiError(request.status, request.response ?? { code: "internal", message: request.statusText }));
    });
    request.addEventListener("error", () => {
      const message = t("The server can't be reached. Check that it runs, and try again.");
      reject(new ApiError(0, { code: "network", message }));
    });
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
