// See ops/page-check. Runs in the root of the repository.
import { spawn } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const options = { tenants: "5000", shots: "target/page-check", frame: "50" };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, "");
  if (!(name in options) || process.argv[i + 1] === undefined) {
    console.error("usage: ops/page-check [--tenants N] [--shots FOLDER] [--frame MILLISECONDS]");
    process.exit(2);
  }
  options[name] = process.argv[i + 1];
}
const TENANTS = Number(options.tenants);
const TOKEN = "made-up-token-of-the-page-check";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(options.shots, { recursive: true });

let failures = 0;
function check(what, good, seen) {
  if (!good) failures++;
  console.log((good ? "ok      " : "FAILED  ") + what + (seen === undefined ? "" : ": " + seen));
}

/** The real server; ends when its input does. */
async function serve(role) {
  const server = spawn("java", ["-Xmx256m", "-cp", process.env.PAGE_CLASSPATH, "dev.outboxrelay.lab.MadeUpRelay",
    String(TENANTS), role, TOKEN], { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => { if (line.startsWith("http://")) resolve(line); });
    server.on("exit", (code) => reject(new Error("the server ended with " + code)));
  });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  return { url, end: () => { server.stdin.end(); return ended; } };
}

const server = await serve("leader");
const standby = await serve("standby");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});

const problems = [];
const foreign = [];

async function open(how = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", ...how });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error" && !/Failed to load resource/.test(message.text())) problems.push(message.text()); });
  page.on("dialog", (dialog) => { problems.push("a dialog of the browser: " + dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(server.url) && !request.url().startsWith(standby.url)) foreign.push(request.url()); });
  return page;
}

const drawn = (page) => page.waitForFunction(() => performance.getEntriesByName("all-rows").length > 0, null, { timeout: 30000 });
const shot = (page, name) => page.screenshot({ path: options.shots + "/" + name + ".png" });
const focusText = (page) => page.evaluate(() => document.activeElement?.textContent.trim() ?? "");

async function accessible(page, what) {
  await page.evaluate(axe); // past the page's policy, which allows no script of others
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  check("axe-core: " + what, found.violations.length === 0,
    found.passes.length + " rules passed" + found.violations.map((v) => "\n          " + v.id + ": " + v.help + " (" + v.nodes.length + ": " + v.nodes[0].target + " " + v.nodes[0].failureSummary.replace(/\s+/g, " ").slice(0, 200) + ")").join(""));
}

