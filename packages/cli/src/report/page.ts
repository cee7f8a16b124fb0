import type { Summary } from '../analysis.ts';
import { TILE } from './heat.ts';

const escapeHtml = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** A value beside that of the dense model. */
function beside(value: number, dense: number, text: string): string {
  if (value === dense) return text;
  const percent = 100 * (value / dense - 1);
  return `${text} <small>${percent > 0 ? '+' : ''}${percent.toFixed(1)} %</small>`;
}

/** The table of all models, each beside the first, which is the dense one. */
export function summaryTable(models: readonly (Summary & { name: string })[]): string {
  const dense = models[0]!;
  const cells = (m: Summary) => [
    `${(100 * m.top1).toFixed(1)} %`,
    beside(m.params, dense.params, m.params.toLocaleString('en')),
    beside(m.macs, dense.macs, `${(m.macs / 1e6).toFixed(2)} M`),
    beside(m.latencyMs, dense.latencyMs, `${m.latencyMs.toFixed(2)} ms`),
    m.trace.toFixed(2),
    m.tnn.toFixed(4),
    `${((100 * m.tnn) / m.trace).toFixed(2)} %`,
    m.kc.toFixed(5),
    m.ib.toFixed(4),
  ];
  const row = (m: Summary & { name: string }) =>
    `<tr><th>${escapeHtml(m.name)}</th>${cells(m)
      .map((cell) => `<td>${cell}</td>`)
      .join('')}</tr>`;
  const header = [
    'model',
    'top-1',
    'parameters',
    'MACs',
    'latency',
    'trace',
    'TNN',
    'TNN / trace',
    'KC',
    'IB, nats',
  ];
  return `<table><thead><tr>${header.map((name) => `<th>${name}</th>`).join('')}</tr></thead>
<tbody>${models.map(row).join('\n')}</tbody></table>`;
}

/** Rows of pictures under common headings. */
export interface Pictures {
  columns: readonly string[];
  rows: { title: string; png: Buffer }[];
}

/** Pictures of the same images, model under model. */
export function pictureTable({ columns, rows }: Pictures): string {
  if (rows.length === 0) return '';
  const heads = columns.map((name) => `<span>${escapeHtml(name)}</span>`).join('');
  const body = rows.map(
    ({ title, png }) =>
      `<tr><th>${escapeHtml(title)}</th><td><img alt="${escapeHtml(title)}" width="${TILE * columns.length}" src="data:image/png;base64,${png.toString('base64')}"></td></tr>`,
  );
  return `<table class="pictures"><thead><tr><th></th><td>${heads}</td></tr></thead>
<tbody>${body.join('\n')}</tbody></table>`;
}

/** One self-contained HTML page. */
export function page(title: string, tables: readonly string[], charts: readonly string[]): string {
  const figures = charts.map((svg) => `<figure>${svg}</figure>`).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #1b2733; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid #d9e0e7; white-space: nowrap; }
th:first-child { text-align: left; }
small { color: #66788a; }
main { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; border: 1px solid #e3e8ee; border-radius: 6px; padding: .5rem; }
svg { max-width: 100%; height: auto; }
.pictures th, .pictures td { padding: .1rem .6rem .1rem 0; border: 0; font-weight: normal; }
.pictures span { display: inline-block; width: ${TILE}px; text-align: center; overflow: hidden; text-overflow: ellipsis; }
.pictures img { display: block; }
</style></head>
<body><h1>${escapeHtml(title)}</h1>
${tables.join('\n')}
<main>${figures}</main>
</body></html>
`;
}
