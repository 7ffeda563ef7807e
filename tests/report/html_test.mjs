#!/usr/bin/env node
// tests/report/html_test.mjs PROGRAM [FILE...] - the html report in a real browser.
//
// Walks every view of the page of each capture (those below unless named), compares its numbers
// with the NDJSON of the same run, and fails on any console error, exception or request. A capture
// full of markup is made here. WEB_MODULES names the node_modules with playwright-core, CHROMIUM the
// browser; with SCREENSHOTS=FOLDER it leaves pictures, light and dark, wide and narrow.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checksummed, page as pageCapture } from "./made_captures.mjs";

const tree = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { chromium } = createRequire(join(process.env.WEB_MODULES, "_"))("playwright-core");
const [program, ...named] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wirelens-html-"));
const captures = named.length
  ? named
  : ["demo.pcapng", "http1/parallel.pcap", "http2/nginx.pcap", "http2/head_of_line.pcap", "http2/extended_connect.pcap", "websocket/chat.pcap", "websocket/deflate.pcap", "sse/plain.pcap", "sse/lossy.pcap", "socketio/upgraded.pcap", "tcp/loss_in_the_middle.pcap", "tcp/zero_window.pcap", "attack/syn_flood.pcap", "tls/shop.pcap", "tls/alerts.pcap", "tls/certificate_expired.pcap", "tunnel/vxlan.pcap", "format/empty.pcap"].map((file) => join(tree, "captures", file));

let failures = 0;
let checks = 0;
function check(what, found, expected) {
  ++checks;
  if (found === expected) return;
  ++failures;
  console.log(`FAILED ${what}: the page has ${JSON.stringify(found)}, the records ${JSON.stringify(expected)}`);
}

