// tables.tsx - connections, exchanges, TLS, messages, and whatever else has records.
import { useMemo, useState } from "preact/hooks";
import type { Data, Table } from "./data";
import { bytes, clock, count, duration, endpoint, visible, words } from "./format";
import { Grid, type Column } from "./grid";
import { ConnectionLink, figure, items, list, numbers, titleOf, useReport, Wire } from "./parts";
import { useRows } from "./filter";

export function query(): string {
  const mark = location.hash.indexOf("?q=");
  return mark < 0 ? "" : decodeURIComponent(location.hash.slice(mark + 3));
}

export function Search({ value, change, hint, shown, all }: { value: string; change: (text: string) => void; hint: string; shown: number; all: number }) {
  return (
    <div class="search">
      <input type="search" value={value} placeholder={hint} aria-label="Filter" onInput={(event) => change(event.currentTarget.value)} spellcheck={false} />
      <span class="muted">{shown === all ? count(all) : `${count(shown)} of ${count(all)}`}</span>
    </div>
  );
}

function useCommon(table: Table) {
  const { data } = useReport();
  return {
    time: { key: "ts", title: "Time", width: "7.2rem", value: (row: number) => table.num(row, "ts"), cell: (row: number) => clock(data.begin + (table.num(row, "ts") ?? 0) * 1000) } as Column,
  };
}

export const statusTone = (status: number | undefined) => (status === undefined ? "bad" : status >= 500 ? "bad" : status >= 400 ? "doubt" : "");

export function Connections() {
  const { data, range, go } = useReport();
  const table = data.table("connection");
  const [text, setText] = useState(query);
  const rows = useRows(table, text, range);
  const { time } = useCommon(table);
  const side = (row: number, end: string) => endpoint(table.text(row, `${end}.ip`), table.text(row, `${end}.port`));
  const sum = (row: number, path: string) => (table.num(row, `sent.${path}`) ?? 0) + (table.num(row, `received.${path}`) ?? 0);
  const columns = useMemo<Column[]>(
    () => [
      { key: "id", title: "Id", width: "4.2rem", right: true, value: (row) => table.num(row, "id") },
      { ...time, wide: true },
      { key: "client", title: "Client", width: "minmax(9rem, 1.2fr)", value: (row) => side(row, "client"), wide: true },
      { key: "server", title: "Server", width: "minmax(9rem, 1.6fr)", value: (row) => table.text(row, "server_name") || side(row, "server"), cell: (row) => <Wire text={table.text(row, "server_name") ? `${table.text(row, "server_name")} ${side(row, "server")}` : side(row, "server")} /> },
      { key: "protocols", title: "Protocol", width: "6rem", value: (row) => table.text(row, "protocols") || table.text(row, "transport"), wide: true },
      { key: "close", title: "Close", width: "7.5rem", value: (row) => words(table.text(row, "close")) },
      { key: "states", title: "States", width: "minmax(7rem, 1fr)", value: (row) => [table.text(row, "client_state"), table.text(row, "server_state")].filter(Boolean).map(words).join(" / "), wide: true },
      { key: "duration", title: "Duration", width: "5rem", right: true, value: (row) => table.num(row, "duration"), cell: (row) => duration(table.num(row, "duration") ?? 0) },
      { key: "bytes", title: "Bytes", width: "4.8rem", right: true, value: (row) => sum(row, "bytes"), cell: (row) => bytes(sum(row, "bytes")) },
      { key: "resent", title: "Resent", width: "4.4rem", right: true, value: (row) => sum(row, "retransmitted_packets"), cell: (row) => (sum(row, "retransmitted_packets") ? count(sum(row, "retransmitted_packets")) : ""), wide: true },
      { key: "rtt", title: "RTT", width: "4.6rem", right: true, value: (row) => table.num(row, "handshake_rtt"), cell: (row) => (table.num(row, "handshake_rtt") === undefined ? "" : duration(table.num(row, "handshake_rtt")!)), wide: true },
    ],
    [table],
  );
  return (
    <>
      <Search value={text} change={setText} shown={rows.length} all={table.rows} hint="Filter: 10.0.2.1  close:reset  sent.timeouts>0  -server_state:closed" />
      <Grid label="Connections" tall sort="id" columns={columns} rows={rows} open={(row) => go(`connection/${table.num(row, "id")}`)}
        tone={(row) => (/refused|unanswered/.test(table.text(row, "close")) ? "bad" : /reset|timeout/.test(table.text(row, "close")) ? "doubt" : "")} />
    </>
  );
}

