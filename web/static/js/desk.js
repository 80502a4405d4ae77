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

// Alt+key, "/" for the search box, "?" for the list of keys; silent while an input method composes
const target = (key) => {
  const marked = `[data-key="${CSS.escape(key.toLowerCase())}"]`;
  // where several forms have the same key, the one being filled in is meant
  const all = [...document.querySelectorAll(marked)];
  return document.activeElement?.closest("form")?.querySelector(marked) ?? all.find((one) => one.checkVisibility?.()) ?? all[0];
};

const composing = (event) => event.isComposing || event.keyCode === 229;

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
  if (event.altKey ? event.code === "Slash" : event.key === "?" && !typing) {
    event.preventDefault();
    return listKeys();
  }
  // with Alt a Mac types another character: the key's place says which was meant
  const place = event.code.replace(/^(Key|Digit)/, "");
  const key = event.altKey ? place : event.key === "/" && !typing ? "/" : "";
  const found = key && target(key);
  if (!found) return;
  event.preventDefault();
  if (found.matches("input, textarea, select, summary")) found.focus();
  else found.click();
});

// the list is made of what the page has, so it cannot be out of date
function said(marked) {
  if (marked.dataset.keyword) return marked.dataset.keyword;
  const label = marked.labels?.[0];
  if (label) return [...label.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())?.data.trim() ?? "";
  return marked.getAttribute("aria-label") ?? marked.textContent.trim();
}

function listKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog?.showModal) return;
  const lines = dialog.querySelector("[data-lines]");
  const known = new Map();
  for (const marked of document.querySelectorAll("[data-key]")) {
    if (!known.has(marked.dataset.key)) known.set(marked.dataset.key, said(marked));
  }
  lines.replaceChildren(...[["?", document.getElementById("keys-title").textContent], ...known].flatMap(([key, word]) => {
    const [name, text] = [document.createElement("dt"), document.createElement("dd")];
    const press = document.createElement("kbd");
    press.textContent = key.length === 1 && /[a-z0-9]/.test(key) ? `Alt+${key.toUpperCase()}` : key === "?" ? "? · Alt+/" : key;
    name.append(press);
    text.textContent = word;
    return [name, text];
  }));
  dialog.showModal();
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) listKeys();
});

// at a desk the next call starts with its first field; on a phone a keyboard would cover the page
if (matchMedia("(pointer: fine)").matches && !document.querySelector("[data-faults]")) {
  document.querySelector("[data-first] input")?.focus();
}

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

// one press takes over what is known of a company; what was typed by hand stays
function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const field = document.getElementById(`f-${name}`);
    if (!field || !value || field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
document.addEventListener("click", (event) => {
  const { company_name, uscc } = event.target.closest("[data-fill]")?.dataset ?? {};
  if (company_name) fill({ company_name, uscc });
});
// a company chosen from the list brings its code
document.addEventListener("input", (event) => {
  if (event.target.id !== "f-company_name") return;
  const known = [...document.querySelectorAll("#companies option")].find((one) => one.value === event.target.value);
  if (known?.dataset.code && !document.getElementById("f-uscc").value) fill({ uscc: known.dataset.code });
});
