// Jobs as they change: the page's parts are renewed when the feed tells of one that they show.
import { JobFeed } from "../parts/job-feed.js";
import { renew } from "../parts/live.js";

const PAUSE_MS = 500;
const part = document.querySelector("[data-jobs]");
const collection = new URLSearchParams(location.search).get("collection");
const shown = part.dataset.jobs;
let waiting = null;

function concerns(job) {
  if (shown === "all") return true;
  return shown ? String(job.job_id) === shown : document.getElementById(`job-${job.job_id}`) !== null;
}

const feed = new JobFeed((jobs) => {
  if (!jobs.some(concerns)) return;
  waiting ??= setTimeout(() => {
    waiting = null;
    renew();
  }, PAUSE_MS);
}, document.getElementById("away"), shown === "all" || !shown ? collection : null);

// a page that nobody looks at takes no listener's place
document.addEventListener("visibilitychange", () => (document.hidden ? feed.close() : feed.open()));
