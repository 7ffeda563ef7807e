// main.tsx - the page: the answer at once from the summary, the rest when the tables are unpacked.
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Data, readSummary, type Item, type Summary } from "./data";
import { ConnectionView } from "./connection";
import { Findings, facts, verdict } from "./findings";
import { bytes, clock, count, duration, moment, plural, second, visible, words } from "./format";
import { items, list, ReportContext, titleOf, Wire } from "./parts";
import { realtimeTypes, Realtime } from "./realtime";
import { Connections, Exchanges, Records } from "./tables";
import { Strip, Timeline } from "./timeline";

const summary: Summary = readSummary();

const number = (item: Item, name: string): number => (typeof item[name] === "number" ? (item[name] as number) : 0);

function Unseen() {
  const end = summary.capture_end;
  const dropped = (end.dropped ?? {}) as Item;
  const lines: [string, string, number][] = [];
  for (const each of items(end.not_observable)) lines.push([String(each.what), String(each.doubt ?? ""), number(each, "count")]);
  for (const side of ["kernel", "interface"]) {
    if (number(dropped, side)) lines.push([`packets dropped by the ${side}`, "all counts are lower bounds", number(dropped, side)]);
  }
  if (number(end, "truncated_packets")) lines.push(["packets cut by the snapshot length", "what lay behind the cut", number(end, "truncated_packets")]);
  for (const each of items(end.damage)) lines.push([`${String(each.file)} is damaged at byte ${count(number(each, "offset"))}`, String(each.reason), 0]);
  for (const [type, { left_out }] of Object.entries(summary.types)) {
    if (left_out) lines.push([`${words(type)} records beyond what a page holds`, "they are in -w ndjson=", left_out]);
  }
  const table = (title: string, rows: [string, string, number][], second: string) =>
    rows.length > 0 && (
      <section>
        <h2>{title}</h2>
        <table class="facts">
          <thead><tr><th>What</th>{second && <th>{second}</th>}<th class="right">How often</th></tr></thead>
          <tbody>
            {rows.map(([what, doubt, times], i) => (
              <tr key={i}><td><Wire text={what} /></td>{second && <td><Wire text={doubt} /></td>}<td class="right">{times ? count(times) : ""}</td></tr>
            ))}
          </tbody>
        </table>
      </section>
    );
  const named = (value: Item[string]): [string, string, number][] => items(value).map((each) => [String(each.name), "", number(each, "count")]);
  return (
    <>
      {table("Not observable", lines, "What that puts in doubt")}
      {table("Malformed", named(end.malformed), "")}
      {table("Limits reached", named(end.limits), "")}
      {lines.length === 0 && !items(end.malformed).length && !items(end.limits).length && <p class="none">Everything in the capture could be seen.</p>}
    </>
  );
}

interface View {
  name: string;
  title: string;
  count?: number;
  show: (part?: number) => preact.ComponentChildren;
}

function views(data: Data): View[] {
  const has = (type: string) => data.table(type).rows;
  const known = ["connection", "http", "tls", "segment", ...realtimeTypes];
  const unseen = items(summary.capture_end.not_observable).length;
  const others = data.types().filter((type) => !known.includes(type) && has(type) > 0);
  const all: (View | false)[] = [
    { name: "findings", title: "Findings", count: summary.findings.length || undefined, show: (part) => <Findings chosen={part} /> },
    { name: "timeline", title: "Timeline", show: () => <Timeline /> },
    { name: "connections", title: "Connections", count: has("connection"), show: () => <Connections /> },
    has("http") > 0 && { name: "exchanges", title: "Exchanges", count: has("http"), show: () => <Exchanges /> },
    has("tls") > 0 && { name: "tls", title: "TLS", count: has("tls"), show: () => <Records type="tls" preferred={["server_name", "version", "cipher", "alpn", "verification", "browser_error", "resumed", "handshake_time"]} hint="Filter: version:1.2  verification:expired  server_name:shop" /> },
    realtimeTypes.some((type) => has(type) > 0) && { name: "realtime", title: "Realtime", count: has("websocket_message") + has("sse_event"), show: () => <Realtime /> },
    ...others.map((type) => ({ name: `records/${type}`, title: titleOf(type), count: has(type), show: () => <Records key={type} type={type} /> })),
    { name: "unseen", title: "Not observable", count: unseen || undefined, show: () => <Unseen /> },
  ];
  return all.filter((each): each is View => !!each);
}

