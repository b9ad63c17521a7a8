// What becomes of jobs: told by the server's events, asked for every other second while those can't be had.
import { ask } from "../api.js";
import { element } from "../dom.js";
import { t } from "../words.js";

const POLL_MS = 2_000;
/** A server that has too many listeners is asked again for a place after so long. */
const REOPEN_MS = 60_000;
const POLLED = 200;
const REMEMBERED = 1_000;

/**
 * Calls `heard` with the jobs that are new or have changed, of one collection or of all, until it is closed. While the
 * server gives no answer `away`, an element that is a live region, says so.
 */
export class JobFeed {
  constructor(heard, away, collection = null) {
    [this.heard, this.away] = [heard, away];
    this.query = collection === null ? "" : `collection=${encodeURIComponent(collection)}`;
    this.told = new Map();
    this.open();
  }

  open() {
    this.close();
    if (this.told.size) this.poll(); // what ended while nobody looked is not told any more
    this.source = new EventSource(`/v1/jobs/events?${this.query}`);
    this.source.addEventListener("open", () => {
      this.stopPolling();
      this.say("");
    });
    this.source.addEventListener("jobs", (event) => this.tell(JSON.parse(event.data).items));
    this.source.addEventListener("error", () => this.fallBack());
  }

  close() {
    this.source?.close();
    this.stopPolling();
    clearTimeout(this.reopening);
    this.say("");
  }

  /** The browser connects anew by itself, unless the server refused. */
  fallBack() {
    if (!this.polling) {
      this.polling = setInterval(() => this.poll(), POLL_MS);
      this.poll();
    }
    if (this.source.readyState === EventSource.CLOSED) {
      clearTimeout(this.reopening);
      this.reopening = setTimeout(() => this.open(), REOPEN_MS);
    }
  }

  stopPolling() {
    clearInterval(this.polling);
    this.polling = undefined;
  }

  async poll() {
    try {
      const page = await ask(`/v1/jobs?limit=${POLLED}&${this.query}`);
      this.say("");
      this.tell(page.items);
    } catch (error) {
      if (!this.polling) return; // the events go on, or nobody looks any more
      this.say(error.code === "network" ? t("The server can't be reached; trying again …") : error.explanation);
    }
  }

  say(problem) {
    if (this.away.textContent === problem) return;
    this.away.replaceChildren(...(problem ? [element("p", { class: "problem" }, problem)] : []));
  }

  /** What was told last of a job. */
  last(jobId) {
    return this.told.has(jobId) ? JSON.parse(this.told.get(jobId)) : null;
  }

  tell(jobs) {
    const changed = jobs.filter((job) => {
      const text = JSON.stringify(job);
      if (this.told.get(job.job_id) === text) return false;
      this.told.set(job.job_id, text);
      return true;
    });
    for (const id of this.told.keys()) if (this.told.size > REMEMBERED) this.told.delete(id);
    if (changed.length) this.heard(changed);
  }
}

export const isOver = (job) => !["queued", "running"].includes(job.state);
