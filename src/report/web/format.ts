// format.ts - figures as a person reads them, the same as in the text report.

const grouped = new Intl.NumberFormat("en-US");

export const count = (value: number): string => grouped.format(value);

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  const digits = (value: number) => (Math.abs(value) < 9.95 ? value.toFixed(1) : String(Math.round(value)));
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${Math.round(seconds * 1e9)} ns`;
  if (size < 0.9995e-3) return `${Math.round(seconds * 1e6)} µs`;
  if (size < 0.9995) return `${digits(seconds * 1e3)} ms`;
  if (size < 600) return `${digits(seconds)} s`;
  if (size < 5400) return `${Math.round(seconds / 60)} min`;
  if (size < 172800) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.round((seconds % 86400) / 3600)} h`;
}

export function share(part: number, whole: number): string {
  if (whole === 0) return "";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.01) return "<0.01 %";
  return `${percent < 9.995 ? percent.toFixed(2) : Math.round(percent)} %`;
}

export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/// "21:00:44.123" UTC, of milliseconds since 1970. Half a microsecond is what sums of doubles may lack.
export const clock = (time: number): string => new Date(time + 0.0005).toISOString().slice(11, 23);
/// "21:00:44"
export const second = (time: number): string => new Date(time).toISOString().slice(11, 19);
export const moment = (time: number): string => new Date(time).toISOString().replace("T", " ").slice(0, 19) + " UTC";

export const endpoint = (ip: string, port: number | string): string => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);

/// What acts instead of being seen, made visible.
export function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g, (c) => {
    const code = c.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/// "time_wait" as words.
export const words = (name: string): string => name.replaceAll("_", " ");
