// Canned wording: a picker beside every composer of a ticket or of the operator's desk, by keyboard.

const dialog = document.getElementById("phrases");
const number = location.pathname.match(/^\/tickets\/([0-9A-Z]{22})/)?.[1] ?? "";
const composers = number || location.pathname === "/console" ? document.querySelectorAll("main form textarea") : [];
let area = null;

if (dialog?.showModal) {
  for (const one of composers) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "plain small no-print", textContent: dialog.dataset.open });
    button.dataset.key = "w";
    button.addEventListener("click", () => open(one));
    one.before(button);
  }
}

const list = dialog?.querySelector("[role=listbox]");
const sought = dialog?.querySelector("input");
const shown = () => [...list.children].filter((line) => !line.hidden);

async function open(one) {
  area = one;
  one.closest("details")?.setAttribute("open", "");
  let found = [];
  try {
    const answer = await fetch(`/phrases/pick?ticket=${number}`, { headers: { accept: "application/json" } });
    if (answer.ok && !answer.redirected) found = await answer.json();
  } catch {
    // the line is down: the list is empty and says so
  }
  list.replaceChildren(...found.map(line));
  sought.value = "";
  sift();
  dialog.showModal();
  sought.focus();
}

function line({ title, text, lacks }) {
  const made = document.createElement("li");
  const [name, body] = [document.createElement("b"), document.createElement("span")];
  name.textContent = title;
  body.textContent = text;
  made.append(name, body);
  made.setAttribute("role", "option");
  if (lacks) made.setAttribute("aria-disabled", "true");
  made.addEventListener("click", () => insert(made));
  return made;
}

function choose(made) {
  for (const other of list.children) other.setAttribute("aria-selected", String(other === made));
  made?.scrollIntoView({ block: "nearest" });
}

function sift() {
  const words = sought.value.trim().toLowerCase();
  for (const made of list.children) made.hidden = !made.textContent.toLowerCase().includes(words);
  dialog.querySelector("[data-none]").hidden = shown().length > 0;
  choose(shown().find((made) => made.ariaDisabled !== "true"));
}

function insert(made) {
  if (!made || made.ariaDisabled === "true") return;
  const text = made.querySelector("span").textContent;
  dialog.close();
  area.focus();
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

sought?.addEventListener("input", sift);
sought?.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const usable = shown().filter((made) => made.ariaDisabled !== "true");
  const at = usable.findIndex((made) => made.ariaSelected === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && usable.length) {
    event.preventDefault();
    choose(usable[(at + step + usable.length) % usable.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    insert(usable[at]);
  }
});