function analysed(capture, command = ["analyze"], rest = []) {
  const page = join(folder, `${basename(capture)}.html`), records = join(folder, "records.ndjson");
  try {
    execFileSync(program, [...command, "-q", "-w", `html=${page}`, "-w", `ndjson=${records}`, capture, ...rest]);
  } catch (error) {
    if (error.status !== 3) throw error; // a damaged capture is read as far as it goes
  }
  const lines = readFileSync(records, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const all = lines.filter((each) => !each.interim);
  return { page, all, of: (type) => all.filter((each) => each.type === type) };
}

/// Opens a page that must not complain nor ask anybody for anything.
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  const page = await context.newPage();
  const complain = (what) => {
    ++failures;
    console.log(`FAILED ${basename(file)}: ${what}`);
  };
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complain(`console: ${message.text()}`));
  page.on("pageerror", (error) => complain(`exception: ${error.stack}`));
  page.on("dialog", (dialog) => (complain(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => !request.url().startsWith(`file://${file}`) && complain(`request: ${request.url()}`));
  await page.goto(`file://${file}`);
  await page.waitForSelector("nav a");
  return page;
}

/// Whether `holds` comes true in the page. Asked from here again and again: waitForFunction() would ask
/// within the page, by eval(), which the page's own policy forbids from the second time on.
async function until(page, holds, argument, timeout = 10_000) {
  for (const end = Date.now() + timeout; ; await page.waitForTimeout(20)) {
    if (await page.evaluate(holds, argument)) return true;
    if (Date.now() > end) return false;
  }
}

const go = async (page, view) => {
  await page.evaluate((name) => (location.hash = name), view);
  const there = await until(page, (name) => document.querySelector("main")?.dataset.view === name.split("/")[0] || document.querySelector("main")?.dataset.view === name, view);
  if (!there) throw new Error(`the page does not show ${view}`);
};
const rowCount = async (page, label) => Number(await page.getAttribute(`.grid[aria-label="${label}"]`, "aria-rowcount")) - 1;
/// Waits until a table has so many rows; what it has in the end is for the caller to check.
const settled = (page, label, rows) => until(page, ([name, count]) => document.querySelector(`.grid[aria-label="${name}"]`)?.ariaRowCount === String(count + 1), [label, rows], 5_000);
const text = (page, selector) => page.locator(selector).first().innerText();

async function walk(browser, capture) {
  const { page: file, of } = analysed(capture);
  const page = await open(browser, file);
  const views = await page.$$eval("nav a", (all) => all.map((each) => each.getAttribute("href").slice(1)));
  for (const view of views) {
    await go(page, view);
    const nameless = await page.$$eval("button, a, input, select, [role=img], figure", (all) => all.filter((each) => !(each.ariaLabel || each.title || each.innerText || each.labels?.[0]?.innerText || "").trim()).map((each) => each.outerHTML.slice(0, 120)));
    check(`${basename(capture)}: ${view} names all that can be used`, nameless.join(" "), "");
    check(`${basename(capture)}: ${view} shows something`, (await text(page, "main")).trim().length > 0, true);
  }
  const packets = of("capture_end")[0].packets.toLocaleString("en-US");
  check(`${basename(capture)}: packets`, (await text(page, ".file")).includes(`${packets} packet`), true);
  await go(page, "findings");
  check(`${basename(capture)}: findings`, await page.locator(".finding").count(), of("finding").length);
  await glance(page, capture, of("finding"));
  await go(page, "connections");
  check(`${basename(capture)}: connections`, await rowCount(page, "Connections"), of("connection").length);
  for (const close of new Set(of("connection").map((each) => each.close))) {
    if (!close) continue;
    await page.fill("input[type=search]", `close=${close}`);
    await settled(page, "Connections", of("connection").filter((each) => each.close === close).length);
    check(`${basename(capture)}: closed by ${close}`, await rowCount(page, "Connections"), of("connection").filter((each) => each.close === close).length);
  }
  if (of("http").length > 0) {
    await go(page, "exchanges");
    check(`${basename(capture)}: exchanges`, await rowCount(page, "Exchanges"), of("http").length);
    await page.fill("input[type=search]", "status>=400");
    await settled(page, "Exchanges", of("http").filter((each) => each.status >= 400).length);
    check(`${basename(capture)}: failures`, await rowCount(page, "Exchanges"), of("http").filter((each) => each.status >= 400).length);
  }
  if (of("tls").length > 0) {
    await go(page, "tls");
    check(`${basename(capture)}: TLS handshakes`, await rowCount(page, "TLS"), of("tls").length);
    await page.locator(".grid .body .row").first().click();
    await page.waitForSelector("article h2");
    check(`${basename(capture)}: a TLS handshake is told`, (await text(page, "article")).includes("tls"), true);
  }
  await realtime(page, capture, of);
  await streams(page, capture, of);
  await oneConnection(page, capture, of);
  await page.context().close();
}

/// What is wrong, where, and since when: there without a click, the gravest first.
async function glance(page, capture, findings) {
  const rows = page.locator(".overview tbody tr");
  check(`${basename(capture)}: findings at a glance`, await rows.count(), findings.length > 1 ? Math.min(14, findings.length) : 0);
  if (findings.length < 2) return;
  const order = ["critical", "high", "medium", "low", "info"];
  const [worst] = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || (b.cost_seconds ?? 0) - (a.cost_seconds ?? 0));
  const row = (await rows.first().innerText()).replaceAll(/\s+/g, " ");
  for (const part of [worst.severity.toUpperCase(), worst.title, worst.subject, worst.first_ts.slice(11, 19)]) check(`${basename(capture)}: the first row says ${part}`, row.includes(part), true);
  check(`${basename(capture)}: seen without scrolling`, await rows.first().evaluate((each) => each.getBoundingClientRect().bottom < innerHeight), true);
  await rows.first().locator("a").click();
  check(`${basename(capture)}: its evidence is one click away`, await until(page, (why) => document.activeElement.innerText.includes(why), worst.why), true);
}

const kRealtime = { websocket_message: "WebSocket messages", sse_event: "Server-sent events", socketio: "Socket.IO packets", websocket: "WebSockets", sse: "Event streams" };

/// Messages are all there, with what the records say of them.
async function realtime(page, capture, of) {
  const types = Object.keys(kRealtime).filter((type) => of(type).length > 0);
  if (types.length === 0) return;
  await go(page, "realtime");
  for (const type of types) {
    check(`${basename(capture)}: ${type}`, await rowCount(page, kRealtime[type]), of(type).length);
    if (!["websocket_message", "sse_event"].includes(type)) continue;
    const cells = await page.locator(`.grid[aria-label="${kRealtime[type]}"] .body .row`).first().locator("[role=gridcell]").allInnerTexts();
    const [first] = of(type);
    for (const part of [String(first.packet), first.opcode ?? first.event, first.ts.slice(11, 23)]) check(`${basename(capture)}: the first ${type} says ${part}`, cells.includes(part), true);
  }
}

const seconds = (text) => text.split(" ").reduce((sum, part, i, all) => (i % 2 ? sum + Number(all[i - 1]) * { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60 }[part] : sum), 0);

