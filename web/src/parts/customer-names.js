// Offers names of customers while one is typed, in fields with `data-customers`: there may be thousands.
import { ask } from "../api.js";
import { element } from "../dom.js";
import { facts } from "../facts.js";

const OFFERED = 20;
const PAUSE_MS = 200;

const fields = facts.collectionIsThere ? document.querySelectorAll("[data-customers]") : [];
fields.forEach((field, place) => {
  const list = element("datalist", { id: `customer-names-${place}` });
  field.after(list);
  let waits = null;
  field.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(() => offer(field, list), PAUSE_MS);
  });
});

async function offer(field, list) {
  const asked = new URLSearchParams({ containing: field.value, limit: OFFERED });
  try {
    const { items } = await ask(`customers?${asked}`);
    list.replaceChildren(...items.map(({ customer }) => element("option", { value: customer })));
    field.setAttribute("list", list.id);
  } catch {
    list.replaceChildren(); // a name can be typed all the same
  }
}
