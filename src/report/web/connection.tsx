// connection.tsx - one connection: both ends, the time-sequence graph, the ladder, what was said.
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import { Chart, colour, type Series } from "./chart";
import type { Data, Item, Value } from "./data";
import { bytes, clock, count, duration, endpoint, words } from "./format";
import { ConnectionFilter, Fields, figure, items, numbers, Packets, titleOf, useReport, Wire } from "./parts";
import { Exchanges } from "./tables";

interface Segment {
  row: number;
  at: number; // seconds since the connection's first packet
  packet: number;
  server: boolean;
  flags: string;
  seq?: number;
  ack?: number;
  length: number;
  window?: number;
  verdict: string;
  missing: number;
  sack: Item[];
  states: [string, string];
}

const kVerdicts: Record<string, string> = {
  capture_duplicate: "captured twice", spurious: "resent needlessly", fast_retransmission: "resent fast",
  timeout: "resent by timeout", retransmission: "resent", out_of_order: "overtaken", acked_before_seen: "captured late",
  zero_window_probe: "window probe", keep_alive: "keep-alive", zero_window: "window 0", duplicate_ack: "duplicate ACK",
};
const isResent = (verdict: string) => /resent|^timeout$|spurious|retransmission/.test(verdict);

export function segments(data: Data, id: number): Segment[] {
  const table = data.table("segment");
  const rows = data.of("segment", id);
  if (rows.length === 0) return [];
  const begin = table.num(rows[0], "ts") ?? 0;
  return rows.map((row) => ({
    row,
    at: (table.num(row, "ts") ?? 0) - begin,
    packet: table.num(row, "packet") ?? 0,
    server: table.text(row, "from") === "server",
    flags: table.text(row, "flags"),
    seq: table.num(row, "seq"),
    ack: table.num(row, "ack"),
    length: table.num(row, "length") ?? 0,
    window: table.num(row, "window"),
    verdict: table.text(row, "verdict"),
    missing: table.num(row, "missing") ?? 0,
    sack: items(table.get(row, "sack")),
    states: [table.text(row, "client_state"), table.text(row, "server_state")],
  }));
}

/// As tcptrace draws it: segments as bars, the receiver's ACKs below, its window above.
function sequenceDrawing(all: Segment[], server: boolean) {
  return (u: uPlot) => {
    const { ctx } = u;
    const x = (at: number) => u.valToPos(at, "x", true), y = (seq: number) => u.valToPos(seq, "y", true);
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    const steps = (tone: string, value: (s: Segment) => number | undefined) => {
      ctx.strokeStyle = colour(tone);
      ctx.lineWidth = pixel;
      ctx.beginPath();
      let last: number | undefined;
      for (const each of all) {
        if (each.server === server || each.ack === undefined || each.flags.includes("RST")) continue;
        const next = value(each);
        if (next === undefined) continue;
        if (last === undefined) ctx.moveTo(x(each.at), y(next));
        else {
          ctx.lineTo(x(each.at), y(last));
          ctx.lineTo(x(each.at), y(next));
        }
        last = next;
      }
      ctx.stroke();
    };
    steps("good", (s) => s.ack);
    steps("window", (s) => (s.window === undefined || s.flags.includes("SYN") ? undefined : s.ack! + s.window));
    for (const each of all) {
      if (each.server !== server) {
        ctx.fillStyle = colour("sack");
        for (const block of each.sack) {
          const top = y(Number(block.right)), bottom = y(Number(block.left));
          ctx.fillRect(x(each.at) - pixel, top, 2 * pixel, Math.max(pixel, bottom - top));
        }
        continue;
      }
      if (each.seq === undefined) continue;
      const resent = isResent(each.verdict);
      ctx.fillStyle = colour(resent ? "bad" : each.verdict === "out_of_order" ? "doubt" : "ink");
      const top = y(each.seq + Math.max(each.length, /SYN|FIN/.test(each.flags) ? 1 : 0)), bottom = y(each.seq);
      const width = resent ? 3 * pixel : 2 * pixel;
      ctx.fillRect(x(each.at) - width / 2, top, width, Math.max(2 * pixel, bottom - top));
    }
    ctx.restore();
  };
}

