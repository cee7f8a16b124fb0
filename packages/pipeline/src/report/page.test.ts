import { expect, test } from 'vitest';
import { page, pictureTable, tableHtml } from './page.ts';

test('a table has a heading for each column, a row for each model, and text beside', () => {
  const html = tableHtml({
    header: ['model', 'top-1 <%>'],
    rows: [
      { name: 'dense', cells: [{ text: '50.0 %' }] },
      { name: 'a & b', cells: [{ text: '40.0 %', beside: '-20.0 %' }] },
    ],
  });
  expect(html.replaceAll('\n', '')).toBe(
    '<table><thead><tr><th>model</th><th>top-1 &lt;%&gt;</th></tr></thead>' +
      '<tbody><tr><th>dense</th><td>50.0 %</td></tr>' +
      '<tr><th>a &amp; b</th><td>40.0 % <small>-20.0 %</small></td></tr></tbody></table>',
  );
});

test('pictures are within the page, as wide as their columns, under a legend', () => {
  const png = Buffer.from([1, 2, 3]);
  const table = { tile: 128, columns: ['a', '<b>'], rows: [{ title: 'image', png }] };
  const html = pictureTable({ ...table, legend: '<i>colours</i>' });
  expect(html).toContain('<p><i>colours</i></p>');
  expect(html).toContain('<span style="width:128px">&lt;b&gt;</span>');
  expect(html).toContain('width="256" src="data:image/png;base64,AQID"');
  expect(pictureTable(table)).not.toContain('<p>');
  expect(pictureTable({ ...table, rows: [] })).toBe('');
});

test('a page has its title, its tables and a figure for each chart, and loads nothing', () => {
  const html = page('R&D', ['<table></table>'], ['<svg>1</svg>', '<svg>2</svg>']);
  expect(html).toMatch(/^<!doctype html>/);
  expect(html).toContain('<title>R&amp;D</title>');
  expect(html).toContain('<h1>R&amp;D</h1>\n<table></table>');
  expect(html.match(/<figure><svg>\d<\/svg><\/figure>/g)).toHaveLength(2);
  expect(html).not.toMatch(/<script|<link|src="http/);
});
