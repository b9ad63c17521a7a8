// On every page: the player of utterances, and names of customers that are offered.
import "../parts/clip-player.js";
import "../parts/customer-names.js";

document.querySelector("header nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
