import { expect, test } from 'vitest';
import { escapeMarkup } from './escape.ts';

test('what has a meaning in markup is written as an entity, once', () => {
  expect(escapeMarkup('<b a="1">R&D</b>')).toBe('&lt;b a=&quot;1&quot;&gt;R&amp;D&lt;/b&gt;');
  expect(escapeMarkup("it's")).toBe('it&#39;s');
  expect(escapeMarkup('&lt;')).toBe('&amp;lt;');
  expect(escapeMarkup('plain, 100 %')).toBe('plain, 100 %');
});
