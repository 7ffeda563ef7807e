// filter.ts - what a reader types to see fewer rows: words, field:text, field>number.
import type { Table } from "./data";
import { useMemo } from "preact/hooks";

type Test = (row: number) => boolean;

function test(table: Table, term: string): Test {
  const negated = term.startsWith("-") && term.length > 1;
  const body = negated ? term.slice(1) : term;
  const match = /^([a-z_.0-9]+)(:|>=|<=|>|<|=)(.*)$/i.exec(body);
  let result: Test;
  const paths = match ? [...table.columns.keys()].filter((path) => path === match[1] || path.endsWith(`.${match[1]}`)) : [];
  if (match && paths.length > 0) {
    const [, , sign, text] = match;
    const wanted = text.toLowerCase();
    const limit = Number(text);
    const fits = (row: number, path: string): boolean => {
      const value = table.get(row, path);
      if (value === undefined || value === null) return false;
      if (sign === ":") return table.text(row, path).toLowerCase().includes(wanted);
      if (sign === "=") return table.text(row, path).toLowerCase() === wanted;
      if (typeof value !== "number") return false;
      return sign === ">" ? value > limit : sign === "<" ? value < limit : sign === ">=" ? value >= limit : value <= limit;
    };
    result = (row) => paths.some((path) => fits(row, path));
  } else {
    const wanted = body.toLowerCase();
    const texts = [...table.columns.values()].filter((column) => column.some((each) => typeof each === "string" || Array.isArray(each)) || false);
    const exact = Number(body);
    const ports = Number.isInteger(exact) && body !== "" ? ["client.port", "server.port", "id", "conn", "status"] : [];
    result = (row) =>
      texts.some((column) => {
        const value = column[row];
        return typeof value === "string" ? value.toLowerCase().includes(wanted) : Array.isArray(value) ? value.some((each) => typeof each === "string" && each.toLowerCase().includes(wanted)) : false;
      }) || ports.some((path) => table.get(row, path) === exact);
  }
  return negated ? (row) => !result(row) : result;
}

/// Rows of `table` that pass every term and lie in the chosen stretch of time.
export function useRows(table: Table, text: string, range: [number, number] | undefined, keep?: Test): number[] {
  return useMemo(() => {
    const tests = text.trim().split(/\s+/).filter(Boolean).map((term) => test(table, term));
    const rows: number[] = [];
    for (let row = 0; row < table.rows; ++row) {
      if (keep && !keep(row)) continue;
      if (range) {
        const begin = table.num(row, "ts") ?? 0;
        const end = begin + (table.num(row, "duration") ?? 0);
        if (end < range[0] || begin > range[1]) continue;
      }
      if (tests.every((each) => each(row))) rows.push(row);
    }
    return rows;
  }, [table, text, range]);
}