/// Streams of HTTP/2 side by side: every exchange with its stream, its phases and who held it up.
async function streams(page, capture, of) {
  const all = of("http").filter((each) => each.stream !== undefined);
  if (all.length === 0) return;
  await go(page, "exchanges");
  await page.click('button:has-text("time axis")');
  await page.waitForSelector('.grid .head :text("When")');
  const rows = await page.$$eval(".grid .body .row", (list) => list.map((row) => ({ conn: row.children[4].innerText, bar: row.querySelector(".bar").ariaLabel })));
  check(`${basename(capture)}: streams side by side`, rows.length, Math.min(all.length, rows.length));
  for (const { conn, bar } of rows) {
    const [connection, stream] = conn.split(" · ").map(Number);
    const record = all.find((each) => each.conn === connection && each.stream === stream);
    const phases = Object.fromEntries([...bar.matchAll(/(blocked|dns|connect|tls|send|wait|receive) ([\d.]+ \S+?)(?:,|$)/g)].map(([, name, length]) => [name, seconds(length)]));
    for (const [name, length] of Object.entries(record.timing ?? {})) {
      const wanted = name === "connect" ? length - (record.timing.tls ?? 0) : length;
      if (wanted > 0) check(`${basename(capture)}: ${name} of ${conn}`, Math.abs(phases[name] - wanted) <= 0.06 * wanted + 1e-9, true);
    }
    const holes = of("http2").filter((each) => each.conn === connection).flatMap((each) => each.blocked ?? []).filter((hole) => hole.waiting.includes(stream));
    check(`${basename(capture)}: ${conn} was held up`, (bar.match(/held up/g) ?? []).length, holes.length);
  }
}

/// The connection that lost most is drawn, packet by packet.
async function oneConnection(page, capture, of) {
  const total = (each, name) => each.sent[name] + each.received[name];
  const worst = of("connection").filter((each) => each.transport === "tcp").sort((a, b) => total(b, "retransmitted_packets") - total(a, "retransmitted_packets"))[0];
  if (!worst || total(worst, "retransmitted_packets") === 0) return;
  await go(page, `connection/${worst.id}`);
  await page.waitForSelector("article h2");
  const packets = total(worst, "packets");
  if (await page.locator(".ladder").count()) {
    check(`${basename(capture)}: packets of ${worst.id}`, await page.locator(".ladder .arrow").count(), Math.min(400, packets));
  }
  const cell = async (name, column) => (await page.locator("table.ends tr", { has: page.locator("th", { hasText: new RegExp(`^${name}$`) }) }).locator("td").nth(column).innerText()).replaceAll(",", "");
  check(`${basename(capture)}: packets sent`, await cell("packets", 0), String(worst.sent.packets));
  check(`${basename(capture)}: packets received`, await cell("packets", 1), String(worst.received.packets));
}

async function hostile(browser) {
  const capture = join(folder, "hostile.pcap");
  writeFileSync(capture, checksummed());
  const { page: file, of } = analysed(capture);
  const page = await open(browser, file);
  const exchange = of("http")[0];
  check("hostile: an exchange", !!exchange, true);
  for (const view of ["findings", "connections", "exchanges", "connection/0", "timeline", "unseen"]) {
    await go(page, view);
    check(`hostile: ${view} has no markup of the wire`, await page.locator("main script, main img, main b.evil, main iframe").count(), 0);
  }
  await go(page, "exchanges");
  check("hostile: markup is shown as text", (await text(page, ".grid .body")).includes("<script>alert(1)</script>"), true);
  check("hostile: nothing ran", await page.evaluate(() => window.evil), undefined);
  await page.context().close();
}

