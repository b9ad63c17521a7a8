// On every page: choices that need no button, and the player of utterances.
import "../parts/clip-player.js";

for (const chooser of document.querySelectorAll("[data-submits]")) {
  chooser.addEventListener("change", () => chooser.form.requestSubmit());
}
document.querySelector("header nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