export const kPhases = ["blocked", "dns", "connect", "tls", "send", "wait", "receive"] as const;
export type Phases = [phase: string, begin: number, length: number][];

/// Where the time of an exchange went, from its start on; `tls` lies inside `connect`.
export function phases(table: Table, row: number): { parts: Phases; total: number } {
  const parts: Phases = [];
  let at = 0;
  for (const phase of ["dns", "connect", "send", "blocked", "wait", "receive"]) {
    const length = table.num(row, `timing.${phase}`) ?? 0;
    if (length <= 0) continue;
    const tls = phase === "connect" ? Math.min(length, table.num(row, "timing.tls") ?? 0) : 0;
    if (length - tls > 0) parts.push([phase, at, length - tls]);
    if (tls > 0) parts.push(["tls", at + length - tls, tls]);
    at += length;
  }
  return { parts, total: at };
}

/// A stretch in which a stream's bytes were there, and waited for what another stream had lost.
export interface Held {
  begin?: number; // seconds since the capture began, where the report holds the packet
  length: number;
  behind: number[];
}

/// By connection and stream: who waited for whom on the TCP connection that they share.
export function heldStreams(data: Data): Map<string, Held[]> {
  const all = new Map<string, Held[]>();
  const table = data.table("http2"), segments = data.table("segment");
  for (let row = 0; row < table.rows; ++row) {
    const conn = table.num(row, "conn") ?? -1;
    const holes = items(table.get(row, "blocked"));
    if (holes.length === 0) continue;
    const times = new Map(data.of("segment", conn).map((each) => [segments.num(each, "packet"), segments.num(each, "ts")]));
    for (const hole of holes) {
      const length = Number(hole.time), filled = times.get(Number(hole.packet));
      for (const stream of numbers(hole.waiting)) {
        const key = `${conn}/${stream}`;
        all.set(key, [...(all.get(key) ?? []), { begin: filled === undefined ? undefined : filled - length, length, behind: numbers(hole.lost) }]);
      }
    }
  }
  return all;
}

function Bar({ parts, total, offset, scale, held = [], begun = 0 }: { parts: Phases; total: number; offset: number; scale: number; held?: Held[]; begun?: number }) {
  const waits = held.map((each) => `${duration(each.length)} held up by a loss of ${each.behind.some(Boolean) ? `stream ${each.behind.join(", ")}` : "the connection"}`);
  const words = [...parts.map(([phase, , length]) => `${phase} ${duration(length)}`), ...waits].join(", ");
  return (
    <div class="bar" role="img" aria-label={words} title={words}>
      {parts.map(([phase, begin, length]) => (
        <i key={phase} class={`phase ${phase}`} style={{ left: `${(100 * (offset + begin)) / scale}%`, width: `max(${(100 * length) / scale}%, 2px)` }} />
      ))}
      {held.map((each, i) => {
        const from = Math.max(0, (each.begin ?? Infinity) - begun), to = Math.min(total, (each.begin ?? Infinity) + each.length - begun);
        return to > from && <i key={i} class="held" style={{ left: `${(100 * (offset + from)) / scale}%`, width: `${(100 * (to - from)) / scale}%` }} />;
      })}
      {total === 0 && <i class="phase none" style={{ left: `${(100 * offset) / scale}%`, width: "2px" }} />}
    </div>
  );
}

const kListed = 60;

/// Hosts, and pages: a document with what was fetched on its behalf, as Referer tells.
function groupsOf(table: Table) {
  const hosts = new Map<string, number>(), pages = new Map<string, Set<number>>();
  const join = (url: string, row: number) => {
    const members = pages.get(url);
    if (members) members.add(row);
    else pages.set(url, new Set([row]));
  };
  for (let row = 0; row < table.rows; ++row) {
    const host = table.text(row, "host");
    if (host) hosts.set(host, (hosts.get(host) ?? 0) + 1);
    if (/^text\/html/.test(table.text(row, "content_type"))) join(`${table.text(row, "scheme") || "http"}://${host}${table.text(row, "path")}`, row);
    for (const pair of list(table.get(row, "request_headers"))) {
      if (Array.isArray(pair) && String(pair[0]).toLowerCase() === "referer") join(String(pair[1]).split("#")[0], row);
    }
  }
  const most = <T,>(all: Map<string, T>, size: (value: T) => number) => new Map([...all].sort((a, b) => size(b[1]) - size(a[1])).slice(0, kListed));
  return { hosts: most(hosts, (n) => n), pages: most(new Map([...pages].filter(([, members]) => members.size > 1)), (members) => members.size) };
}

