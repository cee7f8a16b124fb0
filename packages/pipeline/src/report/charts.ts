import { createRequire } from 'node:module';
import type { Curve, Line, LineChart } from '@kcr/core';
import { escapeMarkup } from '@kcr/page';
import type * as Echarts from 'echarts';
import type { Histograms } from './histograms.ts';

const require = createRequire(import.meta.url);

/** Loaded when a chart is first drawn, and as one file: most commands draw none, and its some 600 modules are most of what they would load. */
const echarts = (): typeof Echarts => require('echarts');

const WIDTH = 560;
const HEIGHT = 320;

/** Colours of texts and lines, which a page may give others by variables of these names. */
const THEMED = { ink: '#1b2733', muted: '#55677a', rule: '#d9e0e8', paper: '#fffffe' };

const axisTheme = {
  axisLine: { lineStyle: { color: THEMED.muted } },
  axisTick: { lineStyle: { color: THEMED.muted } },
  axisLabel: { color: THEMED.muted },
  nameTextStyle: { color: THEMED.muted },
  splitLine: { lineStyle: { color: THEMED.rule } },
};

/** Of lines and points, in this order: each stands out from a light page and from a dark one. */
const PALETTE = [
  '#3b7dd8',
  '#c2620e',
  '#2e8b57',
  '#c0519e',
  '#1f8a9e',
  '#a8730a',
  '#8b6fc0',
  '#d1495b',
  '#6b7f2a',
  '#7d7d86',
];

const theme = {
  color: PALETTE,
  title: { textStyle: { color: THEMED.ink } },
  legend: { textStyle: { color: THEMED.ink } },
  valueAxis: axisTheme,
  logAxis: axisTheme,
  categoryAxis: axisTheme,
};

const number = (value: number): string => String(Number(value.toPrecision(3)));

/** An axis of settings: values of a parameter in their order, or numbers. */
interface SettingAxis {
  readonly name: string;
  /** Absent: numbers. */
  readonly values?: readonly string[];
  readonly log?: boolean;
}

/** Settings as lines over an axis for each parameter and one for what they come to, which is the last. */
export interface SettingsChart {
  readonly title: string;
  readonly axes: readonly SettingAxis[];
  /** A line for each setting: where it is on each axis, a number or one of its values. The first is the chosen one. */
  readonly settings: readonly (readonly (string | number)[])[];
}

/** Parallel coordinates, the chosen setting before the others; as SVG text. */
export function settingsChart({ title, axes, settings }: SettingsChart): string {
  const line = (value: readonly (string | number)[], chosen: boolean) => ({
    value,
    lineStyle: chosen
      ? { color: PALETTE[1], width: 3, opacity: 1 }
      : { color: PALETTE[0], width: 1.2, opacity: 0.55 },
  });
  const [chosen, ...others] = settings;
  return render(title, {
    title: heading(title),
    parallel: { left: 50, right: 60, top: 84, bottom: 28 },
    parallelAxis: axes.map(({ name, values, log }, dim) => ({
      dim,
      // Neighbours would be on each other: every second one stands higher.
      name: dim % 2 === 1 ? `${name}\n` : name,
      nameTextStyle: { fontSize: 11, color: THEMED.ink },
      nameGap: 12,
      axisLine: { lineStyle: { color: THEMED.muted } },
      axisTick: { lineStyle: { color: THEMED.muted } },
      axisLabel: {
        color: THEMED.muted,
        ...(values ? {} : { formatter: number }),
      },
      ...(values
        ? { type: 'category', data: values, boundaryGap: values.length === 1 }
        : { type: log ? 'log' : 'value', scale: true }),
    })),
    series: {
      type: 'parallel',
      silent: true,
      // What is drawn last is on top.
      data: [...others.map((one) => line(one, false)), ...(chosen ? [line(chosen, true)] : [])],
    },
  });
}

/** Means with their intervals, over a parameter. */
export interface IntervalChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  /** `x` is a number, or for values in their order its text. */
  readonly points: readonly {
    readonly x: number | string;
    readonly mean: number;
    readonly low?: number;
    readonly high?: number;
  }[];
}

/** Points with bars; as SVG text. */
export function intervalChart({ title, x, y, logX, points }: IntervalChart): string {
  const texts = points.map((point) => point.x).filter((own) => typeof own === 'string');
  const xAxis =
    texts.length > 0
      ? { type: 'category', data: texts, axisLabel: { color: THEMED.muted, interval: 0 } }
      : { type: logX ? 'log' : 'value', scale: true, axisLabel: { formatter: number } };
  const bars = points.flatMap(({ x: at, low, high }) =>
    low === undefined || high === undefined
      ? []
      : [
          {
            type: 'line',
            data: [
              [at, low],
              [at, high],
            ],
            symbol: 'rect',
            symbolSize: [10, 1.5],
            lineStyle: { width: 1.5, color: PALETTE[0] },
            itemStyle: { color: PALETTE[0] },
          },
        ],
  );
  return render(title, {
    title: heading(title),
    grid: { left: 78, right: 20, top: 48, bottom: 62 },
    xAxis: { ...xAxis, name: x, nameLocation: 'middle', nameGap: 42 },
    yAxis: { type: 'value', scale: true, name: y, nameLocation: 'middle', nameGap: 56 },
    series: [
      ...bars,
      {
        type: 'scatter',
        symbolSize: 9,
        itemStyle: { color: PALETTE[1], opacity: 1 },
        data: points.map(({ x: at, mean }) => [at, mean]),
      },
    ],
  });
}

