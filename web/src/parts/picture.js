// One image of a report: its title, what it is of, and its charts, on white paper.
import { chartCanvas, colour } from "./charts.js";
import { onPaper } from "./report.js";

const WIDTH = 1000;
const MARGIN = 40;
const SCALE = 2;

/** A PNG as a blob; `partsOf()` gives its parts, {heading, lines, option, height}, of which any may be left out. */
export function picture(title, partsOf) {
  return onPaper(() => {
    const parts = partsOf();
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH * SCALE;
    canvas.height = (heightOf(parts) + 2 * MARGIN + 20) * SCALE;
    const pen = canvas.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.fillStyle = colour("--card");
    pen.fillRect(0, 0, canvas.width, canvas.height);
    let y = written(pen, title, MARGIN + 24, 26, "bold") + 12;
    for (const part of parts) y = drawPart(pen, part, y);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  });
}

/** Saves a blob as a file whose name holds letters, digits, `-` and `_` only. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${fileName(name)}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function fileName(text) {
  return text.replace(/[^\p{L}\p{N}_-]+/gu, "_").slice(0, 80);
}

function heightOf(parts) {
  return parts.reduce((sum, part) => sum + (part.heading ? 40 : 0) + 24 * (part.lines?.length ?? 0) + (part.option ? part.height : 0), 20);
}

function drawPart(pen, { heading, lines = [], option, height }, top) {
  let y = top;
  if (heading) y = written(pen, heading, y + 26, 18, "bold") + 14;
  for (const line of lines) y = written(pen, line, y + 16, 14) + 8;
  if (!option) return y;
  pen.drawImage(chartCanvas(option, WIDTH - 2 * MARGIN, height, SCALE), MARGIN, y, WIDTH - 2 * MARGIN, height);
  return y + height;
}

/** Writes a line that fits, ending at what is too long; returns its base line. */
function written(pen, text, baseline, sizePx, weight = "normal") {
  pen.font = `${weight} ${sizePx}px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillStyle = colour("--text");
  const room = WIDTH - 2 * MARGIN;
  let shown = [...text];
  if (pen.measureText(text).width > room) {
    while (shown.length && pen.measureText(`${shown.join("")}…`).width > room) shown.pop();
    shown.push("…");
  }
  pen.fillText(shown.join(""), MARGIN, baseline);
  return baseline;
}
