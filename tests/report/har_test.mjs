#!/usr/bin/env node
// tests/report/har_test.mjs PROGRAM - the HAR in Chromium's own developer tools.
//
// Opens them in a headless browser, imports each file as a user does (Network, Import HAR file), and
// compares the rows with the NDJSON of the same run. What the importer made of each entry (URL,
// status, phases, WebSocket messages) is asked from its own module; where a Chromium keeps that
// elsewhere, this says so and compares the rows alone. WEB_MODULES names the node_modules with
// playwright-core, CHROMIUM the browser.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const tree = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { chromium } = createRequire(join(process.env.WEB_MODULES, "_"))("playwright-core");
const [program] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wirelens-har-"));
const captures = ["demo.pcapng", "http1/keep_alive.pcap", "http1/errors.pcap", "http1/incomplete.pcap", "http2/nginx.pcap", "http2/extended_connect.pcap", "websocket/chat.pcap", "sse/plain.pcap", "socketio/upgraded.pcap"];
const kTools = "devtools://devtools/bundled/devtools_app.html";
const kImporter = "devtools://devtools/bundled/models/har/har.js";

let failures = 0;
let checks = 0;
function check(what, found, expected) {
  ++checks;
  if (found === expected) return;
  ++failures;
  console.log(`FAILED ${what}: the developer tools have ${JSON.stringify(found)}, the records ${JSON.stringify(expected)}`);
}
const near = (what, found, expected) => check(what, Math.abs(found - expected) < 1e-4 ? expected : found, expected);

function analysed(capture) {
  const har = join(folder, `${basename(capture)}.har`), records = join(folder, "records.ndjson");
  execFileSync(program, ["analyze", "-q", "-w", `har=${har}`, "-w", `ndjson=${records}`, join(tree, "captures", capture)]);
  const all = readFileSync(records, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return { har, of: (type) => all.filter((each) => each.type === type && !each.interim) };
}

/// Imports the file by the button, and returns how many requests the tools say they show.
async function imported(browser, har) {
  const page = await (await browser.newContext({ viewport: { width: 1300, height: 800 } })).newPage();
  page.on("pageerror", (error) => check(`${basename(har)}: exception`, error.stack, ""));
  await page.goto(kTools);
  await page.getByRole("tab", { name: "Network" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: /^Import HAR file/ }).click();
  await (await chooser).setFiles(har);
  const footer = page.getByText(/^[\d,]+ requests?$/);
  await footer.waitFor();
  const shown = Number((await footer.innerText()).replace(/\D/g, ""));
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${basename(har)}.png`) });
  return { page, shown };
}

/// What the importer makes of every entry; undefined where this Chromium has it elsewhere.
function requests(page, har) {
  return page.evaluate(
    async ([module, text]) => {
      const { HARFormat, Importer } = await import(module).catch(() => ({}));
      if (!HARFormat) return undefined;
      const log = new HARFormat.HARRoot(JSON.parse(text)).log;
      return Importer.Importer.requestsFromHARLog(log).map((each) => ({
        url: each.url(),
        method: each.requestMethod,
        status: each.statusCode,
        seconds: each.endTime - each.issueTime(),
        wait: (each.timing.receiveHeadersEnd - each.timing.sendEnd) / 1000,
        connect: each.timing.connectEnd - each.timing.connectStart,
        ssl: each.timing.sslEnd - each.timing.sslStart,
        kind: each.resourceType().name(),
        frames: each.frames().map((frame) => ({ from: frame.type === "send" ? "client" : "server", time: frame.time, text: frame.text, opcode: frame.opCode })),
      }));
    },
    [kImporter, readFileSync(har, "utf8")],
  );
}

const kOpcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

function compareMessages(name, request, messages) {
  check(`${name}: kind`, request.kind, "websocket");
  check(`${name}: messages`, request.frames.length, messages.length);
  messages.forEach((message, i) => {
    const frame = request.frames[i] ?? {};
    check(`${name}: message ${i} is from`, frame.from, message.from);
    check(`${name}: message ${i} is`, frame.opcode, kOpcodes[message.opcode]);
    near(`${name}: message ${i} at`, frame.time, Date.parse(message.ts.replace(/(\.\d{3})\d*/, "$1")) / 1000 + Number(`0.000${message.ts.match(/\.\d{3}(\d*)/)[1]}`));
    if (message.opcode === "text") check(`${name}: message ${i} says`, frame.text, message.preview ?? "");
  });
}

function compare(capture, all, of) {
  const key = (each) => `${each.method} ${each.url} ${each.status}`;
  const isSocket = (each) => of("websocket").some((socket) => socket.conn === each.conn && socket.stream === each.stream) && (each.status === 101 || each.method === "CONNECT");
  const url = (each) => `${isSocket(each) ? "ws" : (each.scheme ?? "http")}://${each.host}${each.path.startsWith("/") ? "" : "/"}${each.path}`;
  const told = of("http").filter((each) => each.host && each.path);
  const wanted = told.map((each) => key({ method: each.method, url: url(each), status: each.status ?? 0 })).sort();
  const found = all.filter((each) => each.method !== "unknown").filter((each) => !each.url.includes("://10.") || told.some((one) => each.url === url(one))).map(key).sort();
  check(`${capture}: entries`, found.join("\n"), wanted.join("\n"));
  const waits = (list) => list.reduce((sum, each) => sum + each, 0);
  near(`${capture}: waiting, summed`, waits(all.map((each) => each.wait)), waits(of("http").map((each) => each.timing?.wait ?? 0)));
  for (const each of all) check(`${capture}: ssl lies inside connect`, each.ssl <= each.connect + 1e-6, true);
  for (const socket of of("websocket")) {
    const place = told.filter(isSocket).findIndex((each) => each.conn === socket.conn && each.stream === socket.stream);
    if (place < 0) continue;
    const request = all.filter((each) => each.kind === "websocket")[place];
    const messages = of("websocket_message").filter((each) => each.conn === socket.conn && each.stream === socket.stream);
    if (request) compareMessages(`${capture}: WebSocket ${socket.conn}`, request, messages);
    else check(`${capture}: WebSocket ${socket.conn}`, undefined, "an entry");
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
try {
  for (const capture of captures) {
    const { har, of } = analysed(capture);
    const { page, shown } = await imported(browser, har);
    check(`${capture}: requests`, shown, of("http").length);
    const all = await requests(page, har);
    if (all) compare(capture, all, of);
    else console.log("this Chromium keeps its importer elsewhere: only the rows were compared");
    await page.context().close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
console.log(`${checks} checks, ${failures} failed`);
process.exit(failures ? 1 : 0);