function Choice({ label, all, value, change, options }: { label: string; all: string; value: string; change: (to: string) => void; options: [string, string][] }) {
  if (options.length < (label === "Page" ? 1 : 2) && !value) return null;
  return (
    <select aria-label={label} value={value} onChange={(event) => change(event.currentTarget.value)}>
      <option value="">{all}</option>
      {options.map(([name, words]) => <option key={name} value={name}>{visible(words)}</option>)}
    </select>
  );
}

export function Exchanges({ connection }: { connection?: number }) {
  const { data, range, go } = useReport();
  const table = data.table("http");
  const [text, setText] = useState(connection === undefined ? query : () => "");
  const [onAxis, setOnAxis] = useState(connection !== undefined);
  const [host, setHost] = useState("");
  const [page, setPage] = useState("");
  const found = useRows(table, text, connection === undefined ? range : undefined);
  const held = useMemo(() => heldStreams(data), [data]);
  const groups = useMemo(() => (connection === undefined ? groupsOf(table) : { hosts: new Map<string, number>(), pages: new Map<string, Set<number>>() }), [table, connection]);
  const rows = useMemo(
    () => found.filter((row) => (connection === undefined || table.num(row, "conn") === connection) && (!host || table.text(row, "host") === host) && (!page || groups.pages.get(page)!.has(row))),
    [found, connection, host, page],
  );
  const shapes = useMemo(() => new Map(rows.map((row) => [row, phases(table, row)])), [rows]);
  const begin = (row: number) => (table.num(row, "ts") ?? 0) - (table.num(row, "timing.connect") ?? 0) - (table.num(row, "timing.dns") ?? 0);
  const [least, scale] = useMemo(() => {
    let first = Infinity, last = 0, longest = 1e-6;
    for (const row of rows) {
      const { total } = shapes.get(row)!;
      first = Math.min(first, begin(row));
      last = Math.max(last, begin(row) + total);
      longest = Math.max(longest, total);
    }
    return onAxis ? [first, Math.max(last - first, 1e-6)] : [0, longest];
  }, [rows, onAxis]);
  const { time } = useCommon(table);
  const name = (row: number) => `${table.text(row, "host")}${table.text(row, "path")}`;
  const columns = useMemo<Column[]>(
    () => [
      { ...time, wide: true },
      { key: "status", title: "Status", width: "4.2rem", value: (row) => table.num(row, "status"), cell: (row) => <b class={statusTone(table.num(row, "status"))}>{table.text(row, "status") || "none"}</b> },
      { key: "method", title: "Method", width: "4.6rem", value: (row) => table.text(row, "method"), cell: (row) => <Wire text={table.text(row, "method")} />, wide: true },
      { key: "url", title: "Host and path", width: "minmax(9rem, 2fr)", value: name, cell: (row) => <Wire text={name(row)} /> },
      { key: "conn", title: "Connection", width: "6rem", right: true, value: (row) => (table.num(row, "conn") ?? 0) + (table.num(row, "stream") ?? 0) / 1e9, cell: (row) => <span>{table.text(row, "conn")}{table.num(row, "stream") !== undefined ? ` · ${table.text(row, "stream")}` : ""}</span>, wide: true },
      { key: "size", title: "Size", width: "4.8rem", right: true, value: (row) => table.num(row, "response_body_bytes"), cell: (row) => (table.num(row, "response_body_bytes") === undefined ? "" : bytes(table.num(row, "response_body_bytes")!)), wide: true },
      { key: "total", title: "Total", width: "4.8rem", right: true, value: (row) => shapes.get(row)?.total, cell: (row) => duration(shapes.get(row)?.total ?? 0) },
      { key: "bar", title: onAxis ? "When" : "Where the time went", width: "minmax(8rem, 3fr)", value: begin, cell: (row) => <Bar {...(shapes.get(row) ?? { parts: [], total: 0 })} offset={onAxis ? begin(row) - least : 0} scale={scale} begun={begin(row)} held={held.get(`${table.num(row, "conn")}/${table.num(row, "stream")}`)} /> },
    ],
    [table, shapes, onAxis, scale],
  );
  return (
    <>
      <div class="tools">
        {connection === undefined && <Search value={text} change={setText} shown={rows.length} all={table.rows} hint="Filter: shop.test  status>=500  timing.wait>0.5  method:POST" />}
        {connection === undefined && <Choice label="Host" all="All hosts" value={host} change={setHost} options={[...groups.hosts].map(([name, n]) => [name, `${name} (${count(n)})`])} />}
        {connection === undefined && <Choice label="Page" all="All pages" value={page} change={(to) => (setPage(to), setOnAxis(!!to || onAxis))} options={[...groups.pages].map(([name, members]) => [name, `${name} (${count(members.size)})`])} />}
        <p class="legend">{kPhases.map((phase) => <span key={phase} class={`key phase-${phase}`}>{phase}</span>)}{held.size > 0 && <span class="key phase-held">held up by loss</span>}</p>
        <div class="choice" role="group" aria-label="Bars">
          <button type="button" aria-pressed={!onAxis} onClick={() => setOnAxis(false)}>compare</button>
          <button type="button" aria-pressed={onAxis} onClick={() => setOnAxis(true)}>time axis</button>
        </div>
      </div>
      <Grid key={String(onAxis)} label="Exchanges" tall={connection === undefined} columns={columns} rows={rows} sort={onAxis ? "ts" : connection === undefined ? "-total" : "ts"} open={connection === undefined ? (row) => go(`connection/${table.num(row, "conn")}`) : undefined} />
    </>
  );
}

