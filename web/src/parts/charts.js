// ECharts, with what pages use of it, in the page's colours and language.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent, BrushComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ToolboxComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  AriaComponent, BarChart, BrushComponent, CanvasRenderer, CustomChart, DataZoomComponent, GridComponent, LegendComponent,
  LineChart, MarkLineComponent, ScatterChart, ToolboxComponent, TooltipComponent,
]);

/** A chart that fills `place` and keeps its size; its tooltips are drawn, since the page's policy forbids style attributes. */
export function chart(place, option) {
  const made = init(place, null, { renderer: "canvas" });
  made.setOption({ ...ground(place), ...option });
  new ResizeObserver(() => made.resize()).observe(place);
  return made;
}

/** A chart that is on no page, as a canvas for pictures; sizes in CSS pixels. */
export function chartCanvas(option, width, height, scale) {
  const made = init(document.createElement("div"), null, { renderer: "canvas", width, height, devicePixelRatio: scale });
  made.setOption({ ...ground(document.body), ...option, animation: false });
  const drawn = made.renderToCanvas({ pixelRatio: scale, backgroundColor: colour("--card") });
  made.dispose();
  return drawn;
}

/** Colours and type of the page, which change with light and dark. */
export function ground(place) {
  const style = getComputedStyle(place);
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 250,
    backgroundColor: "transparent",
    textStyle: { fontFamily: style.fontFamily, color: style.color },
    color: [],
  };
}

/** What the page's own variables come to, for example colour("--line"). */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** An axis in the page's colours; `own` is what the chart says of it. */
export function axis(own) {
  const line = colour("--line");
  const text = colour("--faint");
  return {
    axisLine: { lineStyle: { color: line } },
    axisTick: { lineStyle: { color: line } },
    axisLabel: { color: text, ...own.axisLabel },
    splitLine: { lineStyle: { color: line }, ...own.splitLine },
    nameTextStyle: { color: text },
    ...Object.fromEntries(Object.entries(own).filter(([key]) => !["axisLabel", "splitLine"].includes(key))),
  };
}

/** A tooltip that is drawn on the canvas. */
export function tooltip(own) {
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: colour("--card"),
    borderColor: colour("--line"),
    textStyle: { color: colour("--text") },
    ...own,
  };
}
