// <clip-player recording="7" start="4.9" end="8.4" name="call.webm">: hears a stretch of a stored recording.
// With `src` and `wave` (addresses) instead of `recording`, anything else. One plays at a time.
import { address, ask, unplayable } from "../api.js";
import { element } from "../dom.js";
import { clock, t } from "../words.js";
import { drawWave } from "./wave.js";

const waves = new Map();
let playing = null;

/** Whatever plays pauses, for something else to be heard. */
export function hush() {
  playing?.pause();
}

class ClipPlayer extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.startS = Number(this.getAttribute("start") ?? 0);
    this.endS = this.hasAttribute("end") ? Number(this.getAttribute("end")) : null;
    this.button = element("button", {
      type: "button",
      class: "second",
      onclick: () => this.toggle(),
      onkeydown: (event) => this.arrow(event),
    });
    this.canvas = element("canvas", { "aria-hidden": "true", onclick: (event) => this.jump(event) });
    this.time = element("span", { class: "time" });
    this.append(this.button, this.canvas, this.time);
    this.show();
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      this.loadWave();
    });
    seen.observe(this);
    new ResizeObserver(() => this.show()).observe(this.canvas);
  }

  disconnectedCallback() {
    this.pause();
  }

  get lengthS() {
    return this.endS === null ? (this.wave?.duration_s ?? 0) - this.startS : this.endS - this.startS;
  }

  async loadWave() {
    const path = this.getAttribute("wave") ?? `recordings/${this.getAttribute("recording")}/waveform`;
    if (!waves.has(path)) waves.set(path, ask(path));
    try {
      this.wave = await waves.get(path);
      this.show();
    } catch {
      waves.delete(path); // what can't be drawn may still be heard; playing says what is wrong
    }
  }

  async toggle() {
    if (playing === this) {
      this.pause();
      return;
    }
    hush();
    playing = this; // before there is anything to hear: the next one that is pressed stops this one
    this.sound ??= this.open();
    if (this.sound.currentTime < this.startS - 0.05 || this.atEnd()) this.sound.currentTime = this.startS;
    this.dispatchEvent(new CustomEvent("clip-play", { bubbles: true }));
    this.show();
    try {
      await this.sound.play();
      this.failed = false;
      this.follow();
    } catch (error) {
      if (error.name === "AbortError") return; // paused before it began
      if (playing === this) playing = null;
      await this.fail();
    }
    this.show();
  }

  pause() {
    this.sound?.pause();
    if (playing === this) playing = null;
    this.show();
  }

  open() {
    const source = this.getAttribute("src") ?? address(`recordings/${this.getAttribute("recording")}/audio`);
    const sound = new Audio(source);
    sound.preload = "metadata";
    sound.currentTime = this.startS;
    sound.addEventListener("ended", () => this.pause());
    return sound;
  }

  atEnd() {
    return this.endS !== null && this.sound.currentTime >= this.endS - 0.02;
  }

  follow() {
    if (playing !== this) return;
    if (this.atEnd()) this.pause();
    else requestAnimationFrame(() => this.follow());
    this.show();
  }

  jump(event) {
    this.sound ??= this.open();
    this.sound.currentTime = this.startS + (event.offsetX / this.canvas.clientWidth) * this.lengthS;
    if (playing !== this) this.toggle();
  }

  /** By keyboard: a second back or on, within the stretch. */
  arrow(event) {
    const byS = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!byS) return;
    event.preventDefault();
    this.sound ??= this.open();
    this.sound.currentTime = this.startS + Math.min(Math.max(this.sound.currentTime - this.startS + byS, 0), this.lengthS);
    this.show();
  }

  async fail() {
    const problem = await unplayable(new URL(this.sound.src).pathname);
    this.sound = null;
    this.time.replaceChildren(element("span", { class: "failed", role: "alert" }, problem.explanation ?? problem.message));
    this.failed = true;
  }

  show() {
    if (!this.button) return;
    const isPlaying = playing === this;
    const name = this.getAttribute("name") ?? "";
    const action = isPlaying ? t("Pause %(name)s", { name }) : t("Play %(name)s", { name });
    if (this.button.getAttribute("aria-label") !== action) {
      this.button.setAttribute("aria-label", action);
      this.button.textContent = isPlaying ? "⏸" : "▶";
    }
    const playedS = this.sound ? Math.max(0, this.sound.currentTime - this.startS) : 0;
    if (!this.failed) this.time.textContent = isPlaying ? clock(playedS) : clock(this.lengthS);
    if (this.wave) drawWave(this.canvas, this.peaks(), this.lengthS ? playedS / this.lengthS : 0);
  }

  /** Those of the stretch. */
  peaks() {
    const { peaks, duration_s: durationS } = this.wave;
    if (!durationS) return peaks;
    const at = (seconds) => Math.round((seconds / durationS) * peaks.length);
    return peaks.slice(at(this.startS), Math.max(at(this.startS) + 1, at(this.startS + this.lengthS)));
  }
}

customElements.define("clip-player", ClipPlayer);
