// chart.tsx - series over time, drawn by uPlot: hover reads values, a drag chooses a stretch of time.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, second } from "./format";

export interface Series {
  name: string;
  values: (number | null)[];
  tone: string; // name of a CSS colour variable
  bars?: boolean;
  text: (value: number) => string;
}

interface Props {
  label: string;
  times: number[]; // seconds since 1970, or since the connection began
  series: Series[];
  height: number;
  relative?: boolean; // times are not of the day
  axis: (value: number) => string;
  chosen?: [number, number];
  choose?: (range: [number, number] | undefined) => void;
  draw?: (plot: uPlot) => void;
  extent?: [number, number];
  bare?: boolean; // no axes: a strip
  lanes?: number; // as many rows of marks, which draw() makes: no figures at the side
}

export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function Chart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = place.current!;
    const make = () => {
      plot.current?.destroy();
      const { series, times, height, axis, relative, bare, lanes } = latest.current;
      const ink = colour("muted"), line = colour("line");
      const font = `11px ${getComputedStyle(document.body).fontFamily}`;
      const options: uPlot.Options = {
        width: Math.max(200, element.clientWidth),
        height,
        legend: { show: false },
        cursor: { sync: { key: relative ? "connection" : "capture" }, drag: { x: true, y: !!relative, setScale: !!relative }, points: { size: 5 } },
        tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), "UTC"),
        scales: {
          x: { time: !relative, range: (_, min, max) => (max > min ? [min, max] : [min - 0.001, max + 0.001]) },
          y: { range: (_, min, max) => latest.current.extent ?? [Math.min(0, min ?? 0), Math.max(max ?? 1, 1e-9) * 1.06] },
        },
        axes: [
          { show: !bare, stroke: ink, font, grid: { show: false }, ticks: { stroke: line, size: 4 }, size: 34, space: 90, values: (_: uPlot, all: number[]) => all.map((t) => (relative ? `${+t.toFixed(6)} s` : (all[1] - all[0] < 1 ? clock : second)(t * 1000))) },
          { show: !bare, stroke: ink, font, size: lanes ? 30 : 66, grid: { stroke: line, width: 1 }, ticks: { show: false }, splits: lanes ? () => Array.from({ length: lanes + 1 }, (_, i) => i) : undefined, values: (_, all) => all.map((v) => axis(v)) },
        ],
        series: [
          {},
          ...series.map((each): uPlot.Series => ({
            label: each.name,
            stroke: colour(each.tone),
            fill: each.tone === "none" ? undefined : each.bars ? colour(each.tone) : colour(each.tone) + "22",
            width: each.bars ? 0 : 1.25,
            points: { show: false },
            paths: each.bars ? uPlot.paths.bars!({ size: [0.8, 12, 1], align: 1 }) : uPlot.paths.stepped!({ align: 1 }),
          })),
        ],
        hooks: {
          setSelect: [
            (u) => {
              if (relative || !latest.current.choose || u.select.width < 4) return;
              latest.current.choose([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
            },
          ],
          draw: [
            (u) => {
              latest.current.draw?.(u);
              const range = latest.current.chosen;
              if (!range) return;
              const from = u.valToPos(range[0], "x", true), to = u.valToPos(range[1], "x", true);
              u.ctx.fillStyle = colour("accent") + "28";
              u.ctx.fillRect(from, u.bbox.top, Math.max(2, to - from), u.bbox.height);
            },
          ],
          setCursor: [
            (u) => {
              const at = u.cursor.idx;
              const out = element.parentElement?.querySelector<HTMLElement>(".reading");
              if (!out) return;
              out.textContent = at === null || at === undefined ? "" : latest.current.series.map((each) => (each.values[at] === null || each.values[at] === undefined ? "" : each.text(each.values[at]!))).filter(Boolean).join(" · ");
            },
          ],
        },
      };
      plot.current = new uPlot(options, [times, ...series.map((each) => each.values)] as uPlot.AlignedData, element);
    };
    make();
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, element.clientWidth), height: latest.current.height }));
    watch.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      watch.disconnect();
      scheme.removeEventListener("change", make);
      plot.current?.destroy();
    };
  }, [props.times, props.series, props.height]);
  useEffect(() => plot.current?.redraw(false), [props.chosen]);

  return (
    <figure class="chart" aria-label={props.label}>
      {!props.bare && !props.lanes && (
        <figcaption>
          {props.series.map((each) => (
            <span key={each.name} class={`key tone-${each.tone}`}>{each.name}</span>
          ))}
          <output class="reading" />
        </figcaption>
      )}
      <div ref={place} />
    </figure>
  );
}
