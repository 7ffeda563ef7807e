// parts.tsx - small pieces that every view is made of.
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { Data, Item, Value } from "./data";
import { plain } from "./data";
import { bytes, count, duration, visible, words } from "./format";

export interface Report {
  data: Data;
  range?: [number, number]; // seconds since the capture began; what is outside is not shown
  choose: (range: [number, number] | undefined) => void;
  go: (view: string) => void;
}
export const ReportContext = createContext<Report>(null!);
export const useReport = () => useContext(ReportContext);

/// Text of the wire: never markup, and nothing in it acts.
export function Wire({ text }: { text: string }) {
  return <span class="wire" title={text.length > 40 ? visible(text) : undefined}>{visible(text)}</span>;
}

function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    const fallback = () => {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    };
    (navigator.clipboard?.writeText(text) ?? Promise.reject()).catch(fallback);
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return (
    <button type="button" class="copy" onClick={(event) => (event.stopPropagation(), copy())} title={`Copy for Wireshark: ${text}`} aria-label={`Copy the display filter ${text}`}>
      {done ? "copied" : label}
    </button>
  );
}

/// Packet numbers as Wireshark shows them, and the display filter for them.
export function Packets({ numbers, more }: { numbers: number[]; more?: number }) {
  if (numbers.length === 0) return null;
  const filter = numbers.length === 1 ? `frame.number == ${numbers[0]}` : `frame.number in {${numbers.join(", ")}}`;
  return (
    <span class="packets">
      {numbers.length === 1 ? "packet " : "packets "}
      {numbers.slice(0, 6).map(count).join(" · ")}
      {numbers.length > 6 || more ? " …" : ""} <Copy text={filter} label="filter" />
    </span>
  );
}

export function ConnectionFilter({ row }: { row: number }) {
  const table = useReport().data.table("connection");
  const kind = table.text(row, "transport") === "udp" ? "udp" : "tcp";
  const side = (end: string) => {
    const ip = table.text(row, `${end}.ip`);
    return `${ip.includes(":") ? "ipv6" : "ip"}.addr == ${ip} && ${kind}.port == ${table.text(row, `${end}.port`)}`;
  };
  return <Copy text={`${side("client")} && ${side("server")}`} label="filter for the connection" />;
}

export function ConnectionLink({ id, text }: { id: number; text?: string }) {
  return <a href={`#connection/${id}`} onClick={(event) => event.stopPropagation()}>{text ?? `connection ${id}`}</a>;
}

const isTime = (path: string) => /(^|\.|_)(rtt|min|mean|max|duration|time|handshake_rtt|blocked|dns|connect|tls|send|wait|receive|step|ping_rtt|longest_gap|first_event_time|handshake_time|seconds)$/.test(path);
const isBytes = (path: string) => /(^|_)bytes(_in_flight)?$|\.bytes$|^wire_bytes$/.test(path);

export function figure(path: string, value: Value): string {
  if (typeof value === "number" && isTime(path)) return duration(value);
  if (typeof value === "number" && isBytes(path)) return bytes(value);
  if (typeof value === "number" && !/port$|^id$|^conn$|status|stream/.test(path)) return count(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return plain(value);
}

/// All fields of a record, lists of objects as lists.
export function Fields({ fields }: { fields: [string, Value][] }) {
  return (
    <dl class="fields">
      {fields.map(([path, value]) => (
        <div key={path}>
          <dt>{words(path.replaceAll(".", " "))}</dt>
          <dd>
            {Array.isArray(value) && value.some((each) => each && typeof each === "object") ? (
              <ul>
                {value.map((each, i) => (
                  <li key={i}>
                    <Wire text={Array.isArray(each) ? each.map(plain).join(": ") : plain(each)} />
                  </li>
                ))}
              </ul>
            ) : (
              <Wire text={figure(path, value)} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const kTitles: Record<string, string> = {
  http: "Exchanges", http2: "HTTP/2", http3: "HTTP/3", quic: "QUIC", tls: "TLS", tls_alert: "TLS alerts", dns: "DNS", flaw: "Flaws", websocket_message: "WebSocket messages", websocket: "WebSockets",
  sse_event: "Server-sent events", sse: "Event streams", socketio: "Socket.IO packets", socketio_session: "Socket.IO sessions",
};
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/// What a reader calls records of a type, or a field of them.
export const titleOf = (name: string): string => kTitles[name] ?? capital(words(name.replaceAll(".", " ")).replace(/\b(tls|alpn|sni|rtt|ip|mss|ja[34]s?|ech|dns)\b/g, (short) => short.toUpperCase()));

export function list(value: Value): Value[] {
  return Array.isArray(value) ? value : [];
}
export function numbers(value: Value): number[] {
  return list(value).filter((each): each is number => typeof each === "number");
}
export function items(value: Value): Item[] {
  return list(value).filter((each): each is Item => typeof each === "object" && each !== null && !Array.isArray(each));
}
