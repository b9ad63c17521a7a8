// What becomes of jobs: told by the server's events, asked for every other second while those can't be had.
import { ask } from "../api.js";

const POLL_MS = 2_000;
/** A server that has too many listeners is asked again for a place after so long. */
const REOPEN_MS = 60_000;
const POLLED = 200;
const REMEMBERED = 1_000;

/** Calls `heard` with the jobs that are new or have changed, of one collection or of all, until it is closed. */
export class JobFeed {
  constructor(heard, collection = null) {
    this.heard = heard;
    this.query = collection === null ? "" : `collection=${encodeURIComponent(collection)}`;
    this.told = new Map();
    this.open();
  }

  open() {
    this.close();
    if (this.told.size) this.poll(); // what ended while nobody looked is not told any more
    this.source = new EventSource(`/v1/jobs/events?${this.query}`);
    this.source.addEventListener("open", () => this.stopPolling());
    this.source.addEventListener("jobs", (event) => this.tell(JSON.parse(event.data).items));
    this.source.addEventListener("error", () => this.fallBack());
  }

  close() {
    this.source?.close();
    this.stopPolling();
    clearTimeout(this.reopening);
  }

  /** The browser connects anew by itself, unless the server refused. */
  fallBack() {
    this.polling ??= setInterval(() => this.poll(), POLL_MS);
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
    const page = await ask(`/v1/jobs?limit=${POLLED}&${this.query}`).catch(() => null); // the next time may go well
    if (page) this.tell(page.items);
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
