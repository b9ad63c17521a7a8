// The map of a page: asks for it, draws it, and joins legend, selection and the point that is looked at.
import { ask } from "../../api.js";
import { showProblem } from "../../dom.js";
import { emotions } from "../../facts.js";
import { remember, remembered } from "../../places.js";
import { number, percent, t } from "../../words.js";
import { fileName } from "../utterance-row.js";
import { Current, utterance } from "./current.js";
import { groupsOf } from "./groups.js";
import { legend } from "./legend.js";
import { drawnOutline, outlineAround, outlineFrom, outlineText } from "./outline.js";
import { Points } from "./points.js";
import { Scatter } from "./scatter.js";
import { showSelection } from "./selection.js";

/** Points that "those around" takes. */
const AROUND = 50;
/** Whoever only passes over a point asks for nothing. */
const HOVERED_MS = 120;

const byId = (id) => document.getElementById(id);

/** Shows the map that the page's section asks for; resolves to it, or to null where it can't be made. */
export async function showMap(section) {
  section.setAttribute("aria-busy", "true");
  const stopWaiting = wait();
  try {
    const points = new Points(await ask(`maps?${new URLSearchParams(JSON.parse(section.dataset.question))}`));
    byId("map-shown").hidden = false;
    return new UtteranceMap(section, points);
  } catch (error) {
    showProblem(byId("map-problem"), error);
    section.setAttribute("aria-busy", "false");
    return null;
  } finally {
    stopWaiting();
  }
}

/** Says how long it takes already, for whoever waits. */
function wait() {
  const began = performance.now();
  const said = byId("map-waits").querySelector("p");
  const tell = () => (said.textContent = t("Making the map … %(n)s s", { n: number((performance.now() - began) / 1000) }));
  const ticking = setInterval(tell, 1000);
  return () => {
    clearInterval(ticking);
    byId("map-waits").hidden = true;
  };
}

class UtteranceMap {
  constructor(section, points) {
    this.points = points;
    this.names = JSON.parse(section.dataset.names);
    this.groups = groupsOf(points, section.dataset.colour, this.names);
    this.alone = null;
    this.outline = null;
    this.counts = (at) => this.alone === null || this.ofAlone.has(at);
    this.say();
    this.scatter = new Scatter(byId("plane"), points, this.groups, {
      told: (at) => this.told(at),
      picked: (at) => this.current.go(at, { play: true }),
      lassoed: (area) => this.select(drawnOutline(area)),
      moved: () => this.current?.place(),
    });
    this.scatter.chart.on("finished", () => section.setAttribute("aria-busy", "false"));
    this.current = new Current({
      ring: byId("ring"),
      card: byId("point"),
      points,
      counts: this.counts,
      pixel: (at) => this.scatter.pixel(at),
      changed: (at) => remember("point", points.ids[at]),
    });
    this.legend = legend(byId("legend"), this.groups, points.count, (key) => this.showAlone(key));
    this.listen();
    this.restore();
  }

  say() {
    const { method, of, explained, space } = this.points.answer;
    const values = { n: number(this.points.count), of: number(of), method: { pca: "PCA", tsne: "t-SNE", umap: "UMAP" }[method], space };
    const said = this.points.count < of
      ? t("%(n)s of %(of)s utterances, drawn by chance, by %(method)s in space %(space)s.", values)
      : t("%(n)s utterances, by %(method)s in space %(space)s.", values);
    const shares = explained && t("The map shows %(share)s of how they differ.", { share: percent(explained[0] + explained[1]) });
    byId("map-gist").textContent = [said, shares].filter(Boolean).join(" ");
    byId("plane").setAttribute("aria-label", t("Map of %(n)s utterances; the list beside it says how many have which colour", values));
  }

  listen() {
    byId("plane").addEventListener("keydown", (event) => this.key(event));
    for (const button of document.querySelectorAll("[data-draws]")) button.addEventListener("click", () => this.draw(button));
    for (const button of document.querySelectorAll("[data-zooms]")) button.addEventListener("click", () => this.scatter.zoom(Number(button.dataset.zooms)));
    byId("map-around").addEventListener("click", () => {
      const at = this.current.first();
      if (this.current.at === null) this.current.go(at);
      this.select(outlineAround(this.points, at, AROUND, this.counts));
    });
    byId("map-clear").addEventListener("click", () => this.select(null));
    byId("map-random").addEventListener("click", () => this.current.playAny());
  }

  /** Shows again what the address remembers. */
  restore() {
    const alone = remembered("only");
    if (this.groups.some(({ key }) => key === alone)) this.legend.choose(alone);
    const at = this.points.ids.indexOf(Number(remembered("point")));
    if (at >= 0) this.current.go(at);
    const outline = outlineFrom(remembered("within"));
    if (outline) this.select(outline, { moves: false });
  }

  key(event) {
    const zoom = { "+": 0.5, "-": 2, 0: 0 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (zoom !== undefined) this.scatter.zoom(zoom);
    else if (event.key === "Escape") this.draw(null);
    else if (!this.current.key(event.key)) return;
    event.preventDefault();
  }

  /** Lets a line be drawn by what `button` says, or no longer where it does already. */
  draw(button) {
    const isNew = button !== null && button.getAttribute("aria-pressed") === "false";
    for (const one of document.querySelectorAll("[data-draws]")) one.setAttribute("aria-pressed", String(isNew && one === button));
    this.scatter.draw(isNew ? button.dataset.draws : null);
  }

  select(outline, { moves = true } = {}) {
    this.outline = outline;
    this.draw(null);
    this.scatter.outline(outline);
    remember("within", outline && outlineText(outline));
    byId("map-clear").disabled = !outline;
    byId("selection").hidden = !outline;
    if (!outline) return;
    showSelection(byId("selection-shown"), this.points, this.points.within(outline, this.counts));
    if (moves) byId("selection-title").focus();
  }

  showAlone(key) {
    this.alone = key;
    this.ofAlone = new Set(this.groups.find((group) => group.key === key)?.places);
    this.scatter.showAlone(key);
    remember("only", key);
    if (this.outline) this.select(this.outline, { moves: false });
  }

  rename(cluster, name) {
    if (!this.groups.some(({ key }) => key === cluster)) return;
    this.legend.rename(cluster, name);
    this.scatter.rename(cluster, name);
  }

  /** What a point is: now, and as soon as it is known, its file. */
  told(at) {
    const { emoji, name } = emotions[this.points.label(at)];
    const cluster = this.points.answer.cluster?.[at];
    const now = [`${emoji} ${name}`, this.points.customer(at), this.names[cluster]].filter(Boolean).join("\n");
    this.hovered = at;
    const then = new Promise((resolve) => setTimeout(resolve, HOVERED_MS))
      .then(() => (this.hovered === at ? utterance(this.points.ids[at]) : null))
      .then((found) => (found ? `${now}\n${fileName(found.uri)}` : now), () => now);
    return { now, then };
  }
}
