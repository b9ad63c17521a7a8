// A session that ended while its page was open: where to sign in, whatever was asked for.
import { element } from "./dom.js";
import { t } from "./words.js";

/** Says it once, where every reader sees it however far down the page they are. */
export function showSignedOut() {
  if (document.getElementById("signed-out")) return;
  const next = encodeURIComponent(location.pathname + location.search);
  const link = element("a", { href: `/signin?next=${next}` }, t("Sign in"));
  const said = element("p", {}, t("You are signed out. Sign in again."), " ", link);
  document.querySelector("main").prepend(element("div", { id: "signed-out", class: "problem", role: "alert" }, said));
}
