import { escapeMarkup, THEME } from '@kcr/page';
import type { Cell, SummaryTable } from './summary-table.ts';
import type { Verdict } from './verdict.ts';

/** A table of models as HTML. @param caption what it shows */
export function tableHtml({ header, rows }: SummaryTable, caption: string): string {
  const cell = ({ text, beside }: Cell) =>
    `<td>${escapeMarkup(text)}${beside ? ` <small>${escapeMarkup(beside)}</small>` : ''}</td>`;
  const body = rows.map(
    ({ name, cells }) =>
      `<tr><th scope="row">${escapeMarkup(name)}</th>${cells.map(cell).join('')}</tr>`,
  );
  const titles = header.map((title) => `<th scope="col">${escapeMarkup(title)}</th>`).join('');
  return `<div class="wide"><table><caption>${escapeMarkup(caption)}</caption><thead><tr>${titles}</tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}

/** Rows of pictures under common headings. */
export interface PictureTable {
  /** Side of a picture, in pixels. */
  tile: number;
  columns: readonly string[];
  /** What is to be seen. */
  caption: string;
  /** What the colours are, as HTML. */
  legend?: string;
  rows: { title: string; png: Buffer }[];
}

/** Pictures of the same images, model under model. */
export function pictureTable({ tile, columns, rows, legend, caption }: PictureTable): string {
  if (rows.length === 0) return '';
  const heads = columns
    .map((name) => `<span style="width:${tile}px">${escapeMarkup(name)}</span>`)
    .join('');
  const body = rows.map(
    ({ title, png }) =>
      `<tr><th scope="row">${escapeMarkup(title)}</th><td><img alt="${escapeMarkup(`${title}: ${columns.join(', ')}`)}" width="${tile * columns.length}" src="data:image/png;base64,${png.toString('base64')}"></td></tr>`,
  );
  return `${legend ? `<p>${legend}</p>` : ''}<div class="wide"><table class="pictures"><caption>${escapeMarkup(caption)}</caption><thead><tr><th></th><td>${heads}</td></tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}

/** What a report says first. */
export const verdictHtml = ({ sentence, facts }: Verdict): string =>
  `<section class="verdict"><p>${escapeMarkup(sentence)}</p>
<dl>${facts.map(({ title, text }) => `<div><dt>${escapeMarkup(title)}</dt><dd>${escapeMarkup(text)}</dd></div>`).join('\n')}</dl></section>`;

/** What numbers say, a sentence each. */
export const saidHtml = (said: readonly { title: string; says: string }[]): string =>
  said.length === 0
    ? ''
    : `<ul>${said.map(({ title, says }) => `<li><b>${escapeMarkup(title)}</b>: ${escapeMarkup(says)}</li>`).join('\n')}</ul>`;

/** A part of a page that is folded away until somebody opens it. */
export interface Folded {
  readonly title: string;
  readonly html: string;
}

/** Charts beside each other. */
export const figuresHtml = (charts: readonly string[]): string =>
  charts.length === 0
    ? ''
    : `<div class="figures">${charts.map((svg) => `<figure>${svg}</figure>`).join('\n')}</div>`;

const detailsHtml = ({ title, html }: Folded): string =>
  `<details><summary>${escapeMarkup(title)}</summary>${html}</details>`;

const STYLE = `
${THEME}
.verdict { background: var(--paper); border: 1px solid var(--rule); border-left: 4px solid var(--mark); border-radius: 6px; padding: .8rem 1rem; }
.verdict p { font-size: 1.2rem; margin: 0 0 .6rem; }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .5rem; background: var(--paper); }
svg { display: block; width: 100%; height: auto; }
.pictures th, .pictures td { padding: .1rem .6rem .1rem 0; border: 0; font-weight: normal; }
.class { margin-right: 1rem; white-space: nowrap; }
.class i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
.pictures span { display: inline-block; text-align: center; overflow: hidden; text-overflow: ellipsis; }
.pictures img { display: block; }
`;

/** One self-contained HTML page. @param parts HTML, one under another */
export function page(
  title: string,
  parts: readonly string[],
  folded: readonly Folded[] = [],
): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style></head>
<body><main><h1>${escapeMarkup(title)}</h1>
${[...parts, ...folded.map(detailsHtml)].join('\n')}
</main></body></html>
`;
}
