import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { authorLine, ownFolder } from './author-line.ts';

const stackOf = (...lines: string[]) =>
  Object.assign(new Error('x'), { stack: ['Error: x', ...lines].join('\n') });

const core = ownFolder(import.meta.url);

test('the line is the first that is neither of core nor of what it stands on', () => {
  const error = stackOf(
    '    at matMul (/x/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:3:1)',
    `    at linear (${core}layers/linear.ts:20:3)`,
    `    at build (file://${core}chunk.js:1:1)`,
    '    at forward (file:///home/me/pvt/src/pvt.ts:42:11)',
    '    at node:internal/main:1:1',
  );
  expect(authorLine(error)).toBe('forward (/home/me/pvt/src/pvt.ts:42:11)');
  expect(authorLine(error, ['/home/me/pvt/src/'])).toBeUndefined();
});

test('without an error it is the line of the caller, however deep core is', () => {
  const deep = (n: number): string | undefined => (n === 0 ? authorLine() : deep(n - 1));
  expect(deep(20)).toMatch(/deep .*author-line\.test\.ts/);
});

test('what was thrown need be no error', () => {
  expect(authorLine('text')).toBeUndefined();
});

test.each([
  ['/x/packages/pvt/src/checks/pvt.ts', '/x/packages/pvt/src/'],
  ['/x/node_modules/@kcr/core/dist/index.js', '/x/node_modules/@kcr/core/dist/'],
  ['/x/a b/index.js', '/x/a b/'],
])('the folder of %s', (file, folder) => {
  expect(ownFolder(pathToFileURL(file).href)).toBe(folder);
});
