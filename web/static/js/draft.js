// A draft outlives a reload or a closed tab; the receipt forgets it.
// Secrets, tokens, files and who somebody is are never kept; on a shared machine the draft ends
// with its tab.

const KEPT = new Set(["text", "textarea", "select-one", "tel", "email", "radio", "checkbox"]);
const PERSONAL = /^contact_/;
const name = (form) => `draft:${form.dataset.draft}`;
const STORES = [localStorage, sessionStorage];

function isShared(form) {
  return form.dataset.draftShared !== undefined || Boolean(form.querySelector("[name=shared]")?.checked);
}

function fields(form) {
  return [...form.elements].filter(
    (field) => field.name && KEPT.has(field.type) && !PERSONAL.test(field.name),
  );
}

const ticked = (field) => field.type === "radio" || field.type === "checkbox";

function read(form) {
  const values = {};
  for (const field of fields(form)) {
    if (ticked(field)) {
      if (field.checked) values[field.name] = [...(values[field.name] ?? []), field.value];
    } else if (field.value) {
      values[field.name] = field.value;
    }
  }
  return values;
}

function restore(form, values) {
  for (const field of fields(form)) {
    if (!(field.name in values)) continue;
    if (ticked(field)) {
      field.checked = values[field.name].includes(field.value);
      if (field.checked) field.closest("details")?.setAttribute("open", "");
    } else if (!field.value) {
      field.value = values[field.name];
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function forget(key) {
  for (const store of STORES) store.removeItem(key);
}

function stored(form) {
  try {
    // on a shared machine only what this tab itself has kept
    const stores = form.dataset.draftShared === undefined ? STORES : [sessionStorage];
    return JSON.parse(stores.map((store) => store.getItem(name(form))).find(Boolean) ?? "null");
  } catch {
    return null;
  }
}

function keep(form) {
  try {
    forget(name(form));
    (isShared(form) ? sessionStorage : localStorage).setItem(name(form), JSON.stringify(read(form)));
  } catch {
    // no room or no permission: the form still works, it is only not kept
  }
}

// what was sent is forgotten before anything is restored: the same page may hold the next form
for (const mark of document.querySelectorAll("[data-forget]")) forget(`draft:${mark.dataset.forget}`);

for (const form of document.querySelectorAll("form[data-draft]")) {
  const values = stored(form);
  // a form that came back with faults already holds what was typed
  if (values && Object.keys(values).length && !document.querySelector("[data-faults]")) {
    restore(form, values);
    for (const note of form.querySelectorAll("[data-restored]")) note.hidden = false;
  }
  form.addEventListener("input", () => keep(form));
  for (const button of form.querySelectorAll("[data-discard]")) {
    button.addEventListener("click", () => {
      form.reset();
      forget(name(form));
      // whatever is shown beside the form is of what was typed
      form.dispatchEvent(new Event("change", { bubbles: true }));
      for (const note of form.querySelectorAll("[data-restored]")) note.hidden = true;
    });
  }
}