/** A chart as SVG text, which says its title to those who cannot see it. */
function render(title: string, option: object, height = HEIGHT): string {
  const chart = echarts().init(null, theme, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({ animation: false, backgroundColor: 'transparent', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  const coloured = Object.entries(THEMED).reduce(
    (text, [name, colour]) => text.replaceAll(`"${colour}"`, `"var(--${name}, ${colour})"`),
    svg,
  );
  return coloured.replace('<svg ', `<svg role="img" aria-label="${escapeMarkup(title)}" `);
}

const heading = (text: string) => ({ text, left: 'center', top: 4, textStyle: { fontSize: 14 } });

/** How many lines the legend takes: an entry is its mark, its name at some 7 pixels a letter, and a gap. */
function legendLines(lines: readonly Line[]): number {
  let [rows, used] = [1, 0];
  for (const { name } of lines) {
    const width = 50 + 7 * name.length;
    if (used + width > WIDTH) [rows, used] = [rows + 1, 0];
    used += width;
  }
  return rows;
}

/** A chart that may have a second axis at the right, with dashed lines in the colours of those of the same name. */
export interface DrawnChart extends LineChart {
  readonly right?: { readonly y: string; readonly lines: readonly Line[] };
}

const series = ({ name, points, dashed }: Line, yAxisIndex: number) => ({
  type: 'line',
  name,
  yAxisIndex,
  data: points,
  showSymbol: points.length < 20,
  lineStyle: { type: dashed ? 'dashed' : 'solid' },
});

/** Models as points, with their names. */
export interface PointChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly name: string; readonly x: number; readonly y: number }[];
}

/** Points with their names, which do not cover each other; as SVG text. */
export function pointChart({ title, x, y, points }: PointChart): string {
  const grid = { left: 78, right: 110, top: 48, bottom: 50 };
  const axis = (name: string) => ({ type: 'value', name, nameLocation: 'middle', scale: true });
  const offsets = nameOffsets(
    points,
    WIDTH - grid.left - grid.right,
    HEIGHT - grid.top - grid.bottom,
  );
  return render(title, {
    title: heading(title),
    grid,
    xAxis: { ...axis(x), nameGap: 30 },
    yAxis: { ...axis(y), nameGap: 56 },
    series: points.map(({ name, x, y }, i) => ({
      type: 'scatter',
      name,
      symbolSize: 12,
      itemStyle: { opacity: 1 },
      data: [[x, y]],
      label: {
        show: true,
        position: 'right',
        offset: [0, offsets[i]],
        formatter: () => name,
        color: THEMED.ink,
      },
    })),
  });
}

/** Height of a name and width of a letter, in pixels. */
const [NAME_HEIGHT, LETTER] = [15, 7];

/** How far the name of each point is moved down, so that it is on none before it. */
function nameOffsets(points: PointChart['points'], width: number, height: number): number[] {
  const scale = (values: readonly number[], length: number) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => (length * (value - low)) / (high - low || 1));
  };
  const left = scale(
    points.map((point) => point.x),
    width,
  );
  // Pixels count downwards.
  const top = scale(
    points.map((point) => -point.y),
    height,
  );
  const taken: number[] = [];
  points.forEach((_, i) => {
    const covers = (offset: number) =>
      taken.some((other, j) => {
        const [first, second] = left[j]! < left[i]! ? [j, i] : [i, j];
        return (
          left[second]! - left[first]! < LETTER * points[first]!.name.length + 2 * NAME_HEIGHT &&
          Math.abs(top[j]! + other - top[i]! - offset) < NAME_HEIGHT
        );
      });
    let offset = 0;
    while (covers(offset)) offset += NAME_HEIGHT;
    taken.push(offset);
  });
  return taken;
}

