// Small improvements over pages that work without any script.

const root = document.documentElement;
const year = 365 * 24 * 3600;
const keep = (name, value) => {
  document.cookie = `${name}=${value}; path=/; max-age=${year}; samesite=lax`;
};

// theme and large text
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "theme") {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep("jiesu_theme", root.dataset.theme);
  }
  if (button.dataset.act === "large") {
    root.toggleAttribute("data-large");
    keep("jiesu_large", root.hasAttribute("data-large") ? "1" : "0");
  }
  if (button.dataset.act === "print") print();
  if (button.dataset.act === "copy") navigator.clipboard?.writeText(button.dataset.text);
});

// a draft outlives a reload or a closed tab; the receipt forgets it
const drafts = (form) => `draft:${form.dataset.draft}`;
const kept = new Set(["text", "textarea", "select-one", "tel", "email", "radio", "checkbox"]);
for (const form of document.querySelectorAll("form[data-draft]")) {
  const saved = JSON.parse(localStorage.getItem(drafts(form)) ?? "{}");
  for (const field of form.elements) {
    if (!field.name || !kept.has(field.type) || !(field.name in saved)) continue;
    if (field.type === "radio" || field.type === "checkbox") {
      field.checked = [].concat(saved[field.name]).includes(field.value);
    } else if (!field.value) {
      field.value = saved[field.name];
    }
  }
  form.addEventListener("input", () => {
    const now = {};
    for (const field of form.elements) {
      if (!field.name || !kept.has(field.type)) continue;
      if (field.type === "radio" || field.type === "checkbox") {
        if (field.checked) now[field.name] = [...(now[field.name] ?? []), field.value];
      } else if (field.value) {
        now[field.name] = field.value;
      }
    }
    localStorage.setItem(drafts(form), JSON.stringify(now));
  });
}
for (const mark of document.querySelectorAll("[data-forget]")) {
  localStorage.removeItem(`draft:${mark.dataset.forget}`);
}

// a form is sent once, and its token tells a repeat from a second complaint
for (const once of document.querySelectorAll("input[name=once]")) {
  once.value = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
    setTimeout(() => button.setAttribute("aria-busy", "true"), 0);
    setTimeout(() => button.removeAttribute("aria-busy"), 8000);
  }
});

// counters under long texts
for (const area of document.querySelectorAll("textarea[maxlength]")) {
  const counter = document.querySelector(`[data-counts="${area.id}"]`);
  const count = () => {
    if (counter) counter.textContent = `${area.value.length} / ${area.maxLength}`;
  };
  area.addEventListener("input", count);
  count();
}

// shortcuts for the desk; silent while an input method is composing
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || !event.altKey) return;
  const target = document.querySelector(`[data-key="${event.key.toLowerCase()}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
});
