// The archive: recordings are sent file by file, and the list follows.
import { facts } from "../facts.js";
import { renew } from "../parts/live.js";
import { Uploads } from "../parts/uploads.js";

const form = document.getElementById("upload");
const input = document.getElementById("files");
const drop = document.getElementById("drop");
const isPlain = !new URLSearchParams(location.search).has("cursor");
const uploads = new Uploads(document.getElementById("uploads"), {
  collection: facts.collection,
  maxBytes: Number(form.dataset.maxBytes),
  fields: () => {
    const said = new FormData(form);
    said.delete("recording");
    return said;
  },
  settled: () => isPlain && renew(),
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  uploads.add([...input.files]);
  input.value = "";
});

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
});

// links to #add open the form
if (location.hash === "#add") document.getElementById("add").open = true;
