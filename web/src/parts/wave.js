// Drawing a waveform from the peaks that the server keeps.

/** Draws `peaks` (0..255) as bars; what lies before `played` (0..1) stands out. */
export function drawWave(canvas, peaks, played = 0) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const [before, after] = [style.getPropertyValue("accent-color"), style.color];
  const count = Math.max(1, Math.floor(width / 3));
  const loudest = Math.max(24, ...peaks);
  for (let bar = 0; bar < count; bar += 1) {
    const from = Math.floor((bar * peaks.length) / count);
    const until = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / count));
    let peak = 0;
    for (let at = from; at < until && at < peaks.length; at += 1) peak = Math.max(peak, peaks[at]);
    const tall = Math.max(1.5, (peak / loudest) * (height - 2));
    pen.fillStyle = bar / count < played ? before : after;
    pen.fillRect(bar * 3, (height - tall) / 2, 2, tall);
  }
}
