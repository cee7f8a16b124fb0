import { expect, test } from 'vitest';
import { registerCopy } from './one-copy.ts';

const older = { version: '0.1.0', url: 'file:///home/me/project/node_modules/@kcr/core/dist/a.js' };
const newer = {
  version: '0.2.0',
  url: 'file:///home/me/my%20plugin/node_modules/@kcr/core/dist/b.js',
};

test('a second copy is refused, with both paths and versions, and the command that mends it', () => {
  const realm = {};
  registerCopy(older, realm);
  expect(() => registerCopy(newer, realm)).toThrow(
    expect.objectContaining({
      code: 'CORE_DUPLICATE',
      where: '@kcr/core 0.2.0 (/home/me/my plugin/node_modules/@kcr/core)',
      found: expect.stringContaining(
        '@kcr/core 0.1.0 (/home/me/project/node_modules/@kcr/core) is loaded already',
      ),
      fix: expect.stringMatching(/npm ls @kcr\/core.*npm dedupe/),
    }),
  );
  // The first one goes on.
  registerCopy(older, realm);
});

test.each([
  ['again', older.url],
  ['again by a tool that has it evaluated anew', `${older.url}?t=1712`],
])('the same file is loaded %s', (_, url) => {
  const realm = {};
  registerCopy(older, realm);
  registerCopy({ version: older.version, url }, realm);
});

test('of the same version in another place it is another copy', () => {
  const realm = {};
  registerCopy(older, realm);
  expect(() => registerCopy({ version: older.version, url: newer.url }, realm)).toThrow(
    expect.objectContaining({ code: 'CORE_DUPLICATE' }),
  );
});

test('threads and other realms have copies of their own', () => {
  registerCopy(older, {});
  registerCopy(newer, {});
});

test('scripts that are no modules, and bundles, are named as they are', () => {
  const realm = {};
  registerCopy({ version: '0.1.0', url: '' }, realm);
  expect(() =>
    registerCopy({ version: '0.1.0', url: 'https://my.site/assets/index-3f.js' }, realm),
  ).toThrow(
    expect.objectContaining({
      where: '@kcr/core 0.1.0 (https://my.site/assets/index-3f.js)',
      found: expect.stringContaining('(a script)'),
    }),
  );
});
