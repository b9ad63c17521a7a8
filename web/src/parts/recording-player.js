// Plays a recording by its waveform, and shows everywhere on its page where it is.
import { unplayable } from "../api.js";
import { element, showProblem } from "../dom.js";
import { emotions } from "../facts.js";
import { clock, percent, t } from "../words.js";
import { hush } from "./clip-player.js";

const find = (id) => document.getElementById(id);
const [place, button, cursor] = [find("waveform"), find("play"), find("cursor")];

export class RecordingPlayer {
  /** `utterances` are {id, start, end, label, confidence}; `audio` is where its sound is. */
  constructor(surfer, durationS, utterances, audio) {
    Object.assign(this, { surfer, durationS, utterances, audio });
    for (const name of ["play", "pause", "timeupdate", "seeking"]) surfer.on(name, () => this.show());
    surfer.on("error", () => this.fail());
    this.show();
  }

  get atS() {
    return this.surfer.getCurrentTime();
  }

  toggle() {
    if (this.surfer.isPlaying()) this.surfer.pause();
    else this.play();
  }

  /** From a moment to another, or from where it is, to the end. */
  async play(fromS, untilS) {
    hush();
    try {
      await this.surfer.play(fromS, untilS);
    } catch (error) {
      if (error.name !== "AbortError") await this.fail();
    }
  }

  async fail() {
    showProblem(find("sound-problem"), await unplayable(this.audio));
  }

  press(event) {
    const stepS = Math.min(5, this.durationS / 20);
    const moves = { ArrowRight: stepS, ArrowUp: stepS, ArrowLeft: -stepS, ArrowDown: -stepS, PageUp: 30, PageDown: -30 };
    if (event.key === " ") this.toggle();
    else if (event.key in moves) this.moveTo(this.atS + moves[event.key]);
    else if (event.key === "Home") this.moveTo(0);
    else if (event.key === "End") this.moveTo(this.durationS);
    else return;
    event.preventDefault();
  }

  moveTo(seconds) {
    this.surfer.setTime(Math.min(this.durationS, Math.max(0, seconds)));
    this.show();
  }

  show() {
    const [sign, action] = this.surfer.isPlaying() ? ["⏸", t("Pause")] : ["▶", t("Play")];
    if (button.textContent !== `${sign} ${action}`) {
      button.replaceChildren(element("span", { "aria-hidden": "true" }, sign), ` ${action}`);
    }
    find("position").textContent = `${clock(this.atS)} / ${clock(this.durationS)}`;
    cursor.hidden = false;
    cursor.style.left = `${(this.atS / this.durationS) * 100}%`;
    const now = this.utterances.find((one) => one.start <= this.atS && this.atS < one.end);
    this.showUtterance(now);
  }

  showUtterance(now) {
    const words = now ? `${emotions[now.label].emoji} ${emotions[now.label].name} ${percent(now.confidence)}` : "";
    find("now").textContent = words;
    place.setAttribute("aria-valuenow", this.atS.toFixed(1));
    place.setAttribute("aria-valuetext", `${clock(this.atS)} ${words}`.trim());
    if (this.marked === now?.id) return;
    document.querySelector("tr.now")?.classList.remove("now");
    if (now) find(`u${now.id}`)?.classList.add("now");
    this.marked = now?.id;
  }
}
