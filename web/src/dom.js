// Making elements. Text is always text: nothing that comes from recordings becomes markup.

/** An element with attributes, properties for `on…`, and children (elements or texts). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An element of an SVG drawing. */
export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Says in `place` what went wrong, and small what the server said of it; screen readers hear it. */
export function showProblem(place, error) {
  const explanation = error.explanation ?? error.message;
  const own = element("p", {}, explanation);
  const said = error.message && error.message !== explanation ? element("p", { class: "small", lang: "en" }, error.message) : null;
  place.replaceChildren(element("div", { class: "problem", role: "alert" }, own, said));
  place.hidden = false;
}
