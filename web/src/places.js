// Addresses of pages, which stay with the collection, and what the address of this one holds.

/** A page of this server; `query` are pairs of names and values. */
export function page(path, query = [], anchor = "") {
  const params = new URLSearchParams(query);
  const collection = new URLSearchParams(location.search).get("collection");
  if (collection) params.set("collection", collection);
  return `${path}${params.size ? `?${params}` : ""}${anchor}`;
}

/** What stands in the address under a name, or null. */
export function remembered(name) {
  return new URLSearchParams(location.search).get(name);
}

/** Puts a value into the address, so that a reload shows the same; null takes it out. */
export function remember(name, value) {
  const address = new URL(location.href);
  if (value === null) address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  replaceAddress(address);
}

/** Changes the address of this page; whoever changes the language or the colours comes back to it. */
export function replaceAddress(address) {
  history.replaceState(null, "", address);
  const next = document.querySelector(".preferences input[name=next]");
  if (next) next.value = address.pathname + address.search;
}