function Head({ data }: { data?: Data }) {
  const files = list(summary.capture.files).map(String);
  const end = summary.capture_end;
  const begin = summary.begin ? Date.parse(summary.begin) : 0;
  const last = typeof end.last_ts === "string" ? Date.parse(end.last_ts) : begin;
  const found = verdict(summary.findings);
  const standing = useMemo(() => (data && !found ? facts(data) : []), [data]);
  const grave = standing.filter((each) => each.grave);
  const since = Math.min(...grave.map((each) => each.since ?? Infinity));
  const answer =
    found ||
    (!data
      ? "Reading the records…"
      : grave.length > 0
        ? `${plural(grave.length, "thing")} went wrong${isFinite(since) ? `, since ${second(data.begin + since * 1000)}` : ""}`
        : standing.length > 0
          ? `${plural(standing.length, "thing")} may be worth a look`
          : "Nothing stands out");
  return (
    <header class="page">
      <p class="file">
        <b>{visible(files.map((file) => file.split("/").at(-1)).join(", "))}</b>{" "}
        {plural(number(end, "packets"), "packet")}, {bytes(number(end, "bytes"))}, {duration(Math.max(0, last - begin) / 1000)} from {moment(begin)}
      </p>
      <h1>{answer}</h1>
    </header>
  );
}

/// Until the tables are unpacked `loading` is set, and there is only what the summary tells.
function App({ data, loading = false }: { data: Data; loading?: boolean }) {
  const [place, setPlace] = useState(location.hash.slice(1));
  const [range, setRange] = useState<[number, number]>();
  useEffect(() => {
    const on = () => (setPlace(location.hash.slice(1)), scrollTo(0, 0));
    addEventListener("hashchange", on);
    const key = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
      if (event.key === "/") {
        document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
        event.preventDefault();
      } else if (event.key === "Escape") setRange(undefined);
    };
    addEventListener("keydown", key);
    return () => (removeEventListener("hashchange", on), removeEventListener("keydown", key));
  }, []);
  const all = useMemo(() => (loading ? [] : views(data)), [data, loading]);
  const [name, query] = place.split("?", 2);
  const connection = /^connection\/(\d+)$/.exec(name);
  const finding = /^findings\/(\d+)$/.exec(name);
  const chosen = all.find((each) => each.name === name) ?? all[0];
  const view = connection ? "connection" : chosen?.name;
  return (
    <>
      <Head data={loading ? undefined : data} />
      <ReportContext.Provider value={{ data, range, choose: setRange, go: (to) => (location.hash = to) }}>
        <Strip />
        {!loading && (
          <nav aria-label="Views">
            {all.map((each) => (
              <a key={each.name} href={`#${each.name}`} aria-current={view === each.name ? "page" : undefined}>
                {each.title}
                {each.count !== undefined && <span class="muted"> {count(each.count)}</span>}
              </a>
            ))}
          </nav>
        )}
        {range && (
          <p class="range">
            Only {clock(data.begin + range[0] * 1000)} to {clock(data.begin + range[1] * 1000)}{" "}
            <button type="button" onClick={() => setRange(undefined)}>show all</button>
          </p>
        )}
        {loading ? (
          <main data-view="loading" aria-busy="true">
            {summary.findings.length > 0 && <p class="muted" role="status">Reading the records…</p>}
            {(!place || place.startsWith("findings")) && <Findings loading />}
          </main>
        ) : (
          <main key={`${view}?${query ?? ""}`} data-view={view}>
            {connection ? <ConnectionView id={Number(connection[1])} key={connection[1]} /> : chosen?.show(finding ? Number(finding[1]) : undefined)}
          </main>
        )}
      </ReportContext.Provider>
    </>
  );
}

const root = document.getElementById("app")!;
document.title = `${list(summary.capture.files).map((file) => String(file).split("/").at(-1)).join(", ") || "capture"} · wirelens`;
render(<App data={new Data(summary)} loading />, root);

async function fill() {
  try {
    render(<App data={await Data.load(summary)} />, root);
  } catch (error) {
    root.append(`The records of this report could not be read: ${error}`);
    throw error;
  }
}
if (document.readyState === "loading") addEventListener("DOMContentLoaded", fill);
else fill();
