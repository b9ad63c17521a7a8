"use strict";
const place = document.getElementById("swagger-ui");
// each operation is a button with a link inside, which readers of the screen can't tell apart; the button does the same
new MutationObserver(() => {
  for (const link of place.querySelectorAll("button a[href]")) link.removeAttribute("href");
}).observe(place, { childList: true, subtree: true });
SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
});
