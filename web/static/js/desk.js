// The staff's pages: unread badge, shortcuts, timeline filters.

const HALF_A_MINUTE = 30_000;
const badge = document.querySelector("[data-badge]");

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(badge.dataset.badge, { headers: { accept: "text/plain" } });
    if (!answer.ok || answer.redirected) return;
    const count = (await answer.text()).trim();
    if (/^\d*$/.test(count)) badge.textContent = count;
  } catch {
    // the line is down: the number stays as it was
  }
}
if (badge) setInterval(refresh, HALF_A_MINUTE);

// Alt+key, or "/" for the search box; silent while an input method is composing
const target = (key) => document.querySelector(`[data-key="${CSS.escape(key.toLowerCase())}"]`);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
  const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
  // with Alt a Mac types another character: the key's place says which was meant
  const place = event.code.replace(/^(Key|Digit)/, "");
  const key = event.altKey ? place : event.key === "/" && !typing ? "/" : "";
  const found = key && target(key);
  if (!found) return;
  event.preventDefault();
  if (found.matches("input, textarea, select")) found.focus();
  else found.click();
});

// on a phone the places are a strip: the current one is brought into it
document.querySelector(".places [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// one stream, sifted by who may read a line
for (const sift of document.querySelectorAll("[data-sift]")) {
  const lines = document.querySelectorAll(`#${CSS.escape(sift.dataset.sift)} > li`);
  sift.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    for (const other of sift.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const wanted = button.dataset.audience;
    for (const line of lines) line.hidden = Boolean(wanted) && line.dataset.audience !== wanted;
  });
}

// a suggested category, taken over with one press; the form hears of it as of any change
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-choose]");
  const field = button && document.getElementById(button.dataset.choose);
  if (!field) return;
  field.value = button.value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
});
