// One file on its way: waiting, sending, queued at the server, then stored or failed, with what can be done.
import { ApiError, send } from "../api.js";
import { element } from "../dom.js";
import { facts } from "../facts.js";
import { percent, t } from "../words.js";

export class Upload {
  /** `said` are the form's other fields; `changed` is called whenever its state changes. */
  constructor(file, said, changed) {
    [this.file, this.said, this.changed, this.again] = [file, said, changed, false];
    this.progress = element("progress", { max: 1, value: 0, "aria-label": t("Progress of %(name)s", { name: file.name }) });
    this.status = element("span", { class: "status", "aria-live": "polite" });
    this.doing = element("span", { class: "row doing" });
    this.item = element("li", { tabindex: -1 }, element("strong", { class: "name" }, file.name), this.progress, this.status, this.doing);
    this.become("waiting", t("waits to be sent"));
  }

  async send() {
    this.become("sending", t("is being sent"));
    const form = new FormData();
    for (const [name, value] of this.said) if (value !== "") form.append(name, value);
    if (this.again) form.append("allow_again", "true");
    form.append("recording", this.file);
    try {
      const job = await send("recordings", form, (share) => this.sent(share));
      this.jobId = job.job_id;
      this.progress.removeAttribute("value"); // from here on nobody can say how long
      this.become("queued", t("waits for its turn"));
    } catch (error) {
      this.fail(error);
    }
  }

  sent(share) {
    this.progress.value = share;
    this.progress.title = percent(share);
  }

  hear(job) {
    if (job.state === "running") this.say(t("is being listened to"));
  }

  /** `asked` is the promise of its job, which is over. */
  async finish(asked) {
    this.state = "asking";
    try {
      this.conclude(await asked);
    } catch (error) {
      this.fail(error);
    }
  }

  conclude(job) {
    const [item] = job.items;
    const ids = item?.recording_ids ?? [];
    const problem = item?.code ? new ApiError(0, item) : null;
    if (!ids.length) {
      this.fail(problem ?? new ApiError(0, { code: job.state, message: job.error ?? t("This was cancelled.") }));
      return;
    }
    const isNew = Boolean(job.counts.ingested);
    const links = ids.map((id, place) =>
      element("a", { href: recordingPage(id) }, ids.length > 1 ? t("Look at it (%(n)s)", { n: place + 1 }) : t("Look at it")),
    );
    this.doing.replaceChildren(...links);
    this.progress.value = 1;
    const outcome = isNew ? t("stored") : t("is stored already");
    this.become("stored", problem ? `${outcome}; ${problem.explanation}` : outcome);
  }

  fail(error) {
    this.progress.value = 0;
    const retry = element("button", { type: "button", class: "second", onclick: () => this.retry(false) }, t("Retry"));
    const anyway = element("button", { type: "button", class: "second", onclick: () => this.retry(true) }, t("Store it all the same"));
    this.doing.replaceChildren(error.code === "suppressed" ? anyway : retry);
    this.become("failed", error.explanation);
  }

  retry(again) {
    this.again ||= again;
    this.item.focus(); // the button goes
    this.doing.replaceChildren();
    this.become("waiting", t("waits to be sent"));
  }

  become(state, text) {
    this.state = state;
    this.item.dataset.state = state;
    this.progress.hidden = ["stored", "failed"].includes(state);
    this.say(text);
    this.changed();
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

function recordingPage(id) {
  return `/archive/${id}?collection=${encodeURIComponent(facts.collection)}`;
}
