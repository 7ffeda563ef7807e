// findings.tsx - the first screen: what is wrong, where, since when, and what proves it.
import { useEffect, useMemo } from "preact/hooks";
import type { Data, Item, Value } from "./data";
import { bytes, clock, count, duration, endpoint, plural, second, share, words } from "./format";
import { ConnectionLink, figure, list, numbers, Packets, useReport, Wire } from "./parts";

const kOrder = ["critical", "high", "medium", "low", "info"];

const text = (value: Value): string => (typeof value === "string" ? value : "");
const number = (value: Value): number => (typeof value === "number" ? value : 0);

export function sorted(findings: Item[]): Item[] {
  return [...findings].sort(
    (a, b) => kOrder.indexOf(text(a.severity)) - kOrder.indexOf(text(b.severity)) || number(b.cost_seconds) - number(a.cost_seconds),
  );
}

/// "2 high and 1 medium finding cost 412 s of waiting, since 21:00:44".
export function verdict(findings: Item[]): string {
  if (findings.length === 0) return "";
  const cost = findings.reduce((sum, each) => sum + number(each.cost_seconds), 0);
  const first = findings.map((each) => text(each.first_ts)).filter(Boolean).sort()[0];
  const since = first ? `, since ${second(Date.parse(first))}` : "";
  return `${plural(findings.length, "finding")}${cost > 0 ? ` cost ${duration(cost)} of waiting` : ""}${since}`;
}

function Measures({ name, values }: { name: string; values: Value }) {
  if (!values || typeof values !== "object") return null;
  const pairs = Array.isArray(values) ? (values as Value[][]).map((each) => [String(each[0]), each[1]] as [string, Value]) : Object.entries(values);
  if (pairs.length === 0) return null;
  return (
    <span>
      <span class="muted">{name} </span>
      {pairs.map(([key, value], i) => (
        <span key={key}>
          {i > 0 && " · "}
          {words(key)} <b><Wire text={figure(key, value)} /></b>
        </span>
      ))}{" "}
    </span>
  );
}

function Finding({ finding, place }: { finding: Item; place: number }) {
  const severity = text(finding.severity);
  const conns = numbers(finding.conns);
  const total = number(finding.conns_total) || conns.length;
  const first = text(finding.first_ts), last = text(finding.last_ts);
  return (
    <li class={`finding severity-${severity}`} id={`finding-${place}`} tabIndex={-1}>
      <header>
        <span class="severity">{severity}</span>
        <h3><Wire text={text(finding.title) || words(text(finding.rule))} /></h3>
        <code>{text(finding.rule)}</code>
      </header>
      <p class="subject"><Wire text={text(finding.subject)} /></p>
      {text(finding.why) && <p><Wire text={text(finding.why)} /></p>}
      <p class="measures">
        <Measures name="Measured" values={finding.measured} />
        <Measures name="against" values={finding.threshold} />
      </p>
      {text(finding.fix) && <p class="fix"><b>Fix</b> <Wire text={text(finding.fix)} /></p>}
      <footer>
        {number(finding.cost_seconds) > 0 && <b>{duration(number(finding.cost_seconds))} lost</b>}
        {first && <span>{clock(Date.parse(first))}{last && last !== first ? ` to ${clock(Date.parse(last))}` : ""}</span>}
        {text(finding.verdict) && <span>{text(finding.verdict)} fault</span>}
        <Packets numbers={numbers(finding.packets)} more={number(finding.packets_total) - numbers(finding.packets).length} />
        {text(finding.follows) && <span>follows from <code>{text(finding.follows)}</code></span>}
        {conns.length > 0 && (
          <span>
            {conns.slice(0, 3).map((id, i) => (<span key={id}>{i > 0 && ", "}<ConnectionLink id={id} /></span>))}
            {total > 3 && ` and ${count(total - 3)} more`}
          </span>
        )}
        <span class="muted">finding:{place}</span>
      </footer>
    </li>
  );
}

const kOverview = 14;

