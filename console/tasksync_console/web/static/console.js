// What is better with a script: forms that do not leave the page, a preview that follows the typing. Every page
// works without it.
"use strict";

const main = () => document.getElementById("main");

async function take(response, focused) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("main") || !page.getElementById("notes")) {
    location.href = response.url;
    return;
  }
  document.documentElement.dataset.theme = page.documentElement.dataset.theme;
  document.title = page.title;
  for (const id of ["main", "notes", "theme"]) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) old.replaceChildren(...fresh.childNodes);
  }
  const again = focused && document.getElementById(focused);
  (again || main()).focus({ preventScroll: true });
  enliven();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  const question = button?.dataset.question;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.dataset.inPlace === undefined) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  button?.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    await take(response, button?.id);
  } catch {
    form.removeAttribute("data-in-place");
    form.requestSubmit(button);
  }
});

let typing;
let newest = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "template") return;
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const turn = ++newest;
    const asked = new URLSearchParams({ template: event.target.value });
    const response = await fetch(`/settings/preview?${asked}`);
    const text = await response.text();
    const target = document.getElementById("preview");
    if (!response.ok || !target || turn !== newest) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    target.replaceChildren(...page.body.childNodes);
  }, 150);
});

// Where a script runs, these buttons have nothing left to do.
function enliven() {
  for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
}
enliven();
