// A customer's profile: its charts, what is taken along of it, and deleting the customer.
import { ask } from "../api.js";
import { element, showProblem } from "../dom.js";
import { picture, save } from "../parts/picture.js";
import { trendOption, scoresOption, volatilityOption } from "../parts/profile-charts.js";
import { caveat, chosen, followLegend, followPrinting, show } from "../parts/report.js";
import { number, t } from "../words.js";

const data = document.getElementById("drawn");
if (data) drawProfile(JSON.parse(data.textContent).profile);

function drawProfile(profile) {
  show("trend", () => trendOption(profile, chosen()));
  show("volatility-trend", () => volatilityOption(profile));
  followLegend();
  followPrinting();
  document.getElementById("save-picture").addEventListener("click", async () => {
    save(await picture(t("Customer %(name)s", { name: profile.customer }), () => partsOf(profile)), `emovec-${profile.customer}`);
  });
}

function partsOf(profile) {
  const time = document.getElementById("time").textContent;
  const recordings = t("Recordings: %(n)s", { n: number(profile.recordings) });
  const parts = [
    { lines: [`${time} · ${recordings}`] },
    { heading: t("Mean scores"), option: scoresOption(profile), height: 330 },
  ];
  if (profile.trend.length) {
    parts.push({ heading: t("Trend"), option: trendOption(profile, chosen()), height: 320 });
  }
  if (profile.volatility !== null) parts.push({ heading: t("Volatility"), option: volatilityOption(profile), height: 200 });
  return [...parts, { lines: caveat() }];
}

const dialog = document.getElementById("confirm");
document.getElementById("delete")?.addEventListener("click", () => dialog.showModal());
document.getElementById("keep")?.addEventListener("click", () => dialog.close());
document.getElementById("delete-now")?.addEventListener("click", async ({ target }) => {
  const problem = document.getElementById("deletion-problem");
  target.disabled = true;
  try {
    const gone = await ask(dialog.dataset.address, { method: "DELETE" });
    dialog.close();
    showDeleted(gone.recordings);
  } catch (error) {
    showProblem(problem, error);
    target.disabled = false;
  }
});

/** In place of the profile, which is no more. */
function showDeleted(recordings) {
  const main = document.querySelector("main");
  const said = element("p", { role: "status" }, t("The customer is deleted. Recordings that are gone: %(n)s.", { n: number(recordings) }));
  main.replaceChildren(element("h1", {}, t("Deleted")), said, element("a", { href: dialog.dataset.then }, t("All customers")));
  main.focus();
}