function measures(all: Segment[], server: boolean) {
  const flight: [number, number][] = [], trips: [number, number][] = [];
  let highest = 0, acked = 0;
  let open: { end: number; at: number; again: boolean }[] = [];
  for (const each of all) {
    if (each.seq === undefined) continue;
    if (each.server === server) {
      const end = each.seq + each.length;
      if (each.length > 0) {
        if (isResent(each.verdict)) open = open.map((o) => ({ ...o, again: true }));
        else open.push({ end, at: each.at, again: false });
        if (open.length > 4096) open.shift();
      }
      highest = Math.max(highest, end);
    } else if (each.ack !== undefined) {
      const done = open.filter((o) => o.end <= each.ack!);
      const last = done.at(-1);
      if (last && !last.again) trips.push([each.at, each.at - last.at]);
      if (done.length) open = open.filter((o) => o.end > each.ack!);
      acked = Math.max(acked, each.ack);
    }
    flight.push([each.at, Math.max(0, highest - acked)]);
  }
  return { flight, trips };
}

function Graphs({ all, server }: { all: Segment[]; server: boolean }) {
  const who = server ? "Server to client" : "Client to server";
  const mine = all.filter((each) => each.server === server);
  const { flight, trips } = useMemo(() => measures(all, server), [all, server]);
  const sequence = useMemo<Series[]>(() => [{ name: who, values: all.map((each) => (each.server === server && each.seq !== undefined ? each.seq + each.length : null)), tone: "none", text: (v) => `sequence ${count(v)}` }], [all, server]);
  const times = useMemo(() => all.map((each) => each.at), [all]);
  const draw = useMemo(() => sequenceDrawing(all, server), [all, server]);
  const top = useMemo(() => {
    let most = 1;
    for (const each of all) {
      if (each.server === server && each.seq !== undefined) most = Math.max(most, each.seq + each.length);
    }
    return most * 1.04;
  }, [all, server]);
  const flying = useMemo<[number[], Series[]]>(() => [flight.map(([at]) => at), [{ name: "In flight", values: flight.map(([, n]) => n), tone: "accent", text: (v) => `${bytes(v)} in flight` }]], [flight]);
  const tripping = useMemo<[number[], Series[]]>(() => [trips.map(([at]) => at), [{ name: "Round trip", values: trips.map(([, n]) => n), tone: "accent", text: (v) => `round trip ${duration(v)}` }]], [trips]);
  if (mine.every((each) => each.length === 0)) return null;
  return (
    <section class="graphs">
      <h3>{who}</h3>
      <p class="legend"><span class="key tone-ink">segment</span><span class="key tone-bad">resent</span><span class="key tone-doubt">overtaken</span><span class="key tone-good">acknowledged</span><span class="key tone-window">window</span><span class="key tone-sack">SACK</span></p>
      <Chart label={`${who}: sequence numbers over time`} times={times} series={sequence} height={260} relative axis={count} draw={draw} extent={[0, top]} />
      <div class="pair">
        {flying[0].length > 1 && <Chart label="Bytes in flight" times={flying[0]} series={flying[1]} height={120} relative axis={bytes} />}
        {tripping[0].length > 1 && <Chart label="Round trips" times={tripping[0]} series={tripping[1]} height={120} relative axis={duration} />}
      </div>
    </section>
  );
}

const kLadder = 400;

