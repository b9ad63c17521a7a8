// Files that are sent one by one, a few at once, and what becomes of each.
import { ask } from "../api.js";
import { number, t } from "../words.js";
import { JobFeed, isOver } from "./job-feed.js";
import { tooLarge } from "./file-size.js";
import { Upload } from "./upload.js";

const AT_ONCE = 3;
/** More wait in the browser: the feed tells of so many at once. */
const OPEN_JOBS = 100;

export class Uploads {
  /** `place` has a status line, a place to say that the server is away, and a list; `fields` gives what is said of files now; `settled` is called when all is over. */
  constructor(place, { collection, maxBytes, fields, settled }) {
    Object.assign(this, { place, collection, maxBytes, fields, settled });
    [this.summary, this.away] = place.querySelectorAll("[role=status]");
    this.list = place.querySelector("ul");
    this.all = [];
    window.addEventListener("beforeunload", (event) => this.some("waiting", "sending") && event.preventDefault());
  }

  add(files) {
    this.place.hidden = false;
    for (const file of files) {
      const upload = new Upload(file, this.fields, () => this.next());
      this.all.push(upload);
      this.list.append(upload.item);
      const problem = tooLarge(file, this.maxBytes);
      if (problem) upload.fail(problem);
    }
    this.next();
  }

  /** Sends what may be sent now, and says how things stand. */
  next() {
    while (this.count("sending") < AT_ONCE && this.count("sending", "queued") < OPEN_JOBS && this.some("waiting")) {
      this.all.find((upload) => upload.state === "waiting").send();
    }
    if (!this.feed && this.some("queued")) this.feed = new JobFeed(() => this.hear(), this.away, this.collection);
    this.hear(); // a quick job may have been told of before its upload was answered
    this.say();
  }

  hear() {
    for (const upload of this.all.filter((one) => one.state === "queued")) {
      const job = this.feed?.last(upload.jobId);
      if (job && isOver(job)) upload.finish(ask(`/v1/jobs/${job.job_id}`));
      else if (job) upload.hear(job);
    }
  }

  say() {
    const isOpen = this.some("waiting", "sending", "queued", "asking");
    const values = {
      stored: number(this.count("stored")), all: number(this.all.length), failed: number(this.count("failed")),
    };
    this.summary.textContent = this.some("failed")
      ? t("%(stored)s of %(all)s stored, %(failed)s not", values)
      : t("%(stored)s of %(all)s stored", values);
    if (this.wasOpen && !isOpen) {
      this.feed?.close();
      this.feed = null;
      this.settled();
    }
    this.wasOpen = isOpen;
  }

  count(...states) {
    return this.all.filter((upload) => states.includes(upload.state)).length;
  }

  some(...states) {
    return this.count(...states) > 0;
  }
}
