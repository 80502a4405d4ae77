// Forms: sent once, asked first where it matters, counted, and faults brought into view.

// a token tells a repeated press from a second complaint; getRandomValues works on plain http too
for (const once of document.querySelectorAll("input[name=once]")) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  once.value ||= Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ask(question) {
  const dialog = document.getElementById("ask");
  if (!dialog?.showModal) return Promise.resolve(confirm(question));
  dialog.querySelector("p").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const agreed = new WeakSet();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method === "dialog" || event.defaultPrevented) return;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !agreed.has(form)) {
    event.preventDefault();
    const submitter = event.submitter;
    if (await ask(question)) {
      agreed.add(form);
      form.requestSubmit(submitter);
    }
    return;
  }
  agreed.delete(form);
  const button = event.submitter;
  if (!button || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
  // after the event: a button disabled in it would not be sent
  setTimeout(() => button.setAttribute("aria-busy", "true"), 0);
});

// the page may come back from the browser's cache with its button still busy
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy=true]")) {
    button.removeAttribute("aria-busy");
  }
});

function counted(area) {
  const counter = document.querySelector(`[data-counts="${area.id}"]`);
  if (!counter) return;
  const characters = Array.from(area.value).length;
  counter.textContent = `${characters} / ${area.maxLength}`;
  counter.classList.toggle("near", characters > area.maxLength * 0.9);
}

for (const area of document.querySelectorAll("textarea[maxlength]")) counted(area);
document.addEventListener("input", (event) => {
  if (event.target.matches?.("textarea[maxlength]")) counted(event.target);
});

// after a refusal, reading starts at what has to be mended
document.querySelector("[data-faults]")?.focus();
for (const link of document.querySelectorAll("[data-faults] a")) {
  link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.matches("input, select, textarea") ? field : field.querySelector("input") ?? field).focus();
    field.scrollIntoView({ block: "center" });
  });
}
