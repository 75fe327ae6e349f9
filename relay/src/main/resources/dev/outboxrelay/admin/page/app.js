// The status page. No library, nothing from elsewhere; every text of the relay is put in as text, never as HTML.
"use strict";
(() => {
  const EVERY = 3000; // milliseconds between two looks
  const PATIENCE = 8000; // for one answer
  const STALE = 12000; // so old may what is shown be before it is said
  const EDGE = 600; // pixels above and below the window that are drawn too: the browser scrolls ahead of its scripts
  const SMALL = 100; // so many rows are all drawn
  const MOST = 5000; // rows in the relay's answer; with more tenants the relay searches
  const FARES = ["losing", "blocked", "parked", "starved", "degraded", "slow", "fine"];
  const TOKEN = "outbox-relay-token";

  const $ = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat("en");
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

  // ---------------------------------------------------------------------------------------------- words

  /** A text that anybody may have written: what would not be seen, or would turn the line round, is shown as its code. */
  const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  const printable = (text) =>
    String(text).replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

  const count = (n, what) => number.format(n) + " " + what + (n === 1 ? "" : "s");

  function span(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s >= 86400) return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
    if (s >= 3600) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
    return s >= 60 ? Math.floor(s / 60) + " min " + (s % 60) + " s" : s + " s";
  }

  function size(bytes) {
    if (bytes < 1 << 20) return number.format(Math.floor(bytes / 1024)) + " kB";
    return bytes < 2 ** 30 ? number.format(Math.floor(bytes / 2 ** 20)) + " MB"
      : number.format(Math.floor((bytes / 2 ** 30) * 10) / 10) + " GB";
  }

  const since = (time) => span((state.serverNow - Date.parse(time)) / 1000);

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const show = (node, yes) => { if (node.hidden === yes) node.hidden = !yes; };

  // ---------------------------------------------------------------------------------------------- state

  const state = {
    overview: null, // the last answer: its head counts, whatever else it has
    table: null, // the last answer with the tenants that suffer most
    search: null, // {text, answer}: what the relay last found
    tag: null, tagFor: "", serverNow: Date.now(), answeredAt: 0, tenantAt: 0, error: null, paused: false,
    sort: "trouble", upwards: false, find: "", fares: new Set(), tenant: null, listScroll: 0, wantsToken: false,
  };

  const token = () => sessionStorage.getItem(TOKEN);

  // ---------------------------------------------------------------------------------------------- asking

  /** Nobody answers. */
  class Away extends Error {}

  /** The relay says no. */
  class Refused extends Error {
    constructor(status, message) { super(message); this.status = status; }
  }

  async function ask(path, options = {}) {
    const headers = { ...options.headers };
    if (token()) headers.Authorization = "Bearer " + token();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), options.patience ?? PATIENCE);
    try {
      const answer = await fetch(path, {
        ...options, headers, cache: "no-store", credentials: "omit", redirect: "error", signal: patience.signal,
      }).catch(() => { throw new Away("the relay cannot be reached"); });
      const date = Date.parse(answer.headers.get("Date") ?? "");
      if (!Number.isNaN(date)) state.serverNow = date;
      if (answer.status === 304) return { same: true };
      const text = await answer.text().catch(() => { throw new Away("the relay’s answer broke off"); });
      const body = parsed(text);
      if (!answer.ok) throw new Refused(answer.status, body?.error ?? "HTTP " + answer.status);
      if (!body) throw new Refused(answer.status, "its answer cannot be read");
      return { body, tag: answer.headers.get("ETag") };
    } finally {
      clearTimeout(timer);
    }
  }

  function parsed(text) {
    try {
      const body = JSON.parse(text);
      return typeof body === "object" ? body : null;
    } catch {
      return null;
    }
  }

  let timer = 0;
  let asking = false;
  let again = false;

  function soon(wait) {
    clearTimeout(timer);
    if (!document.hidden && !state.paused) timer = setTimeout(look, wait);
  }

  /** Looks now; if a look is under way, once more behind it. */
  async function look() {
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    const asked = toAsk();
    try {
      const headers = state.tag && state.tagFor === asked ? { "If-None-Match": state.tag } : {};
      const answer = await ask("api/overview" + asked, { headers });
      if (!answer.same) {
        if (!answer.body.source) throw new Refused(200, "its answer has no status");
        state.overview = answer.body;
        state.tag = null;
      }
      const now = Date.now();
      if (asked === HEAD) {
        if (state.tenant !== null) {
          await lookAtTenant();
          state.tenantAt = now;
        }
        if (!answer.same) remember(answer, asked);
      } else if (asked === toAsk()) { // else whoever looks wants something else by now, and it is asked for next
        if (!answer.same) {
          if (!Array.isArray(answer.body.rows)) throw new Refused(200, "its answer has no list of tenants");
          take(answer.body, asked);
          remember(answer, asked);
        }
        list().at = now;
      }
      state.answeredAt = now;
      state.error = null;
      state.wantsToken = false;
      head();
    } catch (problem) {
      state.error = problem;
      if (!(problem instanceof Away || problem instanceof Refused)) console.error(problem);
      if (problem instanceof Refused && problem.status === 401) {
        if (!state.wantsToken) askForToken(token() ? "That token is not this relay’s." : "This relay shows its status to those who have its token.");
        state.wantsToken = true;
        show($("token"), true);
      }
    } finally {
      asking = false;
      soon(again ? 0 : EVERY);
      freshness();
    }
  }

  const HEAD = "?head=1";
  const searchesAll = () => state.find !== "" && state.table !== null && state.table.tenants > MOST;
  const toAsk = () => (state.tenant !== null ? HEAD : searchesAll() ? "?find=" + encodeURIComponent(state.find) : "");

  /** The relay need not send again what has been taken over; only that. */
  function remember(answer, asked) {
    state.tag = answer.tag;
    state.tagFor = asked;
  }

  /** What the relay found for this filter, if it has been asked for that. */
  const found = () => (state.find !== "" && state.search?.text === state.find ? state.search.answer : null);

  /** The answer whose tenants are shown. */
  const list = () => found() ?? state.table;

  /** When that was so which is shown: an answer without the tenants says nothing about a list of them. */
  const shownAt = () => (state.tenant === null ? list()?.at ?? 0 : state.tenantAt);

  // ---------------------------------------------------------------------------------------------- how fresh

  let lastAlarm = "";

  function freshness() {
    const at = shownAt();
    let alarm = "";
    if (state.error) {
      alarm = state.error instanceof Refused
        ? "The relay answers, but with an error: " + printable(state.error.message) + "."
        : state.error instanceof Away ? "The relay cannot be reached." : "This page failed.";
      if (at) alarm += " What is shown here is of " + clock.format(at) + ".";
    } else if (at && !state.paused && !document.hidden && Date.now() - state.answeredAt > STALE) {
      alarm = "No answer since " + clock.format(at) + ": what is shown here may be out of date.";
    }
    if (alarm !== lastAlarm) {
      lastAlarm = alarm;
      $("alarm").textContent = alarm;
      show($("alarm"), alarm !== "");
      document.body.classList.toggle("stale", alarm !== "");
    }
    set($("fresh"), state.paused ? "paused; as of " + clock.format(at)
      : at ? "as of " + clock.format(at) : "asking…");
    const bad = state.error !== null || (state.overview !== null && headTrouble(state.overview));
    document.title = (bad ? "(!) " : "") + (state.tenant !== null ? printable(state.tenant) + " – " : "") + "Outbox Relay";
  }

  const headTrouble = (o) => !o.source.connected || (!o.nats.connected && o.role !== "standby");

  // ---------------------------------------------------------------------------------------------- the head

  function tile(id, strong, small, mood) {
    const dd = $(id);
    const key = strong + "\n" + (small ?? "");
    if (dd.dataset.key !== key) {
      dd.dataset.key = key;
      dd.replaceChildren(element("strong", strong));
      if (small) dd.append(element("small", small));
    }
    dd.parentElement.className = mood ?? "";
  }

  const ROLES = { leader: "leads", standby: "stands by", starting: "is starting", stopping: "is stopping" };

  function head() {
    const o = state.overview;
    set($("version"), o.version);
    tile("role", ROLES[o.role] ?? o.role, printable(o.instance) + ", for " + since(o.role_since),
      o.role === "leader" ? "well" : o.role === "standby" ? "" : "bad");
    end("source", o.source, true);
    end("nats", o.nats, o.role !== "standby");
    set($("slot-name"), o.slot.name);
    tile("slot", o.slot.lag_bytes === null ? "not known now" : size(o.slot.lag_bytes) + " behind",
      o.slot.confirmed_lsn === null ? "" : "confirmed " + o.slot.confirmed_lsn);
    wal(o.slot);
    const t = o.totals;
    if (o.role === "standby") tile("totals", "not seen here", "the one that leads knows them");
    else tile("totals", number.format(t.queued + t.in_flight + t.parked) + " waiting",
      number.format(t.parked) + " of them parked; since it leads " + number.format(t.published) + " published");
    notice(o);
    problems(o);
    show($("token"), o.actions);
    set($("token"), token() ? "Token: in use" : "Token…");
  }

  function end(id, connection, needed) {
    if (connection.connected) tile(id, "connected", "for " + since(connection.since), "well");
    else if (!needed) tile(id, "not needed", "a standby has no use for it");
    else tile(id, "NOT connected", "for " + since(connection.since)
      + (connection.last_error ? ": " + printable(connection.last_error) : ""), "bad");
  }

  function wal(slot) {
    const meter = $("wal-meter");
    if (slot.retained_bytes === null) {
      set($("wal"), "not known now");
      show(meter, false);
      return;
    }
    const text = size(slot.retained_bytes) + (slot.budget_bytes ? " of " + size(slot.budget_bytes) : "");
    set($("wal"), text);
    show(meter, Boolean(slot.budget_bytes));
    if (slot.budget_bytes) {
      meter.max = slot.budget_bytes;
      meter.low = slot.budget_bytes * 0.5;
      meter.high = slot.budget_bytes * 0.8;
      meter.optimum = 0;
      meter.value = Math.min(slot.retained_bytes, slot.budget_bytes);
      meter.textContent = text;
    }
  }

  function notice(o) {
    let text = "";
    if (o.role === "standby") {
      text = "This instance stands by and sees no tenants. "
        + (o.leader ? printable(o.leader.instance) + " leads since " + since(o.leader.since) + ": open the page there."
          : "Who leads is not known now.");
    } else if (o.role === "starting") {
      text = "This instance is starting, for " + since(o.role_since) + ": tenants appear once it reads the slot.";
    } else if (o.role === "stopping") {
      text = "This instance is stopping: it drains what is in flight.";
    }
    set($("notice"), text);
    show($("notice"), text !== "");
  }

  function problems(o) {
    const all = Object.entries(o.policy_problems).map(([row, why]) =>
      "This policy cannot be used (the last good one counts): " + printable(row) + ": " + printable(why));
    if (o.lag.error) all.unshift("The consumers cannot be looked at: " + printable(o.lag.error));
    else if (o.lag.at && (state.serverNow - Date.parse(o.lag.at)) / 1000 > 60 + 2 * o.lag.took_seconds) {
      all.unshift("The figures of consumers are " + since(o.lag.at) + " old.");
    }
    items($("problems"), all);
  }

  function items(node, texts) {
    const key = texts.join("\n");
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren(...texts.map((text) => element("li", text)));
    show(node, texts.length > 0);
  }

  // ---------------------------------------------------------------------------------------------- the table

  // A tenant is the array that the relay sent for it. Only those near the window have a row in the document, and a row
  // that leaves goes to the next tenant: so a frame costs the same with 50 tenants and with 5,000.
  const body = $("rows");
  const drawn = new Map(); // tenant's id -> its row
  const spare = []; // rows without a tenant
  let at = {}; // name of a column -> its place in the array
  let wanted = []; // tenants in the order in which they are to be seen
  let printing = false;

  const badge = (fares) => element("span", FARES[fares], "fares " + FARES[fares]);
  const waiting = (t) => t[at.queued] + t[at.in_flight];

  function makeRow() {
    const tr = element("tr");
    tr.setAttribute("role", "row");
    const th = element("th");
    th.setAttribute("role", "rowheader");
    th.scope = "row";
    const a = element("a");
    const name = element("bdi", "");
    a.append(name);
    th.append(a);
    tr.append(th);
    const state = element("span", "", "fares");
    const texts = [name];
    for (const label of ["State", "Why", "Waiting", "Oldest", "Parked", "Dead", "Behind"]) {
      const td = element("td");
      td.setAttribute("role", "cell");
      if (label === "State") {
        td.append(state);
      } else {
        texts.push(td);
        if (label !== "Why") {
          td.className = "n";
          td.dataset.label = label;
        }
      }
      tr.append(td);
    }
    const nodes = texts.map((node) => node.appendChild(document.createTextNode("")));
    const row = { tr, a, state, nodes, fares: -1, tenant: null, index: 0, kept: false };
    tr.addEventListener("focusout", () => { if (row.kept) requestAnimationFrame(() => drawRows()); });
    return row;
  }

  function draw(row, t) {
    if (row.tenant === t) return;
    if (row.tenant?.[at.tenant] !== t[at.tenant]) row.a.href = "#tenant=" + encodeURIComponent(t[at.tenant]);
    row.tenant = t;
    if (row.fares !== t[at.fares]) {
      row.fares = t[at.fares];
      row.state.textContent = FARES[row.fares];
      row.state.className = "fares " + FARES[row.fares];
    }
    const [name, why, ...figures] = row.nodes;
    put(name, printable(t[at.tenant]));
    const more = t[at.reasons] - 1;
    put(why, t[at.reason] === null ? "" : printable(t[at.reason]) + (more > 0 ? " (and " + more + " more)" : ""));
    figure(figures[0], waiting(t), number.format(waiting(t)));
    figure(figures[1], t[at.oldest], t[at.oldest] > 0 ? span(t[at.oldest]) : "0 s");
    figure(figures[2], t[at.parked], number.format(t[at.parked]));
    figure(figures[3], t[at.dead], t[at.dead] === null ? "?" : number.format(t[at.dead]));
    figure(figures[4], t[at.pending], t[at.consumer] === null ? "–" : number.format(t[at.pending])
      + (t[at.pending] > 0 || t[at.trouble] ? " " + printable(t[at.consumer]) : ""));
  }

  const put = (node, text) => { if (node.data !== text) node.data = text; };

  function figure(node, value, text) {
    put(node, text);
    node.parentNode.classList.toggle("zero", !value);
  }

  /** A new list, of all or of those the relay found. */
  function take(answer, asked) {
    at = Object.fromEntries(answer.columns.map((name, i) => [name, i]));
    if (asked === "") state.table = answer;
    state.search = asked === "" ? null : { text: state.find, answer };
    fareButtons();
    arrange();
  }

  const by = (value) => (a, b) => value(b) - value(a);
  const SORTS = {
    trouble: null, // as the relay sends them
    tenant: (a, b) => (a[at.tenant] < b[at.tenant] ? -1 : a[at.tenant] > b[at.tenant] ? 1 : 0),
    waiting: by(waiting),
    oldest: by((t) => t[at.oldest]),
    parked: by((t) => t[at.parked]),
    dead: by((t) => t[at.dead] ?? -1),
    pending: by((t) => t[at.pending] ?? -1),
  };

  const has = (t, find) => ["tenant", "stream", "lane", "consumer", "trouble", "reason"]
    .some((column) => t[at[column]] !== null && t[at[column]].toLowerCase().includes(find));

  /** Filters and sorts, then draws. */
  function arrange() {
    const find = found() ? "" : state.find.toLowerCase(); // the relay has searched in more than is here
    const only = state.fares;
    wanted = list().rows.filter((t) => (only.size === 0 || only.has(t[at.fares])) && (find === "" || has(t, find)));
    const order = SORTS[state.sort];
    if (order) wanted.sort(state.upwards ? (a, b) => order(b, a) : order); // equals stay as they are
    else if (state.upwards) wanted.reverse();
    counted();
    body.style.height = "calc(var(--row) * " + wanted.length + ")";
    drawRows();
  }

  function counted() {
    const o = list();
    const all = o.tenants;
    const filtered = state.find !== "" || state.fares.size > 0;
    let text = filtered ? number.format(wanted.length) + " of " + count(all, "tenant") : count(all, "tenant");
    if (o.rows.length < all && !searchesAll()) text += "; here are the " + number.format(o.rows.length) + " that suffer most, the filter searches in all";
    set($("count"), text);
    if (filtered && text !== counted.said) say(text);
    counted.said = text;
    const none = wanted.length > 0 ? "" : filtered ? "No tenant fits this filter."
      : o.role === "leader" ? "No tenant yet: no event has come." : "No tenants are seen here.";
    set($("none"), none);
    show($("none"), none !== "");
    $("table").setAttribute("aria-rowcount", String(wanted.length + 1));
  }

  /** The tenants that are to have a row now: first and behind the last. */
  function near() {
    if (wanted.length <= SMALL || printing) return [0, wanted.length];
    const box = body.getBoundingClientRect();
    const height = box.height / wanted.length;
    const within = (i) => Math.max(0, Math.min(wanted.length, i));
    return [within(Math.floor((-box.top - EDGE) / height)), within(Math.ceil((innerHeight - box.top + EDGE) / height))];
  }

  const focusedRow = () => {
    const tr = document.activeElement?.closest?.("#rows > tr");
    return tr ? [...drawn.values()].find((row) => row.tr === tr) : undefined;
  };

  /** Gives rows to the tenants near the window, and to the one that has the focus or is to have it, wherever it is. */
  function drawRows(wants = null) {
    if (state.tenant !== null || state.table === null) return;
    const [first, end] = near();
    const those = wanted.slice(first, end);
    const focused = focusedRow();
    const id = wants ?? focused?.tenant[at.tenant];
    const place = id === undefined ? -1 : wanted.findIndex((t) => t[at.tenant] === id);
    const far = place >= 0 && (place < first || place >= end);
    if (far && place < first) those.unshift(wanted[place]);
    else if (far) those.push(wanted[place]);

    const needed = new Set(those.map((t) => t[at.tenant]));
    for (const [tenant, row] of drawn) {
      if (needed.has(tenant)) continue;
      drawn.delete(tenant);
      row.tr.remove();
      spare.push(row);
    }
    const rows = those.map((t) => {
      let row = drawn.get(t[at.tenant]);
      if (!row) drawn.set(t[at.tenant], row = spare.pop() ?? makeRow());
      draw(row, t);
      return row;
    });
    rows.forEach((row, i) => {
      const kept = far && row.tenant === wanted[place];
      const index = (kept ? place : first + i - (far && place < first ? 1 : 0)) + 2; // the heading is the first row
      if (row.index !== index) row.tr.setAttribute("aria-rowindex", String(row.index = index));
      if (kept || row.kept) {
        row.kept = kept;
        row.tr.classList.toggle("kept", kept);
        row.tr.style.top = kept ? "calc(var(--row) * " + place + ")" : "";
      }
    });
    putInOrder(rows.map((row) => row.tr), focusedRow()?.tr);
    body.style.paddingTop = "calc(var(--row) * " + first + ")";
    if (rows.length && !performance.getEntriesByName("rows").length) performance.mark("rows");
  }

  /** Puts the rows in this order. The one with the focus is not moved, for it would lose it. */
  function putInOrder(trs, still) {
    let next = null;
    for (const tr of trs.reverse()) {
      if (tr === still) while (tr.nextSibling !== next) body.prepend(tr.nextSibling);
      else if (tr.nextSibling !== next || tr.parentNode === null) body.insertBefore(tr, next);
      next = tr;
    }
  }

  /** The focus to this tenant's link, if it is in the list. */
  function focusOn(tenant, scroll) {
    drawRows(tenant);
    const row = drawn.get(tenant);
    if (!row) return;
    row.a.focus({ preventScroll: true });
    if (scroll) row.tr.scrollIntoView({ block: "nearest" });
    drawRows();
  }

  addEventListener("scroll", () => drawRows(), { passive: true });
  addEventListener("resize", () => drawRows());
  addEventListener("beforeprint", () => { printing = true; drawRows(); });
  addEventListener("afterprint", () => { printing = false; drawRows(); });

  function fareButtons() {
    const field = $("fares");
    if (field.children.length === 1) {
      FARES.forEach((word, i) => {
        const button = element("button");
        button.type = "button";
        button.dataset.fares = String(i);
        button.setAttribute("aria-pressed", "false");
        field.append(button);
      });
    }
    FARES.forEach((word, i) => {
      const button = field.children[i + 1];
      const many = list().fares[word] ?? 0;
      set(button, word + " " + number.format(many));
      show(button, many > 0 || state.fares.has(i));
    });
  }

  function sortBy(key) {
    state.upwards = state.sort === key ? !state.upwards : false;
    state.sort = key;
    for (const th of document.querySelectorAll("th[data-sort]")) {
      if (th.dataset.sort !== key) th.removeAttribute("aria-sort");
      else th.setAttribute("aria-sort", state.upwards !== (key === "tenant") ? "ascending" : "descending");
    }
    $("sort").value = key;
    if (state.table) arrange();
  }

  let saying = 0;

  function say(text) {
    clearTimeout(saying);
    saying = setTimeout(() => { $("said").textContent = text; }, 500);
  }

  // ---------------------------------------------------------------------------------------------- one tenant

  let shownTenant = null;
  let letterKey = "";

  const ofTenant = () => "api/tenants/" + encodeURIComponent(state.tenant);

  async function lookAtTenant() {
    const id = state.tenant;
    let answer;
    try {
      answer = (await ask(ofTenant())).body.tenant;
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.status !== 404) throw problem;
      if (id !== state.tenant) return;
      shownTenant = null;
      set($("t-missing"), printable(problem.message));
      show($("t-missing"), true);
      show($("t-body"), false);
      $("t-fares").replaceChildren();
      if (letterKey === "") { letterKey = "none"; readLetters(); }
      return;
    }
    if (id !== state.tenant) return;
    shownTenant = answer;
    show($("t-missing"), false);
    show($("t-body"), true);
    tenantPage(answer);
    const key = [answer.dead, answer.parked].join();
    if (key !== letterKey) {
      letterKey = key;
      readLetters();
    }
  }

  function tenantPage(t) {
    const fares = FARES.indexOf(t.suffering);
    if ($("t-fares").textContent !== t.suffering) $("t-fares").replaceChildren(badge(fares));
    const why = t.reasons.map(printable);
    items($("t-why"), why.length > 0 ? why : ["Nothing is stuck."]);
    $("t-why").classList.toggle("muted", why.length === 0);
    const facts = [
      ["Stream", printable(t.stream) + (t.last_sequence === null ? "" : ", last sequence " + number.format(t.last_sequence))],
      ["Lane", printable(t.state)],
      ["Waiting", number.format(t.queued) + " queued, " + number.format(t.in_flight) + " in flight, " + number.format(t.parked) + " parked"],
      ["Oldest", t.oldest_unsettled_seconds > 0 ? "committed " + span(t.oldest_unsettled_seconds) + " ago" : "nothing waits"],
      ["Dead letters", t.dead === null ? "cannot be counted now" : number.format(t.dead) + " to decide"],
      ["Since this instance leads", number.format(t.published) + " published, " + number.format(t.duplicates)
        + " found in the stream already, " + number.format(t.dead_lettered) + " dead"],
      ["Last error", t.last_error === null ? "none" : printable(t.last_error)],
    ];
    pairs($("t-facts"), facts);
    consumers(t.consumers);
  }

  function pairs(dl, facts) {
    const key = JSON.stringify(facts);
    if (dl.dataset.key === key) return;
    dl.dataset.key = key;
    dl.replaceChildren(...facts.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  }

  function table(node, heads, bodyRows) {
    const tr = element("tr");
    heads.forEach(([text, className]) => {
      const th = element("th", text, className);
      th.scope = "col";
      tr.append(th);
    });
    const top = element("thead");
    top.append(tr);
    const body = element("tbody");
    body.append(...bodyRows);
    node.replaceChildren(top, body);
  }

  function consumers(all) {
    const node = $("t-consumers");
    show($("t-no-consumer"), all.length === 0);
    show(node.parentElement, all.length > 0);
    const key = JSON.stringify(all);
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    table(node, [["Consumer"], ["Trouble"], ["Pending", "n"], ["Unacknowledged", "n"], ["Redelivered", "n"],
      ["Pulls waiting", "n"], ["Delivered/s", "n"], ["Lost", "n"], ["Gave up", "n"]],
    all.map((c) => {
      const tr = element("tr");
      const th = element("th", printable(c.name));
      th.scope = "row";
      tr.append(th, element("td", c.trouble ? c.trouble.replace("_", " ") : "none", c.trouble ? "" : "muted"));
      for (const text of [number.format(c.pending),
        number.format(c.ack_pending) + (c.max_ack_pending > 0 ? " of " + number.format(c.max_ack_pending) : ""),
        number.format(c.redelivered), number.format(c.waiting_pulls), c.delivered_per_second.toFixed(1),
        number.format(c.lost), number.format(c.gave_up)]) tr.append(element("td", text, "n"));
      return tr;
    }));
  }

  // ---------------------------------------------------------------------------------------------- dead letters

  let letters = [];

  async function readLetters() {
    const id = state.tenant;
    if (id === null) return;
    try {
      const { body } = await ask(ofTenant() + "/dead-letters?limit=100&state=" + encodeURIComponent($("l-state").value));
      if (id !== state.tenant) return;
      letters = body.letters;
      drawLetters(body.more);
    } catch (problem) {
      if (id !== state.tenant) return;
      letters = [];
      drawLetters(false);
      set($("l-count"), "The dead letters cannot be shown: " + printable(problem.message));
    }
  }

  function drawLetters(more) {
    const can = state.overview !== null && state.overview.actions;
    const parked = $("l-state").value === "parked";
    set($("l-count"), letters.length === 0 ? "There are none."
      : more ? "The first " + letters.length + ", in the order of their arrival." : count(letters.length, "letter") + ", in the order of arrival.");
    const chosen = new Set(selected().map(String));
    show($("l-table"), letters.length > 0);
    show($("l-table").parentElement, letters.length > 0);
    const heads = [["Letter"], ["State"], ["Reason"], ["Attempts", "n"], ["Age", "n"], ["Subject"], ["Error"], ["Payload", "n"]];
    if (can) heads.unshift(["Select"]);
    table($("l-table"), heads, letters.map((letter) => letterRow(letter, can, chosen)));
    show($("l-actions"), can && letters.length > 0);
    show($("replay-some"), !parked);
    show($("replay-all"), !parked);
    show($("discard-all"), !parked);
    set($("l-how"), can ? "" : "This relay has no token (outbox.admin.token-file), so nothing can be decided here: "
      + "outbox-relay dlq list | replay | discard --tenant " + printable(state.tenant));
    show($("l-how"), !can);
    chosenChanged();
  }

  function letterRow(letter, can, chosen) {
    const tr = element("tr");
    if (can) {
      const box = element("input");
      box.type = "checkbox";
      box.value = String(letter.seq);
      box.checked = chosen.has(box.value);
      box.setAttribute("aria-label", "Select letter " + letter.seq);
      const td = element("td");
      td.append(box);
      tr.append(td);
    }
    const th = element("th");
    th.scope = "row";
    if (can) {
      const open = element("button", String(letter.seq));
      open.type = "button";
      open.dataset.open = String(letter.seq);
      open.setAttribute("aria-label", "Show letter " + letter.seq + " with its payload");
      th.append(open);
    } else {
      th.textContent = String(letter.seq);
    }
    tr.append(th,
      element("td", letter.state + (letter.kind === "consumer" ? " (of a consumer)" : "")),
      element("td", letter.reason === null ? "–" : printable(letter.reason)),
      element("td", number.format(letter.attempts), "n"),
      element("td", letter.dead_at ?? letter.committed_at ? since(letter.dead_at ?? letter.committed_at) : "–", "n"),
      element("td", letter.subject === null ? "–" : printable(letter.subject), "long"),
      element("td", letter.error === null ? "–" : printable(letter.error), "long"),
      element("td", letter.payload_bytes === null ? "none" : number.format(letter.payload_bytes) + " B", "n"));
    return tr;
  }

  const selected = () => [...$("l-table").querySelectorAll("input:checked")].map((box) => Number(box.value));

  function chosenChanged() {
    const none = selected().length === 0;
    $("replay-some").disabled = none;
    $("discard-some").disabled = none;
  }

  /** Asks for the token first where there is none. */
  async function withToken() {
    return token() !== null || askForToken("This wants the relay’s token (outbox.admin.token-file).");
  }

  async function decide(action, all) {
    const which = all ? [] : selected();
    const id = state.tenant; // whoever looks may be with another one before the last piece is done
    const path = ofTenant() + "/dead-letters/" + action;
    if (!(await withToken())) return;
    const what = all ? "all dead letters of " + printable(id) : count(which.length, "letter") + " of " + printable(id);
    if ((all || action === "discard") && !(await sure(action, what))) return;
    const buttons = [...$("l-actions").querySelectorAll("button")];
    buttons.forEach((button) => { button.disabled = true; });
    const sum = { changed: 0, refused: 0, elsewhere: 0, locked: 0, refusals: [] };
    let problem = null;
    try {
      let after = 0;
      let upTo = 0;
      for (let more = true; more;) {
        const { body } = await ask(path, {
          method: "POST", patience: 30000, headers: { "Content-Type": "application/json" },
          body: JSON.stringify(all ? { all: true, after, up_to: upTo } : { letters: which }),
        });
        const done = body.done;
        for (const name of ["changed", "refused", "elsewhere", "locked"]) sum[name] += done[name];
        sum.refusals.push(...done.refusals.slice(0, 20 - sum.refusals.length));
        ({ after, up_to: upTo, more } = done);
        if (more && id === state.tenant) set($("l-done"), words(action, sum) + " so far…");
      }
    } catch (e) {
      problem = e;
      if (e instanceof Refused && e.status === 401) {
        sessionStorage.removeItem(TOKEN);
        head();
      }
    }
    buttons.forEach((button) => { button.disabled = false; });
    if (id !== state.tenant) {
      chosenChanged();
      return;
    }
    set($("l-done"), (problem ? "It stopped: " + printable(problem.message) + ". " : "") + words(action, sum) + ".");
    items($("l-refused"), sum.refusals.map((text) => "Left as it is: " + printable(text)));
    letterKey = "";
    $("l-table").querySelectorAll("input:checked").forEach((box) => { box.checked = false; });
    await readLetters();
    look();
  }

  function words(action, sum) {
    const parts = [count(sum.changed, "letter") + (action === "replay" ? " handed over to be sent" : " discarded")];
    if (sum.refused) parts.push(number.format(sum.refused) + " left dead, because the relay would refuse the event again");
    if (sum.elsewhere) parts.push(number.format(sum.elsewhere) + " not in a state to be " + (action === "replay" ? "replayed" : "discarded"));
    if (sum.locked) parts.push(number.format(sum.locked) + " held by somebody else’s transaction");
    return parts.join("; ");
  }

  function sure(action, what) {
    const dialog = $("sure");
    $("sure-title").textContent = (action === "replay" ? "Replay " : "Discard ") + what + "?";
    $("sure-text").textContent = action === "replay"
      ? "The relay publishes each of them again, once, in the order of their arrival."
      : "Their events will not be published. This cannot be taken back.";
    $("sure-yes").textContent = action === "replay" ? "Replay them" : "Discard them";
    $("sure-yes").className = action === "replay" ? "first" : "danger";
    $("sure-no").className = action === "replay" ? "" : "first";
    return answered(dialog, $("sure-yes"), $("sure-no"));
  }

  function answered(dialog, yes, no) {
    return new Promise((resolve) => {
      const end = (value) => () => { resolve(value); dialog.close(); };
      yes.onclick = end(true);
      no.onclick = end(false);
      dialog.onclose = () => resolve(false);
      dialog.showModal();
      no.focus();
    });
  }

  async function openLetter(seq) {
    if (!(await withToken())) return;
    try {
      const { body } = await ask(ofTenant() + "/dead-letters/" + seq);
      const { letter, headers, payload_base64: payload, whole } = body.letter;
      $("letter-title").textContent = "Letter " + letter.seq + ": " + letter.state;
      pairs($("letter-facts"), [
        ["Event", printable(letter.event_id)], ["Table", printable(letter.source)],
        ["Subject", letter.subject === null ? "–" : printable(letter.subject)],
        ["Reason", letter.reason === null ? "–" : printable(letter.reason)],
        ["Error", letter.error === null ? "–" : printable(letter.error)],
        ["Committed", letter.committed_at ?? "–"], ["Dead", letter.dead_at ?? "–"],
      ]);
      $("letter-headers").textContent = headers === null ? "none" : lines(headers);
      $("letter-payload-title").textContent = "Payload" + (letter.payload_bytes === null ? ""
        : ", " + number.format(letter.payload_bytes) + " bytes" + (whole ? "" : ", the first 64 kB"));
      $("letter-payload").textContent = payload === null ? "none" : bytes(payload, whole);
      $("letter").showModal();
      $("letter-title").focus();
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 401) {
        sessionStorage.removeItem(TOKEN);
        head();
      }
      set($("l-done"), "Letter " + seq + " cannot be shown: " + printable(problem.message));
    }
  }

  /** Text if it is text, else hexadecimal. Lines stay lines. */
  function bytes(base64, whole) {
    const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    try {
      return lines(new TextDecoder("utf-8", { fatal: true }).decode(raw, { stream: !whole }));
    } catch {
      return [...raw.subarray(0, 4096)].map((b, i) => b.toString(16).padStart(2, "0") + ((i + 1) % 16 ? " " : "\n")).join("");
    }
  }

  const lines = (text) => text.split("\n").map(printable).join("\n");

  // ---------------------------------------------------------------------------------------------- the token

  /** Whether there is one afterwards. */
  function askForToken(why) {
    const dialog = $("token-dialog");
    if (dialog.open) return Promise.resolve(false);
    $("token-why").textContent = why + " It is kept in this tab until you close it, and sent to this relay alone.";
    $("token-text").value = "";
    $("token-problem").textContent = "";
    show($("token-forget"), token() !== null);
    dialog.showModal();
    $("token-text").focus();
    return new Promise((resolve) => {
      dialog.onclose = () => {
        $("token-text").value = "";
        resolve(token() !== null);
        if (state.overview) head();
        look();
      };
    });
  }

  $("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("token-text").value.trim();
    if (!/^[!-~]{16,512}$/.test(text)) {
      $("token-problem").textContent = "A token has 16 characters or more, and no spaces.";
      return;
    }
    sessionStorage.setItem(TOKEN, text);
    state.wantsToken = false;
    $("token-dialog").close();
  });
  $("token-forget").addEventListener("click", () => {
    sessionStorage.removeItem(TOKEN);
    $("token-dialog").close();
  });
  $("token-cancel").addEventListener("click", () => $("token-dialog").close());
  $("token").addEventListener("click", () => askForToken("With it, dead letters can be shown, replayed and discarded."));

  // ---------------------------------------------------------------------------------------------- ways about

  function route() {
    const match = /^#tenant=(.*)$/.exec(location.hash);
    let id = null;
    try {
      id = match ? decodeURIComponent(match[1]) : null;
    } catch { /* a broken link shows the list */ }
    const before = state.tenant;
    if (id === before) return;
    if (before === null) state.listScroll = scrollY;
    state.tenant = id;
    state.tenantAt = 0;
    state.tag = null;
    letterKey = "";
    letters = [];
    show($("list"), id === null);
    show($("tenant"), id !== null);
    $("skip").textContent = id === null ? "Skip to the tenants" : "Skip to the tenant";
    if (id !== null) {
      $("t-name").textContent = printable(id);
      $("t-fares").replaceChildren();
      show($("t-missing"), false);
      show($("t-body"), false);
      $("l-table").replaceChildren();
      show($("l-actions"), false);
      $("l-count").textContent = "";
      $("l-done").textContent = "";
      items($("l-refused"), []);
      scrollTo(0, 0);
      $("t-title").focus({ preventScroll: true });
    } else {
      scrollTo(0, state.listScroll);
      focusOn(before, false);
    }
    freshness();
    look();
  }

  addEventListener("hashchange", route);
  $("back").addEventListener("click", (event) => {
    event.preventDefault();
    location.hash = "";
  });
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    if (state.tenant === null && wanted.length > 0) focusOn(wanted[0][at.tenant], true);
    else (state.tenant === null ? $("main") : $("t-title")).focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.tenant !== null && !document.querySelector("dialog[open]")) location.hash = "";
  });
  $("table").addEventListener("keydown", (event) => {
    const row = focusedRow();
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const from = row.index - 2;
    const last = wanted.length - 1;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + 20, PageUp: from - 20, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focusOn(wanted[Math.max(0, Math.min(last, to))][at.tenant], true);
  });
  $("table").tHead.addEventListener("click", (event) => {
    const th = event.target.closest("th[data-sort]");
    if (th) sortBy(th.dataset.sort);
  });
  $("sort").addEventListener("change", () => { state.upwards = true; state.sort = $("sort").value; sortBy(state.sort); });
  let typing = 0;
  $("find").addEventListener("input", () => {
    state.find = $("find").value.trim();
    clearTimeout(typing);
    typing = setTimeout(() => {
      if (!state.table) return;
      arrange();
      if (state.table.tenants > MOST) look();
    }, 60);
  });
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("fares").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const i = Number(button.dataset.fares);
    if (!state.fares.delete(i)) state.fares.add(i);
    button.setAttribute("aria-pressed", String(state.fares.has(i)));
    arrange();
  });
  $("pause").addEventListener("click", () => {
    state.paused = !state.paused;
    $("pause").setAttribute("aria-pressed", String(state.paused));
    if (state.paused) clearTimeout(timer);
    else look();
    freshness();
  });
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && !state.paused) look();
  });
  setInterval(() => { if (!document.hidden) freshness(); }, 1000);

  $("l-state").addEventListener("change", readLetters);
  $("l-again").addEventListener("click", readLetters);
  $("l-table").addEventListener("change", chosenChanged);
  $("l-table").addEventListener("click", (event) => {
    const seq = event.target.closest("button")?.dataset.open;
    if (seq) openLetter(seq);
  });
  $("letter-close").addEventListener("click", () => $("letter").close());
  $("letter").addEventListener("close", () => { $("letter-payload").textContent = ""; $("letter-headers").textContent = ""; });
  $("replay-some").addEventListener("click", () => decide("replay", false));
  $("discard-some").addEventListener("click", () => decide("discard", false));
  $("replay-all").addEventListener("click", () => decide("replay", true));
  $("discard-all").addEventListener("click", () => decide("discard", true));

  route();
  if (state.tenant === null) look();
})();
