// Two customers side by side: their trends, and what is taken along.
import { picture, save } from "../parts/picture.js";
import { trendOption, mirroredOption } from "../parts/profile-charts.js";
import { caveat, chosen, followLegend, followPrinting, show } from "../parts/report.js";
import { t } from "../words.js";

const data = document.getElementById("drawn");
if (data) drawBoth(JSON.parse(data.textContent));

function drawBoth({ profile, other }) {
  show("trend", () => trendOption(profile, chosen(), [other]));
  show("other-trend", () => trendOption(other, chosen(), [profile]));
  followLegend();
  followPrinting();
  document.getElementById("save-picture").addEventListener("click", async () => {
    const title = document.querySelector("h1").textContent;
    save(await picture(title, () => partsOf(profile, other)), `emovec-${profile.customer}-${other.customer}`);
  });
}

function partsOf(profile, other) {
  const times = [...document.querySelectorAll("#glance ~ * .time")].map((cell) => cell.textContent);
  const parts = [
    { lines: [profile, other].map((one, at) => `${one.customer}: ${times[at]}`) },
    { heading: t("Mean scores"), lines: [`◀ ${profile.customer}   ·   ${other.customer} ▶`], option: mirroredOption(profile, other), height: 330 },
  ];
  for (const one of [profile, other].filter(({ trend }) => trend.length)) {
    const heading = t("Trend of %(name)s", { name: one.customer });
    parts.push({ heading, option: trendOption(one, chosen(), [profile, other]), height: 280 });
  }
  return [...parts, { lines: caveat() }];
}