function Ladder({ all, said }: { all: Segment[]; said: Map<number, Said[]> }) {
  const shown = all.slice(0, kLadder);
  let client = "", server = "", last = 0;
  return (
    <section>
      <h3>Packet by packet</h3>
      <div class="ladder" role="table" aria-label="Packets of the connection">
        <div class="step head" role="row">
          <span role="columnheader" class="right">Packet</span><span role="columnheader" class="right">Time</span><span role="columnheader" class="state">Client</span><span role="columnheader" /><span role="columnheader" class="state">Server</span>
        </div>
        {shown.map((each) => {
          const [c, s] = each.states;
          const changes: [string, string] = [c !== client ? c : "", s !== server ? s : ""];
          [client, server] = each.states;
          const silence = each.at - last >= 1 ? each.at - last : 0;
          last = each.at;
          const resent = isResent(each.verdict);
          return (
            <>
              {silence > 0 && <div class="step note" role="row"><span /><span /><span class="state" /><span class="rail" role="cell">{duration(silence)} of silence</span><span class="state" /></div>}
              {each.missing > 0 && <div class="step note doubt" role="row"><span /><span /><span class="state" /><span class="rail" role="cell">{bytes(each.missing)} not captured</span><span class="state" /></div>}
              <div class="step" role="row" key={each.packet}>
                <span role="cell" class="right">{count(each.packet)}</span>
                <span role="cell" class="right">{each.at.toFixed(6)}</span>
                <span role="cell" class="state">{words(changes[0])}</span>
                <span role="cell" class={`rail arrow ${each.server ? "left" : "to-right"} ${resent || each.flags.includes("RST") ? "bad" : each.verdict ? "odd" : ""}`} aria-label={each.server ? "from the server" : "from the client"}>
                  <span>
                    {each.verdict && <b>{kVerdicts[each.verdict] ?? words(each.verdict)} </b>}
                    {each.flags} {each.seq}{each.length > 0 ? `+${each.length}` : ""}{each.ack !== undefined ? ` ack ${each.ack}` : ""}{each.sack.map((block) => ` sack ${block.left}-${block.right}`)}{each.window !== undefined ? ` win ${count(each.window)}` : ""}
                  </span>
                </span>
                <span role="cell" class="state">{words(changes[1])}</span>
              </div>
              {(said.get(each.packet) ?? []).map(({ text, server }, i) => (
                <div class="step said" role="row" key={`${each.packet}/${i}`}><span /><span /><span class="state" /><span class={`rail${server ? " right" : ""}`} role="cell"><Wire text={text} /></span><span class="state" /></div>
              ))}
            </>
          );
        })}
      </div>
      {all.length > kLadder && <p class="none">{count(all.length - kLadder)} more packets: wirelens follow FILE {"CONN"} shows all of them.</p>}
    </section>
  );
}

const kSayings: Record<string, [word: string, fields: string[]]> = {
  websocket_message: ["WebSocket", ["opcode", "close_code", "preview"]],
  sse_event: ["event", ["event", "id", "preview"]],
  socketio: ["Socket.IO", ["kind", "namespace", "event", "preview"]],
  tls: ["TLS", ["version", "cipher", "server_name", "alpn", "verification"]],
  dns: ["DNS", ["query", "qtype", "rcode", "answers"]],
};

/// What records of the connection say, by the packet they point to.
interface Said {
  text: string;
  server: boolean;
}
function sayings(data: Data, id: number): Map<number, Said[]> {
  const said = new Map<number, Said[]>();
  const add = (packet: number | undefined, text: string, server: boolean) => {
    if (packet === undefined) return;
    const list = said.get(packet);
    if (list) list.push({ text, server });
    else said.set(packet, [{ text, server }]);
  };
  for (const type of data.types()) {
    if (type === "connection" || type === "segment") continue;
    const table = data.table(type);
    for (const row of data.of(type, id)) {
      if (type === "http") {
        add(table.num(row, "request_packet"), `${table.text(row, "method")} ${table.text(row, "host")}${table.text(row, "path")}`, false);
        add(table.num(row, "response_packet"), `${table.text(row, "status")} ${table.text(row, "reason")} ${table.text(row, "content_type")}`, true);
      } else {
        const saying = kSayings[type], server = type === "sse_event" || table.text(row, "from") === "server";
        if (saying) {
          add(table.num(row, "packet"), [saying[0], ...saying[1].map((path) => table.text(row, path))].filter(Boolean).join(" "), server);
          continue;
        }
        const some = table.fields(row).filter(([path]) => !/^(ts|conn|packet|rule)$/.test(path)).slice(0, 6);
        add(table.num(row, "packet"), `${words(type)}: ${some.map(([path, value]) => `${path} ${figure(path, value)}`).join(" · ")}`, server);
      }
    }
  }
  return said;
}

