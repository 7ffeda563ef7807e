// build.mjs - bundles the page and writes it as C++: node build.mjs OUTPUT.cc
//
// The page is cut where the program puts what it found; see report/web_page.h.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.env.WEB_MODULES; // where npm ci put the libraries
const { buildSync } = createRequire(join(modules, "_"))("esbuild");

function bundle(entry, loader) {
  const result = buildSync({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    nodePaths: [modules],
    jsx: "automatic",
    jsxImportSource: "preact",
    loader,
    logLevel: "warning",
    absWorkingDir: here,
  });
  return result.outputFiles[0].text.trim();
}

const hash = (text) => "sha256-" + createHash("sha256").update(text).digest("base64");
const script = bundle("main.tsx");
const style = bundle("style.css");
const pieces = {
  "{{script-hash}}": hash(script),
  "{{style-hash}}": hash(style),
  "{{style}}": style,
  "{{script}}": script,
};
let page = readFileSync(join(here, "page.html"), "utf8");
for (const [mark, text] of Object.entries(pieces)) page = page.split(mark).join(text);

// C++ promises string literals of 64 kB only, so the bytes come one by one.
function array(name, text) {
  const bytes = [...new Int8Array(Buffer.from(text, "utf8"))];
  const lines = [];
  for (let at = 0; at < bytes.length; at += 40) lines.push(bytes.slice(at, at + 40).join(",") + ",");
  return `constexpr char ${name}[] = {\n${lines.join("\n")}\n};\n`;
}

const [beforeSummary, rest] = page.split("{{summary}}");
const [beforeTables, afterTables] = rest.split("{{tables}}");
writeFileSync(
  process.argv[2],
  `// Made by src/report/web/build.mjs.
#include "report/web_page.h"

namespace wirelens {
namespace {

${array("kBeforeSummary", beforeSummary)}
${array("kBeforeTables", beforeTables)}
${array("kAfterTables", afterTables)}
}  // namespace

const WebPage kWebPage = {{kBeforeSummary, sizeof kBeforeSummary},
                          {kBeforeTables, sizeof kBeforeTables},
                          {kAfterTables, sizeof kAfterTables}};

}  // namespace wirelens
`,
);