/// Sorting, filtering, the keyboard, the stretch of time.
async function use(browser) {
  const { page: file, of } = analysed(join(tree, "captures/demo.pcapng"));
  const page = await open(browser, file);
  await go(page, "connections");
  await page.click('.grid .head button:has-text("Bytes")');
  const bytes = of("connection").map((each) => [each.sent.bytes + each.received.bytes, each.id]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  check("sorted by bytes, most first", await text(page, ".grid .body .row >> nth=0 >> [role=gridcell] >> nth=0"), String(bytes[0][1]));
  await page.focus(".grid .body");
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  check("a screen reader is told the row", await until(page, () => !!document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))), true);
  await page.keyboard.press("Enter");
  await page.waitForSelector("article h2");
  check("Enter opens the row", (await text(page, "article h2")).startsWith(`Connection ${bytes[1][1]}`), true);
  await page.goBack();
  await page.waitForSelector(".grid");
  await page.keyboard.press("/");
  check("/ goes to the filter", await page.evaluate(() => document.activeElement.type), "search");
  await go(page, "exchanges");
  const http = of("http"), ofHost = http.filter((each) => each.host === "shop.test").length;
  await page.selectOption('select[aria-label="Host"]', "shop.test");
  await settled(page, "Exchanges", ofHost);
  check("exchanges of one host", await rowCount(page, "Exchanges"), ofHost);
  await page.selectOption('select[aria-label="Host"]', "");
  await go(page, "timeline");
  const box = await page.locator(".strip .u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForSelector(".range");
  await go(page, "connections");
  const some = await rowCount(page, "Connections");
  check("a stretch of time filters", some > 0 && some < of("connection").length, true);
  await go(page, "timeline");
  await page.fill('.span input >> nth=1', "30");
  await page.keyboard.press("Tab");
  check("a stretch can be typed", (await text(page, ".range")).includes(" to 08:36:03."), true);
  await go(page, "connections");
  await page.keyboard.press("Escape");
  await page.click(".range button").catch(() => {});
  await settled(page, "Connections", of("connection").length);
  check("and lets go", await rowCount(page, "Connections"), of("connection").length);
  await page.context().close();
}

/// A page is a document with what refers to it.
async function onePage(browser) {
  const capture = join(folder, "page.pcap");
  writeFileSync(capture, pageCapture());
  const { page: file, of } = analysed(capture);
  const page = await open(browser, file);
  await go(page, "exchanges");
  check("page: exchanges", await rowCount(page, "Exchanges"), of("http").length);
  await page.selectOption('select[aria-label="Page"]', "http://shop.test/cart");
  await settled(page, "Exchanges", 3);
  check("page: a document and what refers to it", await rowCount(page, "Exchanges"), 3);
  check("page: on its own time axis", await page.getAttribute('button:has-text("time axis")', "aria-pressed"), "true");
  await page.context().close();
}

/// What the summary tells is there before any table is unpacked.
async function firstPaint(browser) {
  const { page: file, of } = analysed(join(tree, "captures/demo.pcapng"));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => (window.DecompressionStream = class { constructor() { throw new Error("not yet"); } }));
  await page.goto(`file://${file}`);
  check("findings without tables", await page.locator('main[data-view="loading"] .finding').count(), of("finding").length);
  check("the verdict without tables", (await text(page, "h1")).startsWith(`${of("finding").length} findings`), true);
  await context.close();
}

async function follow(browser) {
  const { page: file, of } = analysed(join(tree, "captures/tcp/loss_in_the_middle.pcap"), ["follow"], ["0"]);
  const page = await open(browser, file);
  await go(page, "connection/0");
  await page.waitForSelector(".ladder");
  check("follow: packets", await page.locator(".ladder .arrow").count(), of("segment").length);
  await page.context().close();
}

async function pictures(browser, out) {
  mkdirSync(out, { recursive: true });
  for (const capture of captures.filter((each) => /demo|head_of_line|chat|shop|loss_in/.test(each))) {
    const { page: file, of } = analysed(capture);
    const worst = [...of("connection")].sort((a, b) => b.received.retransmitted_packets + b.sent.retransmitted_packets - a.received.retransmitted_packets - a.sent.retransmitted_packets)[0];
    for (const colorScheme of ["light", "dark"]) {
      for (const [size, viewport] of [["wide", { width: 1360, height: 860 }], ["narrow", { width: 420, height: 860 }]]) {
        const page = await open(browser, file, { colorScheme, viewport });
        const views = await page.$$eval("nav a", (all) => all.map((each) => each.getAttribute("href").slice(1)));
        for (const view of [...views, `connection/${worst?.id ?? 0}`]) {
          await go(page, view);
          await page.waitForTimeout(120);
          await page.screenshot({ path: join(out, `${basename(capture)}-${view.replaceAll("/", "_")}-${size}-${colorScheme}.png`), fullPage: size === "wide" && view.startsWith("connection/") });
        }
        await page.context().close();
      }
    }
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  for (const capture of captures) await walk(browser, capture);
  await hostile(browser);
  await use(browser);
  await follow(browser);
  await firstPaint(browser);
  await onePage(browser);
  if (process.env.SCREENSHOTS) await pictures(browser, process.env.SCREENSHOTS);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
console.log(`${checks} checks, ${failures} failed`);
process.exit(failures ? 1 : 0);