try {
  // ------------------------------------------------------------------------------------------ time to first content
  console.log("        " + cpus().length + " processors, load " + loadavg()[0].toFixed(1) + (loadavg()[0] > cpus().length ? ": others are at work here, so times say little" : ""));
  await (await open()).goto(server.url); // warms the server, as one that runs for a while is
  const firsts = [];
  for (let i = 0; i < 3; i++) {
    const page = await open();
    await page.goto(server.url);
    await drawn(page);
    firsts.push(await page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
      rows: performance.getEntriesByName("rows")[0].startTime,
      all: performance.getEntriesByName("all-rows")[0].startTime,
      bytes: performance.getEntriesByType("resource").find((r) => r.name.includes("api/overview"))?.encodedBodySize,
    })));
    await page.context().close();
  }
  firsts.sort((a, b) => a.rows - b.rows);
  const first = firsts[1];
  console.log("        " + TENANTS + " tenants, median of three: first paint " + first.paint.toFixed(0) + " ms, first tenants "
    + first.rows.toFixed(0) + " ms, all rows made " + first.all.toFixed(0) + " ms, answer " + Math.round(first.bytes / 1024) + " kB packed");
  check("first tenants within a second", first.rows < 1000, first.rows.toFixed(0) + " ms");

  // ------------------------------------------------------------------------------------------ scroll
  const page = await open();
  await page.goto(server.url);
  await drawn(page);
  check("a row for each tenant", (await page.locator("#table tbody tr").count()) === Math.min(TENANTS, 5000));
  const frames = await page.evaluate(() => new Promise((resolve) => {
    const all = [];
    let last = 0;
    function frame(now) {
      if (last) all.push(now - last);
      last = now;
      const before = scrollY;
      scrollBy({ top: 400, behavior: "instant" });
      if (scrollY === before && all.length > 10) resolve(all);
      else requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
  }));
  const sorted = [...frames].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  const late = frames.filter((ms) => ms > 34).length;
  console.log("        scroll through all, 400 pixels a frame, live: " + frames.length + " frames, median " + at(0.5) + " ms, 99th percentile "
    + at(0.99) + " ms, longest " + at(1) + " ms, " + late + " longer than two");
  check("no stutter while scrolling (longest frame " + options.frame + " ms at most)", Number(at(1)) <= Number(options.frame), at(1) + " ms");
  await shot(page, "end-of-table");
  await page.evaluate(() => scrollTo(0, 0));

  // ------------------------------------------------------------------------------------------ screen reader
  check("every row says its number of all", await page.evaluate(() =>
    [...document.querySelectorAll("#table tr")].every((tr, i) => Number(tr.getAttribute("aria-rowindex")) === i + 1)
    && Number(document.querySelector("#table").getAttribute("aria-rowcount")) === document.querySelectorAll("#table tr").length));
  const tree = await (await page.context().newCDPSession(page)).send("Accessibility.getFullAXTree");
  console.log("        in the accessibility tree now: " + tree.nodes.filter((node) => !node.ignored && node.role?.value === "row").length + " rows");
  check("browser's own find sees rows out of sight", await page.evaluate(() => {
    const last = [...document.querySelectorAll("#table tbody:last-child bdi")].pop().textContent;
    const found = window.find(last, true);
    getSelection().removeAllRanges();
    scrollTo(0, 0);
    return found;
  }));

  // ------------------------------------------------------------------------------------------ hostile text
  const hostile = await page.locator("#table tbody tr", { hasText: "onerror" }).first();
  check("hostile text is text", (await hostile.textContent()).includes("<img src=x onerror=alert(1)>\\u202e\\u0007")
    && (await page.locator("main img, main script").count()) === 0);

  // ------------------------------------------------------------------------------------------ filter
  await page.fill("#find", "shop-004");
  await page.waitForFunction(() => document.querySelector("#count").textContent.startsWith("9 of") || document.querySelector("#count").textContent.startsWith("10 of"));
  check("filter by text", true, await page.textContent("#count"));
  await page.waitForFunction(() => document.querySelector("#said").textContent.includes(" of "));
  check("the filter's result is said to a screen reader", true, await page.textContent("#said"));
  await page.fill("#find", "no such tenant");
  await page.waitForSelector("#none:visible");
  check("an empty result says so", true, await page.textContent("#none"));
  await page.fill("#find", "");
  await page.click("#fares button:has-text('blocked')");
  await page.waitForFunction(() => document.querySelectorAll("#table tbody tr").length < 50);
  check("filter by how they fare", (await page.locator("#table tbody .fares:not(.blocked)").count()) === 0, await page.textContent("#count"));
  await shot(page, "filtered");
  await page.click("#fares button:has-text('blocked')");

  // ------------------------------------------------------------------------------------------ keyboard
  await page.reload();
  await drawn(page);
  await page.keyboard.press("Tab");
  check("the first stop is the skip link, and it shows", (await focusText(page)) === "Skip to the tenants" && (await page.locator("#skip").boundingBox()).x >= 0);
  await page.keyboard.press("Enter");
  const top = await focusText(page);
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
  const fourth = await focusText(page);
  check("skip link and arrows walk the tenants", top !== fourth && (await page.locator("#table tbody bdi").nth(3).textContent()) === fourth, top + " → " + fourth);
  check("what has the focus shows it", await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none"));
  await page.keyboard.press("End");
  check("End goes to the last tenant, in sight", await page.evaluate(() => {
    const box = document.activeElement.getBoundingClientRect();
    return document.activeElement.closest("tbody") === document.querySelector("#table tbody:last-child") && box.top >= 0 && box.bottom <= innerHeight;
  }));
  await page.keyboard.press("Home");
  check("Home goes to the first, not behind the heading", await page.evaluate(() =>
    document.activeElement.getBoundingClientRect().top >= document.querySelector("#table thead").getBoundingClientRect().bottom - 1));
  await page.focus("th[data-sort=waiting] button");
  await page.keyboard.press("Enter");
  check("a heading sorts, and says so", (await page.getAttribute("th[data-sort=waiting]", "aria-sort")) === "descending"
    && (await page.locator("[aria-sort]").count()) === 1);
  await page.keyboard.press("Enter");
  check("and turns round", (await page.getAttribute("th[data-sort=waiting]", "aria-sort")) === "ascending");
  await page.click("th[data-sort=trouble] button");

  // ------------------------------------------------------------------------------------------ looks
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.move(640, 5);
  await page.evaluate(() => document.activeElement.blur());
  await shot(page, "list-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "list-dark");
  await page.fill("#find", "shop-00"); // axe looks at every element: at as many as show everything there is
  await page.waitForFunction(() => document.querySelectorAll("#table tbody tr").length < 150);
  await accessible(page, "list, dark");
  await page.emulateMedia({ colorScheme: "light" });
  await accessible(page, "list, light");

  // ------------------------------------------------------------------------------------------ one tenant, by keyboard
  const sick = page.locator("#table tbody a", { hasText: "shop-0013" });
  await sick.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#l-table tbody tr");
  check("a tenant's page has the focus on its name", (await page.evaluate(() => document.activeElement.id)) === "t-title");
  check("its dead letters are listed", (await page.locator("#l-table tbody tr").count()) === 100, await page.textContent("#l-count"));
  await page.mouse.move(640, 5);
  await shot(page, "tenant-light");
  await accessible(page, "tenant, light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "tenant-dark");
  await accessible(page, "tenant, dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("#l-table input").first().check();
  await page.click("#replay-some");
  await page.waitForSelector("#token-dialog[open]");
  await shot(page, "token");
  await accessible(page, "dialog for the token");
  await page.fill("#token-text", "short");
  await page.keyboard.press("Enter");
  check("what is no token is not sent", (await page.locator("#token-dialog[open]").count()) === 1);
  await page.fill("#token-text", "a-wrong-token-of-some-length");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#l-done").textContent.startsWith("It stopped"));
  check("a wrong token is refused and forgotten", (await page.evaluate(() => sessionStorage.length)) === 0, await page.textContent("#l-done"));
  await page.locator("#l-table input").first().check();
  await page.click("#replay-some");
  await page.fill("#token-text", TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#l-done").textContent.startsWith("1 letter handed over"));
  check("one letter is replayed", true, await page.textContent("#l-done"));
  await page.locator("#l-table button").first().click();
  await page.waitForSelector("#letter[open]");
  check("a letter is shown whole, as text", (await page.textContent("#letter-payload")).includes("<script>alert(1)</script>"));
  await shot(page, "letter");
  await accessible(page, "one letter");
  await page.keyboard.press("Escape");
  await page.click("#discard-all");
  await page.waitForSelector("#sure[open]");
  check("giving up asks first, and the safe answer has the focus", (await focusText(page)) === "Leave them");
  await shot(page, "sure");
  await page.keyboard.press("Escape");
  check("Escape leaves them", (await page.locator("#l-table tbody tr").count()) === 100);
  await page.click("#replay-all");
  await page.click("#sure-yes");
  await page.waitForFunction(() => document.querySelector("#l-done").textContent.startsWith("639 letters handed over"));
  check("all are replayed, in pieces", true, await page.textContent("#l-done"));
  check("the token is in sessionStorage alone", await page.evaluate(() => localStorage.length === 0 && document.cookie === "" && !location.href.includes("token") && sessionStorage.length === 1));
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Escape");
  await page.waitForSelector("#list:visible");
  check("Escape goes back to the same tenant", (await focusText(page)) === "shop-0013");

  // ------------------------------------------------------------------------------------------ phone
  const phone = await open({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  await phone.goto(server.url);
  await drawn(phone);
  const narrow = () => phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  check("nothing is wider than a phone: list", await narrow());
  await shot(phone, "phone-light");
  await phone.fill("#find", "shop-00");
  await phone.waitForFunction(() => document.querySelectorAll("#table tbody tr").length < 150);
  await accessible(phone, "list on a phone");
  await phone.emulateMedia({ colorScheme: "dark" });
  await phone.evaluate(() => document.querySelector("#table").scrollIntoView());
  await shot(phone, "phone-dark");
  await phone.goto(server.url + "#tenant=shop-0005");
  await phone.waitForSelector("#t-why li");
  check("nothing is wider than a phone: tenant", await narrow());
  await shot(phone, "phone-tenant");
  await accessible(phone, "tenant on a phone");
  await phone.context().close();

  const zoomed = await open({ viewport: { width: 320, height: 256 } }); // 1280 by 1024 at 400 %
  await zoomed.goto(server.url);
  await drawn(zoomed);
  check("nothing is wider than the window at 400 % zoom", await zoomed.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await zoomed.context().close();

  // ------------------------------------------------------------------------------------------ hidden, paused
  let asked = 0;
  page.on("request", (request) => { if (request.url().includes("/api/")) asked++; });
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForTimeout(500);
  asked = 0;
  await page.waitForTimeout(4000);
  check("a hidden page asks nothing", asked === 0, asked + " requests in 4 s");
  await page.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForTimeout(500);
  check("and asks at once when it is seen again", asked > 0);
  await page.click("#pause");
  await page.waitForTimeout(500);
  asked = 0;
  await page.waitForTimeout(4000);
  check("a paused page asks nothing", asked === 0, await page.textContent("#fresh"));
  await page.click("#pause");

  // ------------------------------------------------------------------------------------------ standby, away
  const other = await open();
  await other.goto(standby.url);
  await other.waitForSelector("#notice:visible");
  check("a standby says who leads", (await other.textContent("#notice")).includes("relay-b/7 leads"), await other.textContent("#notice"));
  await shot(other, "standby");
  await accessible(other, "standby");
  await other.context().close();
  await server.end();
  await page.waitForSelector("#alarm:visible", { timeout: 15000 });
  check("a relay that is gone is said", (await page.title()).startsWith("(!)"), await page.textContent("#alarm"));
  await page.evaluate(() => scrollTo(0, 0));
  await shot(page, "gone");

  check("no request left the relay", foreign.length === 0, foreign.join(" ") || undefined);
  check("no error in the browser's console", problems.length === 0, problems.join("\n          ") || undefined);
} catch (error) {
  failures++;
  console.log("FAILED  " + error.stack);
  console.log(problems.join("\n"));
} finally {
  await browser.close();
  await standby.end();
  await server.end();
}
console.log(failures === 0 ? "all is as it should be; pictures in " + options.shots : failures + " checks failed");
process.exit(failures === 0 ? 0 : 1);
