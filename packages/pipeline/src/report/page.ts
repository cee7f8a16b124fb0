import { escapeMarkup } from './escape.ts';
import type { Cell, SummaryTable } from './summary-table.ts';

/** A table of models as HTML. */
export function tableHtml({ header, rows }: SummaryTable): string {
  const cell = ({ text, beside }: Cell) =>
    `<td>${escapeMarkup(text)}${beside ? ` <small>${escapeMarkup(beside)}</small>` : ''}</td>`;
  const body = rows.map(
    ({ name, cells }) => `<tr><th>${escapeMarkup(name)}</th>${cells.map(cell).join('')}</tr>`,
  );
  const titles = header.map((title) => `<th>${escapeMarkup(title)}</th>`).join('');
  return `<table><thead><tr>${titles}</tr></thead>
<tbody>${body.join('\n')}</tbody></table>`;
}

/** Rows of pictures under common headings. */
export interface PictureTable {
  /** Side of a picture, in pixels. */
  tile: number;
  columns: readonly string[];
  /** What the colours are, as HTML. */
  legend?: string;
  rows: { title: string; png: Buffer }[];
}

/** Pictures of the same images, model under model. */
export function pictureTable({ tile, columns, rows, legend }: PictureTable): string {
  if (rows.length === 0) return '';
  const heads = columns
    .map((name) => `<span style="width:${tile}px">${escapeMarkup(name)}</span>`)
    .join('');
  const body = rows.map(
    ({ title, png }) =>
      `<tr><th>${escapeMarkup(title)}</th><td><img alt="${escapeMarkup(title)}" width="${tile * columns.length}" src="data:image/png;base64,${png.toString('base64')}"></td></tr>`,
  );
  return `${legend ? `<p>${legend}</p>` : ''}<table class="pictures"><thead><tr><th></th><td>${heads}</td></tr></thead>
<tbody>${body.join('\n')}</tbody></table>`;
}

/** A part of a page that is folded away until somebody opens it. */
export interface Folded {
  readonly title: string;
  readonly html: string;
}

/** Charts beside each other. */
export const figuresHtml = (charts: readonly string[]): string =>
  `<main>${charts.map((svg) => `<figure>${svg}</figure>`).join('\n')}</main>`;

/** One self-contained HTML page. */
export function page(
  title: string,
  tables: readonly string[],
  charts: readonly string[],
  folded: readonly Folded[] = [],
): string {
  const details = folded.map(
    (part) => `<details><summary>${escapeMarkup(part.title)}</summary>${part.html}</details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #1b2733; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid #d9e0e7; white-space: nowrap; }
th:first-child { text-align: left; }
small { color: #66788a; }
main { display: flex; flex-wrap: wrap; gap: 1rem; }
summary { cursor: pointer; margin: 1rem 0; }
figure { margin: 0; border: 1px solid #e3e8ee; border-radius: 6px; padding: .5rem; }
svg { max-width: 100%; height: auto; }
.pictures th, .pictures td { padding: .1rem .6rem .1rem 0; border: 0; font-weight: normal; }
.class { margin-right: 1rem; white-space: nowrap; }
.class i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
.pictures span { display: inline-block; text-align: center; overflow: hidden; text-overflow: ellipsis; }
.pictures img { display: block; }
</style></head>
<body><h1>${escapeMarkup(title)}</h1>
${tables.join('\n')}
${figuresHtml(charts)}
${details.join('\n')}
</body></html>
`;
}
