// timeline.tsx - traffic over time; a stretch that is chosen here is what every other view shows.
import { useMemo } from "preact/hooks";
import { Chart, type Series } from "./chart";
import { numbers, useReport } from "./parts";
import { bytes, clock, count } from "./format";
import type { Data } from "./data";

interface Steps {
  step: number;
  times: number[];
  of: (name: string) => number[];
}

export function steps(data: Data): Steps | undefined {
  const timeline = data.summary.timeline;
  if (!timeline || typeof timeline.step !== "number") return undefined;
  const step = timeline.step;
  const begin = data.begin / 1000;
  const length = numbers(timeline.packets).length;
  return { step, times: Array.from({ length }, (_, i) => begin + i * step), of: (name) => numbers(timeline[name]) };
}

function useRange() {
  const { data, range, choose } = useReport();
  const begin = data.begin / 1000;
  return {
    chosen: range && ([range[0] + begin, range[1] + begin] as [number, number]),
    choose: (chosen: [number, number] | undefined) => choose(chosen && [chosen[0] - begin, chosen[1] - begin]),
  };
}

/// The strip above every view.
export function Strip() {
  const { data } = useReport();
  const range = useRange();
  const all = useMemo(() => steps(data), [data]);
  const series = useMemo<Series[]>(
    () => (all ? [{ name: "Throughput", values: all.of("bytes").map(Math.sqrt), tone: "accent", text: () => "" }] : []),  // the root shows what is small beside a peak
    [all],
  );
  if (!all || all.times.length < 2) return null;
  const troubles = (name: string) => all.of(name).map((n, i) => [i, n] as const).filter(([, n]) => n > 0);
  const draw = (u: any) => {
    const style = getComputedStyle(document.documentElement);
    for (const [name, tone] of [["resent", "doubt"], ["resets", "bad"]] as const) {
      u.ctx.fillStyle = style.getPropertyValue(`--${tone}`);
      for (const [i] of troubles(name)) u.ctx.fillRect(u.valToPos(all.times[i], "x", true), u.bbox.top + u.bbox.height - 5 * devicePixelRatio, 2 * devicePixelRatio, 5 * devicePixelRatio);
    }
  };
  return (
    <div class="strip">
      <Chart label="Throughput over time; drag to look at a stretch" times={all.times} series={series} height={56} axis={() => ""} bare {...range} draw={draw} />
      <p class="ends muted">
        <span>{clock(all.times[0] * 1000)}</span>
        <span><i class="key tone-doubt">resent</i> <i class="key tone-bad">resets</i> <span class="wide">drag to look at a stretch</span></span>
        <span>{clock((all.times.at(-1)! + all.step) * 1000)}</span>
      </p>
    </div>
  );
}

/// The same stretch for those who do not drag: seconds since the capture began.
function Span({ length }: { length: number }) {
  const { range, choose } = useReport();
  const end = (which: 0 | 1, title: string) => (
    <label>
      {title}{" "}
      <input type="number" min={0} max={length} step="any" value={range ? +range[which].toFixed(6) : which ? +length.toFixed(6) : 0}
        onChange={(event) => {
          const next: [number, number] = [...(range ?? [0, length])];
          next[which] = Number(event.currentTarget.value);
          choose(next[0] < next[1] ? next : undefined);
        }} /> s
    </label>
  );
  return <p class="span">{end(0, "From")} {end(1, "to")} after the beginning</p>;
}

export function Timeline() {
  const { data } = useReport();
  const range = useRange();
  const all = useMemo(() => steps(data), [data]);
  const charts = useMemo<[string, Series[], (v: number) => string][]>(() => {
    if (!all) return [];
    const rate = (v: number) => `${bytes(v / all.step)}/s`;
    const per = (noun: string) => (v: number) => `${count(v)} ${noun}`;
    return [
      ["Throughput", [{ name: "Throughput", values: all.of("bytes"), tone: "accent", text: rate }], rate],
      ["Packets", [{ name: "Packets", values: all.of("packets"), tone: "accent", text: per("packets") }], count],
      ["New connections", [{ name: "New connections", values: all.of("opened"), tone: "good", bars: true, text: per("opened") }], count],
      ["Resent and reset", [{ name: "Resent", values: all.of("resent"), tone: "doubt", bars: true, text: per("resent") }, { name: "Resets", values: all.of("resets"), tone: "bad", bars: true, text: per("resets") }], count],
    ];
  }, [all]);
  if (!all) return <p class="none">This run kept no timeline.</p>;
  return (
    <>
      <p class="muted">Steps of {all.step >= 1 ? `${all.step} s` : `${Math.round(all.step * 1e6) / 1000} ms`}. Drag over a chart to see only that stretch in every view.</p>
      <Span length={all.times.length * all.step} />
      {charts.map(([label, series, axis]) => (
        <section key={label}>
          <Chart label={label} times={all.times} series={series} height={150} axis={axis} {...range} />
        </section>
      ))}
    </>
  );
}
