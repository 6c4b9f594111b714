// The server renders the page. This script puts each update in place and keeps what a person is doing: focus, typed
// text, an open dialog. It knows nothing about Slack, runs or tenants. Forms and links also work without it.
"use strict";

let source = null;

// Times arrive in UTC. People read them in their own time zone, with the date if it is not today.
function local(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const seconds = /:\d\d:\d\d/.test(time.textContent);
    time.title = time.textContent;
    const today = at.toDateString() === new Date().toDateString();
    const day = today ? "" : at.toLocaleDateString([], {weekday: "short", day: "numeric", month: "short"}) + ", ";
    time.textContent = day + at.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined});
  }
}

function same(a, b) {
  return a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
}

// Changes `old` to match `next`. It keeps what a person has opened or typed.
function morph(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const {name} of [...old.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const {name, value} of next.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  let here = old.firstChild;
  for (const child of [...next.childNodes]) {
    let found = here;
    if (child.id) {
      while (found && !same(found, child)) found = found.nextSibling;
    }
    if (same(found, child)) {
      while (here !== found) {
        const gone = here;
        here = here.nextSibling;
        gone.remove();
      }
      here = here.nextSibling;
      morph(found, child);
    } else {
      old.insertBefore(child, here);
      if (child.nodeType === Node.ELEMENT_NODE) child.classList.add("new");
    }
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}

function put(html) {
  const next = document.createElement("template");
  next.innerHTML = html;
  local(next.content);
  const log = document.getElementById("log");
  const below = log ? log.scrollHeight - log.scrollTop - log.clientHeight < 80 : true;
  const where = log && log.getAttribute("aria-label");
  const focused = document.activeElement;
  morph(document.getElementById("page"), next.content.getElementById("page"));
  const now = document.getElementById("log");
  if (now && (below || now.getAttribute("aria-label") !== where)) now.scrollTop = now.scrollHeight;
  // A button may disappear after it was pressed. The focus then goes to the conversation, not to the top of the page.
  if (focused && !focused.isConnected) document.getElementById("conversation").focus({preventScroll: true});
  for (const dialog of document.querySelectorAll("dialog[data-modal]")) {
    if (!dialog.matches(":modal")) {
      dialog.close();
      dialog.showModal();
    }
  }
}

function listen() {
  if (source) source.close();
  source = new EventSource("/live" + location.search);
  source.onmessage = (event) => put(JSON.parse(event.data));
}

async function go(url, options, push) {
  document.body.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, options);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("page");
    if (!page) return;
    const to = new URL(answer.url);
    if (push && to.search !== location.search) history.pushState(null, "", to.pathname + to.search);
    put(page.outerHTML);
    listen();
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form.method === "get") {
    go(form.getAttribute("action") + "?" + new URLSearchParams(new FormData(form)), {}, true);
    return;
  }
  const button = event.submitter;
  const body = new URLSearchParams(new FormData(form, button));
  const action = (button && button.getAttribute("formaction")) || form.getAttribute("action");
  const question = form.closest("dialog.confirm");
  if (question) question.close();
  go(action, {method: "POST", body}, true);
  if ("reset" in form.dataset) {
    form.reset();
    const text = form.querySelector("#text");
    text.value = "";
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/?']");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"), {}, true);
});

// Escape closes a modal of the bot, as in Slack.
document.addEventListener("cancel", (event) => {
  const dialog = event.target;
  if (!("modal" in dialog.dataset)) return;
  event.preventDefault();
  dialog.querySelector("[formaction='/act/close']").click();
}, true);

window.addEventListener("popstate", () => go(location.href, {}, false));

local(document);
put(document.getElementById("page").outerHTML);
listen();
