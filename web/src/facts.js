// What the server tells the scripts of a page: language, words, emotions, addresses.
export const facts = JSON.parse(document.getElementById("page-facts").textContent);

/** The nine by label: {label, name, emoji, colour}. */
export const emotions = Object.fromEntries(facts.emotions.map((one) => [one.label, one]));
export const labels = facts.emotions.map((one) => one.label);
