// A board that renews itself, unless somebody is choosing on it or has looked away.

const board = document.querySelector("[data-live]");
const EVERY = 15_000;

const busy = (part) =>
  document.hidden ||
  part.querySelector("input:checked") ||
  (part.contains(document.activeElement) && document.activeElement.matches("input, button")) ||
  document.querySelector("dialog[open]");

async function renew() {
  const part = document.getElementById(board.id);
  if (!part || busy(part)) return;
  try {
    const answer = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.getElementById(part.id);
    // somebody may have begun to choose while the answer was on its way
    if (next && !busy(part)) part.replaceWith(document.adoptNode(next));
  } catch {
    // the line is down: the board keeps what it last knew, and says of when it is
  }
}
if (board) setInterval(renew, EVERY);

// "all" chooses every box of a name, or none when all are chosen
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-pick]")?.dataset.pick;
  if (!name) return;
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
  const every = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !every;
});