/** Lines over a common axis, as SVG text. */
export function lineChart({ title, x, y, lines, logX, logY, right }: DrawnChart): string {
  const axis = (name: string, log: boolean | undefined) => ({
    type: log ? 'log' : 'value',
    name,
    nameLocation: 'middle',
    nameGap: 30,
    scale: true,
    ...(log
      ? {
          axisLabel: {
            formatter: (v: number) =>
              v.toLocaleString('en', { maximumSignificantDigits: 1, notation: 'scientific' }),
          },
        }
      : {}),
  });
  const moreLegend = 27 * (legendLines(lines) - 1);
  const option = {
    title: heading(title),
    legend: {
      top: 30,
      icon: 'roundRect',
      itemHeight: 3,
      itemGap: 20,
      data: lines.map(({ name }) => name),
    },
    grid: {
      left: 78,
      right: right ? 64 : 20,
      top: 64 + moreLegend,
      bottom: 50,
      containLabel: false,
    },
    xAxis: axis(x, logX),
    yAxis: [
      { ...axis(y, logY), nameGap: 56 },
      ...(right ? [{ ...axis(right.y, false), nameGap: 42, splitLine: { show: false } }] : []),
    ],
    series: [
      ...lines.map((line) => series(line, 0)),
      ...(right?.lines ?? []).map((line) => series({ ...line, dashed: true }, 1)),
    ],
  };
  return render(title, option, HEIGHT + moreLegend);
}

/** Height of a histogram, and of what is above and below them all. */
const PANEL = 84;
const AROUND = 76;

/** Histograms over the epochs one under another, dark where there are many values, with a line at 0; as SVG text. */
export function histogramChart({ title, y }: Curve, { epochs, bins, panels }: Histograms): string {
  const common = { left: 60, right: 20, height: PANEL - 26 };
  // By the number of its bin: the axis is one of categories.
  const [first = 0, second = first + 1] = bins;
  const zero = {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: '#c0392b', type: 'solid', width: 1 },
    data:
      first < 0 && (bins.at(-1) ?? 0) > 0 ? [{ yAxis: Math.round(-first / (second - first)) }] : [],
  };
  const tops = panels.map((_, i) => 52 + i * PANEL);
  return render(
    title,
    {
      title: [
        heading(title),
        ...panels.map(({ name }, i) => ({
          text: name,
          left: common.left,
          top: tops[i]! - 18,
          textStyle: { fontSize: 11, fontWeight: 'normal' },
        })),
      ],
      grid: tops.map((top) => ({ ...common, top })),
      xAxis: panels.map((_, i) => ({
        gridIndex: i,
        type: 'category',
        data: epochs,
        ...(i === panels.length - 1
          ? { name: 'epoch', nameLocation: 'middle', nameGap: 24 }
          : { axisLabel: { show: false } }),
      })),
      yAxis: panels.map((_, i) => ({
        gridIndex: i,
        type: 'category',
        data: bins.map((bin) => bin.toPrecision(2)),
        name: y,
        nameLocation: 'middle',
        nameGap: 40,
        axisLabel: { fontSize: 9, interval: Math.floor(bins.length / 3) },
      })),
      visualMap: panels.map((_, i) => ({
        show: false,
        seriesIndex: i,
        min: 0,
        // The square root of the share, so that few values are seen beside many.
        max: 1,
        inRange: { color: ['#ffffff', '#b9cde3', '#24476b'] },
        dimension: 2,
      })),
      series: panels.map(({ counts }, i) => ({
        type: 'heatmap',
        xAxisIndex: i,
        yAxisIndex: i,
        markLine: zero,
        data: counts.flatMap((own, column) => {
          const all = own.reduce((sum, n) => sum + n, 0);
          return own.map((count, bin) => [column, bin, Math.sqrt(count / all)]);
        }),
      })),
    },
    AROUND + PANEL * panels.length,
  );
}

/** One row per dimension, one cell per channel, dark where it is kept. */
export function maskChart(
  masks: readonly { name: string; size: number; kept: readonly number[] }[],
): string {
  const widest = Math.max(...masks.map((mask) => mask.size));
  const labels = masks.map(({ name, size, kept }) => `${name} (${kept.length}/${size})`);
  const left = 14 + 5.6 * Math.max(...labels.map((label) => label.length));
  const cells = masks.flatMap(({ size, kept }, row) => {
    const present = new Set(kept);
    return Array.from({ length: size }, (_, channel) => [
      channel,
      row,
      present.has(channel) ? 1 : 0,
    ]);
  });
  const title = 'Kept channels (dark) per searched dimension';
  return render(
    title,
    {
      title: heading(title),
      grid: { left, right: 20, top: 40, bottom: 40 },
      xAxis: {
        type: 'category',
        data: Array.from({ length: widest }, (_, i) => i),
        name: 'channel',
        nameLocation: 'middle',
        nameGap: 24,
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: labels,
        axisLabel: { fontSize: 10 },
      },
      visualMap: { show: false, min: 0, max: 1, inRange: { color: ['#e8ecf2', '#24476b'] } },
      series: [{ type: 'heatmap', data: cells, itemStyle: { borderWidth: 0 } }],
    },
    Math.max(140, 80 + 26 * masks.length),
  );
}
