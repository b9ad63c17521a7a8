// One file on its way: waiting, sending, queued at the server, then stored or failed, with what can be done.
import { ApiError, send } from "../api.js";
import { element } from "../dom.js";
import { facts } from "../facts.js";
import { percent, t } from "../words.js";

/** What lies in the file itself: sending it again would only end the same way. */
const FAULTS_OF_FILES = [
  "decoder_crashed", "no_speech", "not_audio", "not_finite", "silent", "too_large", "too_long", "too_short", "truncated",
];
/** What lies in what was said of the file. */
const FAULTS_OF_FIELDS = ["bad_query", "bad_recording", "invalid", "mixed", "no_channel", "refused"];

/** The server that has a job may be away when it is asked what became of it. */
const ASK_AGAIN_MS = 2_000;

export class Upload {
  /** `fields` gives the form's other fields as they are now; `changed` is called whenever its state changes. */
  constructor(file, fields, changed) {
    [this.file, this.fields, this.said, this.changed, this.allowsAgain] = [file, fields, fields(), changed, false];
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
    if (this.allowsAgain) form.append("allow_again", "true");
    form.append("recording", this.file);
    try {
      const job = await send("recordings", form, (share) => this.sent(share));
      this.jobId = job.job_id;
      this.wait();
    } catch (error) {
      this.fail(error);
    }
  }

  sent(share) {
    this.progress.value = share;
    this.progress.title = percent(share);
  }

  wait() {
    this.progress.removeAttribute("value"); // from here on nobody can say how long
    this.become("queued", t("waits for its turn"));
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
      if (error.code === "network") setTimeout(() => this.wait(), ASK_AGAIN_MS);
      else this.fail(error);
    }
  }

  conclude(job) {
    const [item] = job.items;
    const ids = item?.recording_ids ?? [];
    const remark = item?.code ? new ApiError(0, item) : null;
    if (!ids.length) {
      this.fail(remark ?? new ApiError(0, { code: job.state, message: job.error ?? t("This was cancelled.") }));
      return;
    }
    const links = ids.map((id, place) =>
      element("a", { href: recordingPage(id) }, ids.length > 1 ? t("Look at it (%(n)s)", { n: place + 1 }) : t("Look at it")),
    );
    // its name is known from now on, so that the same once more changes what is stored
    if (remark?.code === "details_kept") links.push(this.button(t("Change the stored details"), () => this.retry()));
    this.doing.replaceChildren(...links);
    this.progress.value = 1;
    const outcome = job.counts.ingested ? t("stored") : t("is stored already");
    this.become("stored", remark ? t("%(outcome)s. %(more)s", { outcome, more: remark.explanation }) : outcome);
  }

  fail(error) {
    this.progress.value = 0;
    this.doing.replaceChildren(...this.remedies(error.code));
    const advice = t("Choose “all channels mixed” above, leave open who speaks left and right, and retry.");
    this.become("failed", error.code === "no_channel" ? `${error.explanation} ${advice}` : error.explanation);
  }

  /** Buttons for what may help. */
  remedies(code) {
    if (code === "suppressed") return [this.button(t("Store it all the same"), () => this.retry({ allowsAgain: true }))];
    if (FAULTS_OF_FILES.includes(code)) return [];
    if (!FAULTS_OF_FIELDS.includes(code)) return [this.button(t("Retry"), () => this.retry())];
    return [this.button(t("Retry as the form says now"), () => this.retry({ said: this.fields() }))];
  }

  button(text, onclick) {
    return element("button", { type: "button", class: "second", onclick }, text);
  }

  retry({ allowsAgain = this.allowsAgain, said = this.said } = {}) {
    [this.allowsAgain, this.said] = [allowsAgain, said];
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