/// All of them at a glance: what, where, since when, and what it cost.
function Overview({ order, place }: { order: Item[]; place: (finding: Item) => number }) {
  return (
    <table class="facts overview" aria-label="Findings at a glance">
      <thead><tr><th>What</th><th>Where</th><th class="right">Since</th><th class="right wide">Lost</th></tr></thead>
      <tbody>
        {order.slice(0, kOverview).map((each) => (
          <tr key={place(each)} class={`severity-${text(each.severity)}`}>
            <td><span class="severity">{text(each.severity)}</span> <a href={`#findings/${place(each)}`}><Wire text={text(each.title) || words(text(each.rule))} /></a></td>
            <td><Wire text={text(each.subject)} /></td>
            <td class="right">{text(each.first_ts) && second(Date.parse(text(each.first_ts)))}</td>
            <td class="right wide">{number(each.cost_seconds) > 0 && duration(number(each.cost_seconds))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Fact {
  what: string;
  where: string;
  since?: number; // seconds since the capture began
  packets: number[];
  weight: number;
  grave: boolean;
  href: string;
}

function gather<T>(rows: Iterable<T>, key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

/// What stands out in the records themselves, whatever the rules say.
export function facts(data: Data): Fact[] {
  const all: Fact[] = [];
  const http = data.table("http"), conn = data.table("connection");
  const range = (table: typeof http, test: (row: number) => boolean) => {
    const rows: number[] = [];
    for (let row = 0; row < table.rows; ++row) if (test(row)) rows.push(row);
    return rows;
  };
  const firstPacket = (table: typeof http, row: number): number => {
    const place = data.connection(table.num(row, "conn") ?? -1);
    return place === undefined ? 0 : (conn.num(place, "first_packet") ?? 0);
  };
  const add = (what: string, where: string, table: typeof http, rows: number[], packet: string, grave: boolean, href: string, weight = rows.length) => {
    const since = rows.reduce((least, row) => Math.min(least, table.num(row, "ts") ?? Infinity), Infinity);
    all.push({ what, where, since, packets: rows.map((row) => table.num(row, packet) ?? firstPacket(table, row)).filter(Boolean).slice(0, 20), weight, grave, href });
  };
  const path = (row: number) => `${http.text(row, "method")} ${http.text(row, "host")}${http.text(row, "path").split("?")[0]}`;
  for (const [where, rows] of gather(range(http, (row) => (http.num(row, "status") ?? 0) >= 500), (row) => `${http.text(row, "status")} ${path(row)}`)) {
    add(`${plural(rows.length, "answer")} ${where.slice(0, 3)}`, where.slice(4), http, rows, "response_packet", true, `#exchanges?q=status=${where.slice(0, 3)}`);
  }
  for (const [where, rows] of gather(range(http, (row) => !!http.text(row, "method") && http.num(row, "status") === undefined), path)) {
    add(`${plural(rows.length, "request")} without an answer`, where, http, rows, "request_packet", true, "#exchanges");
  }
  const server = (row: number) => endpoint(conn.text(row, "server.ip"), conn.text(row, "server.port"));
  const tls = data.table("tls");
  const unfinished = tls.columns.has("established") ? range(tls, (row) => tls.get(row, "established") !== true) : [];
  for (const [where, rows] of gather(unfinished, (row) => tls.text(row, "server_name") || "no name")) {
    add(`${plural(rows.length, "TLS handshake")} not completed`, where, tls, rows, "packet", true, "#tls");
  }
  const closes: [string, string, boolean][] = [
    ["refused", "refused", true],
    ["unanswered", "never answered", true],
    ["reset_by_server", "reset by the server", false],
    ["reset_by_client", "reset by the client", false],
  ];
  for (const [close, what, grave] of closes) {
    for (const [where, rows] of gather(range(conn, (row) => conn.text(row, "close") === close), server)) {
      add(`${plural(rows.length, "connection")} ${what}`, where, conn, rows, "first_packet", grave, `#connections?q=close:${close}`);
    }
  }
  for (const [direction, who] of [["sent", "client"], ["received", "server"]] as const) {
    for (const [where, rows] of gather(range(conn, (row) => (conn.num(row, `${direction}.timeouts`) ?? 0) > 0 && conn.text(row, "close") !== "unanswered"), server)) {
      const times = rows.reduce((sum, row) => sum + conn.num(row, `${direction}.timeouts`)!, 0);
      add(`${plural(times, "timeout")} of the ${who} before it sent again`, where, conn, rows, "first_packet", false, `#connections?q=${direction}.timeouts>0`, times);
    }
    const lossy = (row: number) => {
      const resent = conn.num(row, `${direction}.retransmitted_packets`) ?? 0;
      return resent >= 3 && resent > 0.01 * (conn.num(row, `${direction}.packets`) ?? 0);
    };
    for (const [where, rows] of gather(range(conn, (row) => lossy(row) && conn.text(row, "close") !== "unanswered"), server)) {
      const sum = (name: string) => rows.reduce((total, row) => total + (conn.num(row, `${direction}.${name}`) ?? 0), 0);
      const resent = sum("retransmitted_packets");
      add(`${plural(resent, "segment")} resent by the ${who} (${share(resent, sum("packets"))})`, where, conn, rows, "first_packet", false, `#connections?q=${direction}.retransmitted_packets>2`, resent);
    }
    const zero = `${direction}.zero_window_time`;
    for (const row of range(conn, (each) => (conn.num(each, zero) ?? 0) > 0.1)) {
      add(`${duration(conn.num(row, zero)!)} with the ${who}'s window at 0`, server(row), conn, [row], "first_packet", false, `#connection/${conn.num(row, "id")}`);
    }
  }
  return all.sort((a, b) => Number(b.grave) - Number(a.grave) || b.weight - a.weight || (a.since ?? 0) - (b.since ?? 0));
}

export function Key({ data }: { data: Data }) {
  const conn = data.table("connection"), http = data.table("http");
  const tally = (table: typeof conn, path: string) => {
    const counts = new Map<string, number>();
    for (let row = 0; row < table.rows; ++row) {
      const value = table.text(row, path);
      if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  };
  const closes = tally(conn, "close").map(([name, n]) => `${words(name)} ${count(n)}`);
  const protocols = new Map<string, number>();
  for (let row = 0; row < conn.rows; ++row) {
    for (const name of list(conn.get(row, "protocols"))) protocols.set(String(name), (protocols.get(String(name)) ?? 0) + 1);
  }
  const classes = new Map<string, number>();
  for (let row = 0; row < http.rows; ++row) {
    const status = http.num(row, "status");
    const name = status === undefined ? "no response" : `${Math.floor(status / 100)}xx`;
    classes.set(name, (classes.get(name) ?? 0) + 1);
  }
  const waits: number[] = [];
  for (let row = 0; row < http.rows; ++row) {
    const wait = http.num(row, "timing.wait");
    if (wait !== undefined) waits.push(wait);
  }
  waits.sort((a, b) => a - b);
  const quantile = (q: number) => duration(waits[Math.min(waits.length - 1, Math.floor(q * waits.length))]);
  let packets = 0, resent = 0, missing = 0;
  for (let row = 0; row < conn.rows; ++row) {
    for (const side of ["sent", "received"]) {
      packets += conn.num(row, `${side}.packets`) ?? 0;
      resent += conn.num(row, `${side}.retransmitted_packets`) ?? 0;
      missing += conn.num(row, `${side}.missing_bytes`) ?? 0;
    }
  }
  const lines: [string, string, string[]][] = [["Connections", count(conn.rows), closes]];
  if (protocols.size) lines.push(["Protocols", "", [...protocols].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${count(n)}`)]);
  if (http.rows) lines.push(["Exchanges", count(http.rows), [...[...classes].sort().map(([name, n]) => `${name} ${count(n)}`), ...(waits.length ? [`wait p50 ${quantile(0.5)}, p95 ${quantile(0.95)}`] : [])]]);
  if (resent) lines.push(["Resent", count(resent), [`${share(resent, packets)} of packets`]]);
  if (missing) lines.push(["Not captured", bytes(missing), []]);
  return (
    <dl class="key-figures">
      {lines.map(([label, value, more]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd><b>{value}</b> {more.map((each, i) => <span key={each}>{i > 0 && <i> · </i>}<Wire text={each} /></span>)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Findings({ chosen, loading = false }: { chosen?: number; loading?: boolean }) {
  const { data } = useReport();
  useEffect(() => {
    const element = chosen && document.getElementById(`finding-${chosen}`);
    if (!element) return;
    element.scrollIntoView();
    element.focus({ preventScroll: true });
  }, [chosen]);
  const findings = data.summary.findings;
  const order = useMemo(() => sorted(findings), [findings]);
  const others = useMemo(() => facts(data), [data]);
  const place = (finding: Item) => findings.indexOf(finding) + 1;
  return (
    <>
      {order.length > 1 && <Overview order={order} place={place} />}
      {order.length > kOverview && <p class="none">{count(order.length - kOverview)} more below.</p>}
      {order.length > 0 && (
        <ol class="findings">
          {order.map((each) => <Finding key={place(each)} finding={each} place={place(each)} />)}
        </ol>
      )}
      {others.length > 0 && (
        <section>
          <h2>{order.length > 0 ? "Also in the records" : "What stands out"}</h2>
          <table class="facts">
            <thead><tr><th>What</th><th>Where</th><th class="right">Since</th><th class="wide">Evidence</th></tr></thead>
            <tbody>
              {others.slice(0, 25).map((fact, i) => (
                <tr key={i} class={fact.grave ? "grave" : ""}>
                  <td><a href={fact.href}>{fact.what}</a></td>
                  <td><Wire text={fact.where} /></td>
                  <td class="right">{fact.since === undefined || !isFinite(fact.since) ? "" : clock(data.begin + fact.since * 1000)}</td>
                  <td class="wide"><Packets numbers={fact.packets} /></td>
                </tr>
              ))}
            </tbody>
          </table>
          {others.length > 25 && <p class="none">{others.length - 25} more of this kind.</p>}
        </section>
      )}
      {!loading && (
        <section>
          <h2>The capture</h2>
          <Key data={data} />
        </section>
      )}
    </>
  );
}