function Ends({ row }: { row: number }) {
  const table = useReport().data.table("connection");
  const counters = new Map<string, [Value, Value]>();
  for (const [path, value] of table.fields(row)) {
    const match = /^(sent|received)\.(.+)$/.exec(path);
    if (!match) continue;
    const pair = counters.get(match[2]) ?? [undefined, undefined];
    pair[match[1] === "sent" ? 0 : 1] = value;
    counters.set(match[2], pair);
  }
  const worth = [...counters].filter(([path, pair]) => /^(packets|bytes)$/.test(path) || pair.some((each) => each !== 0 && each !== undefined));
  const end = (name: string) => endpoint(table.text(row, `${name}.ip`), table.text(row, `${name}.port`));
  return (
    <table class="ends">
      <thead><tr><th /><th class="right">Client {end("client")}</th><th class="right">Server {end("server")}</th></tr></thead>
      <tbody>
        <tr><th>state</th><td class="right"><b>{words(table.text(row, "client_state"))}</b></td><td class="right"><b>{words(table.text(row, "server_state"))}</b></td></tr>
        {worth.map(([path, pair]) => (
          <tr key={path}>
            <th>{words(path.replaceAll(".", " "))}</th>
            {pair.map((each, i) => <td key={i} class="right">{each === undefined ? "" : figure(path, each)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const kShownOfType = 200;

function Others({ id }: { id: number }) {
  const { data } = useReport();
  const types = data.types().filter((type) => !["connection", "segment", "http"].includes(type) && data.of(type, id).length > 0);
  return (
    <>
      {types.map((type) => (
        <section key={type}>
          <h3>{titleOf(type)}</h3>
          {data.of(type, id).slice(0, kShownOfType).map((row) => (
            <Fields key={row} fields={data.table(type).fields(row).filter(([path]) => path !== "conn" && path !== "ts")} />
          ))}
        </section>
      ))}
    </>
  );
}

export function ConnectionView({ id }: { id: number }) {
  const { data } = useReport();
  const table = data.table("connection");
  const row = data.connection(id);
  const all = useMemo(() => segments(data, id), [data, id]);
  const said = useMemo(() => sayings(data, id), [data, id]);
  const findings = data.summary.findings.map((each, i) => [i + 1, each] as const).filter(([, each]) => numbers(each.conns).includes(id));
  if (row === undefined) return <p class="none">The report does not hold connection {id}.</p>;
  const name = table.text(row, "server_name");
  const more: [string, Value][] = ["protocols", "handshake_rtt", "history", "conn_state", "community_id", "vlan", "tunnel", "midstream", "one_sided", "evicted"]
    .map((path) => [path, table.get(row, path)] as [string, Value])
    .filter(([, value]) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0));
  return (
    <article>
      <h2>Connection {id} {name && <Wire text={name} />}</h2>
      <p>
        {words(table.text(row, "close"))} after {duration(table.num(row, "duration") ?? 0)}, begun {clock(data.begin + (table.num(row, "ts") ?? 0) * 1000)}{" · "}
        <Packets numbers={[table.num(row, "first_packet") ?? 0]} /> <ConnectionFilter row={row} />
      </p>
      {findings.map(([place, each]) => <p key={place} class={`fix severity-${String(each.severity)}`}><span class="severity">{String(each.severity)}</span> <a href={`#findings/${place}`}><Wire text={String(each.title ?? each.rule)} /></a> <span class="muted">finding:{place}</span></p>)}
      <Ends row={row} />
      <Fields fields={more} />
      {data.of("http", id).length > 0 && <section><h3>Exchanges</h3><Exchanges connection={id} /></section>}
      {all.length > 1 && <><Graphs all={all} server={true} /><Graphs all={all} server={false} /></>}
      {all.length > 0 ? <Ladder all={all} said={said} /> : <p class="none">Packets are drawn for the connections in most trouble. For this one: wirelens follow FILE {id}</p>}
      <Others id={id} />
    </article>
  );
}