/// Columns of any table: the first fields that most records have, as far as a row can show them.
function anyColumns(table: Table, preferred: string[], time: Column): Column[] {
  const paths = [...table.columns.keys()].filter((path) => path !== "ts" && path !== "conn");
  const order = [...preferred.filter((path) => table.columns.has(path)), ...(preferred.length ? [] : paths)].slice(0, 8);
  const short = (path: string) => table.columns.get(path)!.slice(0, 400).every((each) => each === null || each === undefined || typeof each === "boolean" || (typeof each === "string" && each.length <= 11));
  const numeric = (path: string) => table.columns.get(path)!.every((each) => typeof each === "number" || each === null || each === undefined);
  return [
    time,
    { key: "conn", title: "Connection", width: "6rem", right: true, value: (row) => table.num(row, "conn"), cell: (row) => (table.num(row, "conn") === undefined ? "" : <ConnectionLink id={table.num(row, "conn")!} text={table.text(row, "conn")} />) },
    ...order.map((path, place): Column => ({
      key: path,
      title: titleOf(path),
      width: numeric(path) ? `${Math.max(5, 1.2 + 0.5 * titleOf(path).length)}rem` : /preview/.test(path) ? "minmax(9rem, 4fr)" : short(path) ? "5.5rem" : /cipher|subject|detail|verification|browser_error/.test(path) ? "minmax(8rem, 2fr)" : "minmax(5rem, 1fr)",
      wide: place > 0 && place < order.length - 1,
      right: numeric(path),
      value: (row) => (numeric(path) ? table.num(row, path) : table.text(row, path)),
      cell: (row) => (table.get(row, path) === undefined || table.get(row, path) === null ? "" : <Wire text={figure(path, table.get(row, path))} />),
    })),
  ];
}

export function Records({ type, preferred = [], hint = "Filter" }: { type: string; preferred?: string[]; hint?: string }) {
  const { data, range, go } = useReport();
  const table = data.table(type);
  const [text, setText] = useState(query);
  const rows = useRows(table, text, range);
  const { time } = useCommon(table);
  const columns = useMemo(() => anyColumns(table, preferred, time), [table]);
  return (
    <>
      <Search value={text} change={setText} shown={rows.length} all={table.rows} hint={hint} />
      <Grid label={titleOf(type)} tall columns={columns} rows={rows} open={(row) => table.num(row, "conn") !== undefined && go(`connection/${table.num(row, "conn")}`)}
        tone={(row) => (type === "tls" && /^(?!ok|not_observable|$)/.test(table.text(row, "verification")) ? "bad" : "")} />
    </>
  );
}
