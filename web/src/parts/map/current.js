// The point that is looked at: a ring around it on the map, its card below, and stepping to others.
import { ask } from "../../api.js";
import { element, showProblem } from "../../dom.js";
import { badge, moreLike, origin, player } from "../utterance-row.js";

const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** A hand on an arrow key passes many by. */
const PASSING_MS = 150;

const known = new Map();

/** The utterance as the API tells it, asked for once. */
export function utterance(id) {
  if (!known.has(id)) known.set(id, ask(`utterances/${id}`).catch((error) => {
    known.delete(id);
    throw error;
  }));
  return known.get(id);
}

export class Current {
  constructor({ ring, card, points, counts, pixel, changed }) {
    Object.assign(this, { ring, card, points, counts, pixel, changed });
    this.at = null;
  }

  /** Goes to a point; its card comes at once where it is to be played, else when nobody goes on. */
  go(at, { play = false } = {}) {
    this.at = at;
    this.place();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.show(play), play ? 0 : PASSING_MS);
  }

  async show(play) {
    const [at, id] = [this.at, this.points.ids[this.at]];
    this.changed(at);
    try {
      const found = await utterance(id);
      if (at !== this.at) return;
      const sound = player(found);
      const row = element("div", { class: "row middle" }, badge(found.label, found.confidence), moreLike([id]));
      this.card.replaceChildren(element("div", { class: "heard" }, sound, row, origin(found)));
      if (play) await sound.toggle();
    } catch (error) {
      showProblem(this.card, error);
    }
  }

  /** Puts the ring where the point is now. */
  place() {
    if (this.at === null) return;
    const [x, y] = this.pixel(this.at);
    this.ring.hidden = !(x >= 0 && y >= 0 && x <= this.ring.parentElement.clientWidth && y <= this.ring.parentElement.clientHeight);
    this.ring.style.left = `${x}px`;
    this.ring.style.top = `${y}px`;
  }

  /** Answers a key: whether it was one that means something here. */
  key(name) {
    if (name === "Enter" && this.at !== null) this.card.querySelector("clip-player")?.toggle();
    else if (!(name in STEPS)) return false;
    else if (this.at === null) this.go(this.first());
    else {
      const next = this.points.next(this.at, STEPS[name], this.counts);
      if (next !== null) this.go(next);
    }
    return true;
  }

  playAny() {
    const shown = this.shown();
    this.go(shown[Math.floor(Math.random() * shown.length)], { play: true });
  }

  /** The one that is looked at, else one in the middle. */
  first() {
    return this.at ?? this.points.centralFirst(this.shown())[0];
  }

  shown() {
    return Array.from(this.points.ids.keys()).filter(this.counts);
  }
}
