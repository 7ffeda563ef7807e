// data.ts - what the program found, as it lies in the page: a summary that is there at once, and
// tables that are packed column by column.
//
// Everything here may come from the wire. It is only ever shown as text.

export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };
export type Item = { [key: string]: Value };

export interface Summary {
  version: number;
  begin?: string; // RFC 3339; times in tables are seconds since then
  capture: Item;
  capture_end: Item;
  timeline?: Item;
  findings: Item[];
  types: { [type: string]: { rows: number; left_out: number } };
}

/// All records of one type, a column for each field that any of them has.
export class Table {
  rows = 0;
  readonly columns = new Map<string, Value[]>();

  constructor(readonly type: string) {}

  get(row: number, path: string): Value {
    return this.columns.get(path)?.[row] ?? undefined;
  }
  num(row: number, path: string): number | undefined {
    const value = this.get(row, path);
    return typeof value === "number" ? value : undefined;
  }
  text(row: number, path: string): string {
    const value = this.get(row, path);
    return value === undefined || value === null ? "" : typeof value === "string" ? value : plain(value);
  }
  /// Every field that the record has, in the order of the type's description.
  fields(row: number): [string, Value][] {
    const all: [string, Value][] = [];
    for (const [path, column] of this.columns) {
      const value = column[row];
      if (value !== undefined && value !== null) all.push([path, value]);
    }
    return all;
  }
  append(chunk: { n: number; c: { [path: string]: Value[] } }) {
    for (const [path, values] of Object.entries(chunk.c)) {
      let column = this.columns.get(path);
      if (!column) this.columns.set(path, (column = []));
      column.length = this.rows; // fields that the rows before did not have
      for (const value of values) column.push(value);
    }
    this.rows += chunk.n;
  }
}

export function plain(value: Value): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, each]) => `${name} ${plain(each)}`)
      .join(" · ");
  }
  return String(value);
}

/// Milliseconds since 1970, with the microseconds that Date.parse drops.
function moment(text: string): number {
  const fine = /\.\d{3}(\d+)/.exec(text);
  return Date.parse(text) + (fine ? Number(`0.${fine[1]}`) : 0);
}

export function readSummary(): Summary {
  return JSON.parse(document.getElementById("summary")!.textContent!);
}

async function unpack(text: string): Promise<string> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

export class Data {
  private tables = new Map<string, Table>();
  private byConnection = new Map<string, Map<number, number[]>>();

  constructor(readonly summary: Summary) {}

  table(type: string): Table {
    return this.tables.get(type) ?? new Table(type);
  }
  types(): string[] {
    return [...this.tables.keys()];
  }
  /// Rows of `type` that belong to a connection.
  of(type: string, connection: number): number[] {
    let index = this.byConnection.get(type);
    if (!index) {
      index = new Map();
      const table = this.table(type);
      const path = type === "connection" ? "id" : "conn";
      for (let row = 0; row < table.rows; ++row) {
        const id = table.get(row, path) as number;
        const rows = index.get(id);
        if (rows) rows.push(row);
        else index.set(id, [row]);
      }
      this.byConnection.set(type, index);
    }
    return index.get(connection) ?? [];
  }
  connection(id: number): number | undefined {
    return this.of("connection", id)[0];
  }
  /// Milliseconds since 1970 of the capture's first packet.
  get begin(): number {
    return this.summary.begin ? moment(this.summary.begin) : 0;
  }

  static async load(summary: Summary): Promise<Data> {
    const data = new Data(summary);
    for (const element of document.querySelectorAll<HTMLScriptElement>("script[data-type]")) {
      const type = element.dataset.type!;
      let table = data.tables.get(type);
      if (!table) data.tables.set(type, (table = new Table(type)));
      const lines = (await unpack(element.textContent!.trim())).split("\n");
      for (const line of lines) if (line) table.append(JSON.parse(line));
      for (const column of table.columns.values()) column.length = table.rows;
      element.remove();
    }
    return data;
  }
}
