import { expect, test } from 'vitest';
import { figuresHtml, page, pictureTable, saidHtml, tableHtml, verdictHtml } from './page.ts';

test('a table has a heading for each column, a row for each model, and text beside', () => {
  const html = tableHtml(
    {
      header: ['model', 'top-1 <%>'],
      rows: [
        { name: 'dense', cells: [{ text: '50.0 %' }] },
        { name: 'a & b', cells: [{ text: '40.0 %', beside: '-20.0 %' }] },
      ],
    },
    'Models & more',
  );
  expect(html.replaceAll('\n', '')).toBe(
    '<div class="wide"><table><caption>Models &amp; more</caption>' +
      '<thead><tr><th scope="col">model</th><th scope="col">top-1 &lt;%&gt;</th></tr></thead>' +
      '<tbody><tr><th scope="row">dense</th><td>50.0 %</td></tr>' +
      '<tr><th scope="row">a &amp; b</th><td>40.0 % <small>-20.0 %</small></td></tr></tbody></table></div>',
  );
});

test('pictures are within the page, as wide as their columns, under a legend', () => {
  const png = Buffer.from([1, 2, 3]);
  const table = {
    tile: 128,
    columns: ['a', '<b>'],
    caption: 'Seen',
    rows: [{ title: 'image', png }],
  };
  const html = pictureTable({ ...table, legend: '<i>colours</i>' });
  expect(html).toContain('<p><i>colours</i></p>');
  expect(html).toContain('<span style="width:128px">&lt;b&gt;</span>');
  expect(html).toContain('<caption>Seen</caption>');
  expect(html).toContain('alt="image: a, &lt;b&gt;"');
  expect(html).toContain('width="256" src="data:image/png;base64,AQID"');
  expect(pictureTable(table)).not.toContain('<p>');
  expect(pictureTable({ ...table, rows: [] })).toBe('');
});

test('a page has its title and its parts in order, and loads nothing', () => {
  const parts = ['<table></table>', figuresHtml(['<svg>1</svg>', '<svg>2</svg>'])];
  const html = page('R&D', parts, [{ title: 'more <', html: '<p>folded</p>' }]);
  expect(html).toMatch(/^<!doctype html>/);
  expect(html).toContain('<title>R&amp;D</title>');
  expect(html).toContain('<h1>R&amp;D</h1>\n<table></table>');
  expect(html.match(/<figure><svg>\d<\/svg><\/figure>/g)).toHaveLength(2);
  expect(html).toContain('<details><summary>more &lt;</summary><p>folded</p></details>');
  expect(html).not.toMatch(/<script|<link|src="http/);
  expect(figuresHtml([])).toBe('');
});

test('the verdict is a sentence and its facts; what numbers say is a list, or nothing', () => {
  const html = verdictHtml({ sentence: 'a < b.', facts: [{ title: 'seed', text: '3 & 4' }] });
  expect(html).toContain('<p>a &lt; b.</p>');
  expect(html).toContain('<dt>seed</dt><dd>3 &amp; 4</dd>');
  expect(saidHtml([{ title: 'KC', says: 'low <' }])).toBe('<ul><li><b>KC</b>: low &lt;</li></ul>');
  expect(saidHtml([])).toBe('');
});

/** Contrast of two colours as WCAG 2 defines it. */
function contrast(first: string, second: string): number {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const x = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

test('texts stand out from what is behind them, light and dark', () => {
  const themes = [...page('', []).matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) =>
    Object.fromEntries(
      [...rules!.matchAll(/--(\w+): (#\w{6})/g)].map(([, name, hex]) => [name, hex!]),
    ),
  );
  expect(themes).toHaveLength(2);
  for (const { ink, muted, paper, page: behind } of themes)
    for (const text of [ink, muted])
      for (const ground of [paper, behind])
        expect(contrast(text!, ground!)).toBeGreaterThanOrEqual(4.5);
});
