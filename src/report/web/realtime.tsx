// realtime.tsx - WebSocket messages and server-sent events on a time axis, and one by one.
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import { Chart, colour, type Series } from "./chart";
import type { Data } from "./data";
import { count, visible } from "./format";
import { titleOf, useReport } from "./parts";
import { Records } from "./tables";

export const realtimeTypes = ["websocket_message", "sse_event", "socketio", "websocket", "sse", "socketio_session"];

const kPreferred: Record<string, string[]> = {
  websocket_message: ["from", "opcode", "bytes", "wire_bytes", "packet", "preview"],
  sse_event: ["event", "id", "data_bytes", "packet", "preview"],
  socketio: ["transport", "from", "kind", "namespace", "event", "bytes", "packet", "preview"],
};
const kHints: Record<string, string> = {
  websocket_message: "Filter: from:server  bytes>1000  preview:error",
  sse_event: "Filter: event:price  data_bytes>1000  preview:error",
  socketio: "Filter: event:say  from:server  kind:event",
};

/// One stream of messages.
interface Lane {
  name: string;
  begin: number;
  sent: number[]; // seconds since the capture began
  received: number[];
}
const kLanes = 12;
const kLaneHeight = 46;

function lanesOf(data: Data): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const type of ["websocket_message", "sse_event", "socketio"]) {
    const table = data.table(type);
    const streams = data.table(type === "sse_event" ? "sse" : "websocket");
    for (let row = 0; row < table.rows; ++row) {
      if (type === "socketio" && table.text(row, "transport") === "websocket") continue; // its frames are there already
      const conn = table.num(row, "conn") ?? 0, stream = table.num(row, "stream");
      const key = `${type}/${conn}/${stream}`;
      const time = table.num(row, "ts") ?? 0;
      let lane = lanes.get(key);
      if (!lane) {
        const about = data.of(streams.type, conn).find((each) => streams.num(each, "stream") === stream);
        const where = about === undefined || type === "socketio" ? "" : ` · ${streams.text(about, "host")}${streams.text(about, "path")}`;
        const kind = type === "websocket_message" ? "WebSocket" : type === "sse_event" ? "events" : "Socket.IO polling";
        lanes.set(key, (lane = { name: `connection ${conn}${stream === undefined ? "" : ` · stream ${stream}`} · ${kind}${where}`, begin: time, sent: [], received: [] }));
      }
      (table.text(row, "from") === "client" ? lane.sent : lane.received).push(time);
    }
  }
  const size = (lane: Lane) => lane.sent.length + lane.received.length;
  return [...lanes.values()].sort((a, b) => size(b) - size(a)).slice(0, kLanes).sort((a, b) => a.begin - b.begin);
}

export function Realtime() {
  const { data, range, choose } = useReport();
  const begin = data.begin / 1000;
  const lanes = useMemo(() => lanesOf(data), [data]);
  const [times, series] = useMemo<[number[], Series[]]>(() => {
    const all = [...new Set(lanes.flatMap((lane) => [...lane.sent, ...lane.received]))].sort((a, b) => a - b).map((t) => t + begin);
    return [all, [{ name: "messages", values: all.map(() => null), tone: "none", text: () => "" }]];
  }, [lanes]);
  const draw = (u: uPlot) => {
    const pixel = devicePixelRatio;
    u.ctx.save();
    u.ctx.textAlign = "left";
    u.ctx.textBaseline = "alphabetic";
    u.ctx.font = `${11 * pixel}px ${getComputedStyle(document.body).fontFamily}`;
    lanes.forEach((lane, place) => {
      const top = u.valToPos(lanes.length - place, "y", true);
      u.ctx.fillStyle = colour("muted");
      u.ctx.fillText(visible(`${lane.name} · ${count(lane.sent.length + lane.received.length)}`).slice(0, 160), u.bbox.left, top + 14 * pixel);
      for (const [marks, tone, below] of [[lane.sent, "accent", 18], [lane.received, "good", 28]] as const) {
        u.ctx.fillStyle = colour(tone);
        for (const time of marks) u.ctx.fillRect(u.valToPos(time + begin, "x", true) - pixel, top + below * pixel, 2 * pixel, 9 * pixel);
      }
    });
    u.ctx.restore();
  };
  return (
    <>
      {times.length > 0 && (
        <section>
          <p class="legend"><span class="key tone-accent">from the client</span><span class="key tone-good">from the server</span></p>
          <Chart label="Messages over time" times={times} series={series} height={44 + kLaneHeight * lanes.length} axis={() => ""} lanes={lanes.length} extent={[0, lanes.length]} draw={draw}
            chosen={range && [range[0] + begin, range[1] + begin]} choose={(chosen) => choose(chosen && [chosen[0] - begin, chosen[1] - begin])} />
        </section>
      )}
      {realtimeTypes.filter((type) => data.table(type).rows > 0).map((type) => (
        <section key={type} class="stacked">
          <h2>{titleOf(type)}</h2>
          <Records type={type} preferred={kPreferred[type]} hint={kHints[type] ?? "Filter"} />
        </section>
      ))}
    </>
  );
}
