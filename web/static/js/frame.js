// Theme, large text, printing, copying: what the buttons in the frame do.

const root = document.documentElement;
const YEAR = 365 * 24 * 3600;
root.dataset.scripted = "";

function keep(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

function isDark() {
  return root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
}

async function copy(button) {
  const source = document.getElementById(button.dataset.from);
  const text = button.dataset.text ?? source?.textContent.trim() ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // plain http on an office network has no clipboard: select, so that Ctrl+C does it
    if (source) getSelection().selectAllChildren(source);
    return;
  }
  const word = button.querySelector("[data-done]");
  if (!word) return;
  const before = word.textContent;
  word.textContent = word.dataset.done;
  setTimeout(() => { word.textContent = before; }, 2000);
}

const ACTS = {
  theme() {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep("jiesu_theme", root.dataset.theme);
  },
  large(button) {
    root.toggleAttribute("data-large");
    const on = root.hasAttribute("data-large");
    keep("jiesu_large", on ? "1" : "0");
    button.setAttribute("aria-pressed", String(on));
  },
  print() { print(); },
  copy,
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) ACTS[button.dataset.act]?.(button);
  // a menu closes when one looks elsewhere
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// what scrolls sideways can be scrolled from the keyboard too
for (const box of document.querySelectorAll(".scroll")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
