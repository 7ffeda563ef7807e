// realtime.tsx - WebSocket messages and server-sent events on a time axis, and one by one.
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import { Chart, colour, type Series } from "./chart";
import { useReport } from "./parts";
import { Records } from "./tables";
import { words } from "./format";

const kLanes: [string, string, (from: string) => boolean][] = [
  ["websocket_message", "from the client", (from) => from === "client"],
  ["websocket_message", "from the server", (from) => from === "server"],
  ["sse_event", "server-sent events", () => true],
  ["socketio", "Socket.IO", () => true],
];

export const realtimeTypes = ["websocket_message", "sse_event", "socketio", "websocket", "sse"];

export function Realtime() {
  const { data, range, choose } = useReport();
  const begin = data.begin / 1000;
  const lanes = useMemo(
    () =>
      kLanes
        .map(([type, name, test]) => {
          const table = data.table(type);
          const times: number[] = [];
          for (let row = 0; row < table.rows; ++row) if (test(table.text(row, "from"))) times.push(table.num(row, "ts") ?? 0);
          return { name, times };
        })
        .filter((lane) => lane.times.length > 0),
    [data],
  );
  const [times, series] = useMemo<[number[], Series[]]>(() => {
    const all = [...new Set(lanes.flatMap((lane) => lane.times))].sort((a, b) => a - b).map((t) => t + begin);
    return [all, [{ name: "messages", values: all.map(() => null), tone: "none", text: () => "" }]];
  }, [lanes]);
  const draw = (u: uPlot) => {
    lanes.forEach((lane, place) => {
      u.ctx.fillStyle = colour(["accent", "good", "doubt", "sack"][place % 4]);
      const y = u.valToPos(lanes.length - place - 0.5, "y", true);
      for (const time of lane.times) u.ctx.fillRect(u.valToPos(time + begin, "x", true) - 1, y - 10 * devicePixelRatio, 2 * devicePixelRatio, 20 * devicePixelRatio);
    });
  };
  return (
    <>
      {times.length > 0 && (
        <section>
          <p class="legend">{lanes.map((lane, i) => <span key={lane.name} class={`key tone-${["accent", "good", "doubt", "sack"][i % 4]}`}>{lane.name}</span>)}</p>
          <Chart label="Messages over time" times={times} series={series} height={40 + 36 * lanes.length} axis={() => ""} extent={[0, lanes.length]} draw={draw}
            chosen={range && [range[0] + begin, range[1] + begin]} choose={(chosen) => choose(chosen && [chosen[0] - begin, chosen[1] - begin])} />
        </section>
      )}
      {realtimeTypes.filter((type) => data.table(type).rows > 0).map((type) => (
        <section key={type} class="stacked">
          <h2>{words(type)}</h2>
          <Records type={type} hint="Filter: from:server  bytes>1000  preview:error" />
        </section>
      ))}
    </>
  );
}
