// Utterances on a waveform: coloured by emotion, named where there is room.
import { element } from "../dom.js";
import { emotions } from "../facts.js";

const OPACITY = "66";
const [NAME_PX, EMOJI_PX] = [84, 22];

/** `utterances` are {id, start, end, label}; names come and go with the width of `place`. */
export function markUtterances(regions, utterances, place, durationS) {
  const marked = utterances.map((one) => [
    one,
    regions.addRegion({ start: one.start, end: one.end, color: emotions[one.label].colour + OPACITY, drag: false, resize: false }),
  ]);
  const name = () => {
    for (const [one, region] of marked) region.setContent(named(one, ((one.end - one.start) / durationS) * place.clientWidth));
  };
  new ResizeObserver(name).observe(place);
}

function named(one, widthPx) {
  const { emoji, name } = emotions[one.label];
  const text = widthPx >= NAME_PX ? `${emoji} ${name}` : widthPx >= EMOJI_PX ? emoji : "";
  const made = element("div", {}, text);
  Object.assign(made.style, { padding: "2px 4px", fontSize: "13px", whiteSpace: "nowrap", pointerEvents: "none" });
  return made;
}
