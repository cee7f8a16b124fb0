import { describe, expect, test } from 'vitest';
import { histogramChart, lineChart, maskChart, pointChart } from './charts.ts';

const count = (svg: string, what: RegExp) => svg.match(what)?.length ?? 0;
const textsOf = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

describe('lines', () => {
  const chart = {
    title: 'Loss <x>',
    x: 'epoch',
    y: 'nats',
    lines: [
      {
        name: 'dense',
        points: [
          [1, 2],
          [2, 1],
        ] as [number, number][],
      },
      {
        name: 'compact',
        points: [
          [1, 3],
          [2, 2],
        ] as [number, number][],
        dashed: true,
      },
    ],
  };

  test('are one picture with a title, both axes and a legend', () => {
    const svg = lineChart(chart);
    expect(svg).toMatch(/^<svg role="img" aria-label="Loss &lt;x&gt;" width="560" height="320"/);
    for (const text of ['Loss &lt;x&gt;', 'epoch', 'nats', 'dense', 'compact'])
      expect(textsOf(svg)).toContain(text);
    expect(svg).not.toContain('<script');
  });

  test('may be dashed', () => {
    const dashes = (dashed: boolean) =>
      count(
        lineChart({ ...chart, lines: chart.lines.map((line) => ({ ...line, dashed })) }),
        /stroke-dasharray/g,
      );
    expect(dashes(true) - dashes(false)).toBeGreaterThanOrEqual(2);
  });

  test('on an axis at the right are dashed, in the colour of the line of their name', () => {
    const lines = chart.lines.map((line) => ({ ...line, dashed: false }));
    const plain = lineChart({ ...chart, lines });
    const svg = lineChart({ ...chart, lines, right: { y: 'test loss', lines } });
    expect(textsOf(svg)).toContain('test loss');
    expect(textsOf(svg).filter((text) => text === 'dense')).toHaveLength(1);
    const strokes = (dashed: boolean) =>
      [...svg.matchAll(/<path [^>]*fill="none"[^>]*>/g)].flatMap(([path]) => {
        const stroke = /stroke="([^"]+)"/.exec(path)?.[1];
        const isLine = /stroke-width="2"/.test(path);
        return isLine && dashed === path.includes('stroke-dasharray') ? [stroke] : [];
      });
    expect(new Set(strokes(true)).size).toBe(2);
    for (const colour of strokes(true)) expect(strokes(false)).toContain(colour);
    expect(count(plain, /stroke-dasharray/g)).toBeLessThan(count(svg, /stroke-dasharray/g));
  });

  test('of few points have a mark at each, of many none', () => {
    const marks = (n: number) => {
      const points = Array.from({ length: n }, (_, i): [number, number] => [i, i % 2]);
      return count(
        lineChart({ ...chart, lines: [{ name: 'a', points }] }),
        /fill="#fff"[^>]*ecmeta_ssr_type="chart"/g,
      );
    };
    expect(marks(5)).toBe(5);
    expect(marks(20)).toBe(0);
  });

  test('on a logarithmic axis have powers of ten beside it', () => {
    const points: [number, number][] = [
      [1, 1e-3],
      [10, 1],
    ];
    const svg = lineChart({ ...chart, lines: [{ name: 'a', points }], logX: true, logY: true });
    for (const power of ['1E-3', '1E-2', '1E-1', '1E0', '1E1'])
      expect(textsOf(svg)).toContain(power);
    expect(textsOf(lineChart(chart))).not.toContain('1E0');
  });

  test('with long names leave room for as many lines of the legend', () => {
    /** Where the plotting area begins: the highest of the lines across it. */
    const top = (names: readonly string[]) => {
      const lines = names.map((name) => ({ ...chart.lines[0]!, name }));
      const svg = lineChart({ ...chart, lines });
      const heights = [...svg.matchAll(/<path d="M78 ([\d.]+)L540 \1"/g)].map(([, y]) => Number(y));
      return Math.min(...heights);
    };
    const long = 'a name of some thirty letters ';
    const names = (n: number) => Array.from({ length: n }, (_, i) => `${long}${i}`);
    // 560 px have room for two names of 50 + 7 * 31 px.
    expect(top(names(2)) - top(['a'])).toBe(0);
    expect(top(names(3)) - top(['a'])).toBe(27);
    expect(top(names(5)) - top(['a'])).toBe(54);
  });
});

