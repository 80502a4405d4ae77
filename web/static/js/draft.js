// A draft outlives a reload or a closed tab; the receipt forgets it.
// Secrets, tokens and files are never kept, nor who somebody is: halls have shared computers.

const KEPT = new Set(["text", "textarea", "select-one", "tel", "email", "radio", "checkbox"]);
const PERSONAL = /^contact_/;
const name = (form) => `draft:${form.dataset.draft}`;

function fields(form) {
  return [...form.elements].filter((field) => field.name && KEPT.has(field.type) && !PERSONAL.test(field.name));
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

function stored(form) {
  try {
    return JSON.parse(localStorage.getItem(name(form)) ?? "null");
  } catch {
    return null;
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const values = stored(form);
  // a form that came back with faults already holds what was typed
  if (values && !document.querySelector("[data-faults]")) {
    restore(form, values);
    for (const note of form.querySelectorAll("[data-restored]")) note.hidden = false;
  }
  form.addEventListener("input", () => {
    try {
      localStorage.setItem(name(form), JSON.stringify(read(form)));
    } catch {
      // no room or no permission: the form still works, it is only not kept
    }
  });
  for (const button of form.querySelectorAll("[data-discard]")) {
    button.addEventListener("click", () => {
      localStorage.removeItem(name(form));
      form.reset();
      for (const note of form.querySelectorAll("[data-restored]")) note.hidden = true;
    });
  }
}

for (const mark of document.querySelectorAll("[data-forget]")) {
  localStorage.removeItem(`draft:${mark.dataset.forget}`);
}
