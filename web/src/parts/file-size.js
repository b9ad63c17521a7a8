// How large a file may be that is sent.
import { ApiError } from "../api.js";
import { number, t } from "../words.js";

export const MB = 1_000_000;

/** What to say of a file that the server would not take; null where it would. */
export function tooLarge(file, maxBytes) {
  if (file.size <= maxBytes) return null;
  const values = { size: number(file.size / MB, 1), most: number(maxBytes / MB, 1) };
  return new SizeError(
    t("This file has %(size)s MB, and the server takes %(most)s MB at most. Send a shorter recording, or the same as mp3, m4a or ogg.", values),
  );
}

/** Found here, before anything was sent, so that its own words say it best. */
class SizeError extends ApiError {
  constructor(message) {
    super(0, { code: "too_large", message });
  }

  get explanation() {
    return this.message;
  }
}
