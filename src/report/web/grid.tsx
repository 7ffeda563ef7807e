// grid.tsx - a table that draws only what is in view: sorted by any column, walked by keyboard.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

export interface Column {
  key: string;
  title: string;
  width: string; // of CSS grid: "6rem", "minmax(10rem, 2fr)"
  right?: boolean;
  wide?: boolean; // left out on narrow screens
  value: (row: number) => string | number | undefined;
  cell?: (row: number) => ComponentChildren;
}

const kRow = 30;
const kPrinted = 200;

interface Props {
  label: string;
  columns: Column[];
  rows: ArrayLike<number>;
  sort?: string; // "key" or "-key"
  open?: (row: number) => void;
  tall?: boolean;
  tone?: (row: number) => string;
}

const rowId = (label: string, row: number): string => `${label.replaceAll(" ", "-")}-${row}`;

export function Grid({ label, columns, rows, sort: first = "", open, tall, tone }: Props) {
  const [sort, setSort] = useState(first);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [active, setActive] = useState(-1);
  const [printing, setPrinting] = useState(false);
  const body = useRef<HTMLDivElement>(null);

  const order = useMemo(() => {
    const list = Array.from(rows);
    const down = sort.startsWith("-");
    const column = columns.find((each) => each.key === sort.slice(down ? 1 : 0));
    if (!column) return list;
    const keys = new Map(list.map((row) => [row, column.value(row)]));
    const sign = down ? -1 : 1;
    return list.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === y) return a - b;
      if (x === undefined || x === "") return 1; // what is unknown comes last, either way
      if (y === undefined || y === "") return -1;
      return x < y ? -sign : sign;
    });
  }, [rows, sort, columns]);

  useLayoutEffect(() => {
    const element = body.current!;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const on = () => setPrinting(true), off = () => setPrinting(false);
    addEventListener("beforeprint", on);
    addEventListener("afterprint", off);
    return () => (removeEventListener("beforeprint", on), removeEventListener("afterprint", off));
  }, []);

  const from = printing ? 0 : Math.max(0, Math.floor(top / kRow) - 8);
  const to = printing ? Math.min(order.length, kPrinted) : Math.min(order.length, Math.ceil((top + height) / kRow) + 8);
  const template = columns.map((each) => each.width).join(" ");
  const narrow = columns.filter((each) => !each.wide).map((each) => each.width).join(" ");

  const go = (place: number) => {
    const next = Math.max(0, Math.min(order.length - 1, place));
    setActive(next);
    const element = body.current!;
    if (next * kRow < element.scrollTop) element.scrollTop = next * kRow;
    if ((next + 1) * kRow > element.scrollTop + element.clientHeight) element.scrollTop = (next + 1) * kRow - element.clientHeight;
  };
  const key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / kRow) - 1);
    const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: order.length - 1 };
    if (event.key in moves) {
      go(moves[event.key]);
      event.preventDefault();
    } else if (event.key === "Enter" && active >= 0 && open) {
      open(order[active]);
    }
  };
  const turn = (name: string) => setSort((old) => (old === name ? `-${name}` : old === `-${name}` ? name : columns.find((c) => c.key === name)?.right ? `-${name}` : name));
  const state = (name: string) => (sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none");

  const shown = [];
  for (let place = from; place < to; ++place) {
    const row = order[place];
    shown.push(
      <div
        key={row}
        role="row"
        aria-rowindex={place + 2}
        id={rowId(label, row)}
        class={`row${place === active ? " active" : ""}${open ? " opens" : ""} ${tone?.(row) ?? ""}`}
        style={printing ? {} : { transform: `translateY(${place * kRow}px)` }}
        onClick={() => (setActive(place), open?.(row))}
      >
        {columns.map((each) => (
          <div key={each.key} role="gridcell" class={`${each.right ? "right" : ""}${each.wide ? " wide" : ""}`}>
            {each.cell ? each.cell(row) : each.value(row)}
          </div>
        ))}
      </div>,
    );
  }
  return (
    <div class={`grid${tall ? " tall" : ""}`} role="grid" aria-label={label} aria-rowcount={order.length + 1} style={{ "--columns": template, "--narrow": narrow }}>
      <div class="head row" role="row">
        {columns.map((each) => (
          <div key={each.key} role="columnheader" aria-sort={state(each.key)} class={`${each.right ? "right" : ""}${each.wide ? " wide" : ""}`}>
            <button type="button" onClick={() => turn(each.key)}>
              {each.title}
              <span class="turn" aria-hidden="true">{state(each.key) === "ascending" ? "↑" : state(each.key) === "descending" ? "↓" : ""}</span>
            </button>
          </div>
        ))}
      </div>
      <div class="body" ref={body} tabIndex={0} role="rowgroup" aria-activedescendant={active >= 0 ? rowId(label, order[active]) : undefined} onScroll={(event) => setTop(event.currentTarget.scrollTop)} onKeyDown={key} aria-label={`${label}: rows`}
        style={{ "--rows": `${order.length * kRow}px` }}>
        <div class="space">{shown}</div>
      </div>
      {order.length === 0 && <p class="none">None.</p>}
      {printing && order.length > kPrinted && <p class="none">{order.length - kPrinted} more rows are not printed.</p>}
    </div>
  );
}