describe('kept channels', () => {
  const [light, dark] = [/fill="rgb\(232,236,242\)"/g, /fill="rgb\(36,71,107\)"/g];

  test('are dark cells, others light, each row of the size of its dimension', () => {
    const svg = maskChart([
      { name: 'a', size: 5, kept: [0, 2, 4] },
      { name: 'b', size: 3, kept: [1] },
    ]);
    expect([count(svg, dark), count(svg, light)]).toEqual([4, 4]);
    for (const label of ['a (3/5)', 'b (1/3)']) expect(textsOf(svg)).toContain(label);
  });

  test('of many dimensions make a higher picture', () => {
    const heightOf = (n: number) => {
      const masks = Array.from({ length: n }, (_, i) => ({ name: `${i}`, size: 2, kept: [0] }));
      return Number(/height="(\d+)"/.exec(maskChart(masks))![1]);
    };
    expect(heightOf(1)).toBe(140);
    expect(heightOf(10)).toBe(340);
  });
});

describe('histograms', () => {
  const curve = { title: 'Alphas', y: 'alpha' };
  const panel = (name: string) => ({
    name,
    counts: [
      [0, 4],
      [1, 3],
    ],
  });
  const shown = (names: string[]) =>
    histogramChart(curve, { epochs: [1, 2], bins: [-0.5, 0.5], panels: names.map(panel) });

  test('stand one under another with a common title, darker where there are more values', () => {
    const svg = shown(['a', 'b']);
    for (const text of ['Alphas', '>a<', '>b<', 'epoch', 'alpha']) expect(svg).toContain(text);
    // Of each panel an empty cell, a full one, and shares of 1/4 and 3/4.
    const fills = [...svg.matchAll(/fill="(#[0-9a-f]{6}|rgb\([^)]*\))"/g)].map(([, fill]) => fill);
    expect(new Set(fills).size).toBeGreaterThanOrEqual(4);
    expect(svg).not.toMatch(/NaN/);
  });

  test('of more arrays make a higher picture', () => {
    const heightOf = (svg: string) => Number(/height="(\d+)"/.exec(svg)![1]);
    expect(heightOf(shown(['a', 'b', 'c']))).toBeGreaterThan(heightOf(shown(['a'])));
  });
});

describe('points', () => {
  const chart = {
    title: 'top-1 against time',
    x: 'ms',
    y: 'top-1, %',
    points: [
      { name: 'dense', x: 2, y: 80 },
      { name: 'compact', x: 1, y: 79 },
    ],
  };

  test('have their names beside them', () => {
    const texts = textsOf(pointChart(chart));
    for (const text of ['dense', 'compact', 'ms', 'top-1, %', 'top-1 against time'])
      expect(texts).toContain(text);
  });

  test('of the same place have names that do not cover each other', () => {
    const points = ['a', 'b', 'c'].map((name) => ({ name, x: 1, y: 79 }));
    const svg = pointChart({ ...chart, points });
    const places = [...svg.matchAll(/<text[^>]*transform="([^"]+)"[^>]*>([abc])<\/text>/g)];
    expect(places.map(([, , name]) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(new Set(places.map(([, place]) => place)).size).toBe(3);
  });
});

test('texts and lines take the colours of the page, and have their own outside it', () => {
  const svg = pointChart({ title: 't', x: 'x', y: 'y', points: [{ name: 'a', x: 1, y: 2 }] });
  expect(svg).toContain('fill="var(--ink, #1b2733)"');
  expect(svg).toContain('var(--muted, #55677a)');
  expect(svg).not.toMatch(/"#(1b2733|55677a|d9e0e8)"/);
});
