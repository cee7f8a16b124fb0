import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkDepth, checkFields, DepthCheck, parseJson, readJson } from './json.ts';

const refusal = { code: 'REPORT_RUN', fix: 'Pass another' } as const;

test('all wrong fields are named at once, with their paths', () => {
  const type = z.object({
    name: z.string(),
    sizes: z.array(z.number()),
    more: z.object({ x: z.string() }),
  });
  const value = { name: 1, sizes: [1, 'two', 3], more: {} };
  const error = (() => {
    try {
      return checkFields(type, value, 'a.json', refusal);
    } catch (e) {
      return e;
    }
  })();
  expect(error).toMatchObject({ code: 'REPORT_RUN', where: 'a.json', fix: 'Pass another' });
  const { found } = error as { found: string };
  expect(found.split('; ').map((problem) => problem.split(':')[0])).toEqual([
    'name',
    'sizes.1',
    'more.x',
  ]);
  expect(() => checkFields(type, [], 'a.json', refusal)).toThrow(/^a\.json: file: /);
});

test('a field that would be a prototype is none, however deep', () => {
  const parse = (text: string) => parseJson(text, 'a.json', refusal);
  expect(parse('{"a":[{"constructor":1}]}')).toEqual({ a: [{ constructor: 1 }] });
  expect(() => parse('{"a":[{"__proto__":{"b":1}}]}')).toThrow(/__proto__/);
});

test('numbers that no double holds are refused, not infinite', () => {
  const parse = (text: string) => parseJson(text, 'a.json', refusal);
  expect(parse('[1.7976931348623157e308, -1e308, 1e-999]')).toEqual([Number.MAX_VALUE, -1e308, 0]);
  for (const text of ['{"a":1e999}', '[-1e309]', '{"options":{"floor":[1e400]}}'])
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'REPORT_RUN', where: 'a.json' }),
    );
});

test('lists and objects are nested up to 127 deep, brackets in texts aside', () => {
  const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  for (const text of [lists(127), objects(127), `[${lists(126)},${lists(126)}]`])
    expect(() => checkDepth(text)).not.toThrow();
  const text = JSON.stringify([`"\\${'[{'.repeat(200)}`, '}']);
  expect(parseJson(text, 'a.json', refusal)).toEqual(JSON.parse(text));
  for (const deep of [lists(128), objects(128), `["]",${lists(127)}]`, lists(100_000)])
    expect(() => parseJson(deep, 'a.json', refusal)).toThrow(
      expect.objectContaining({ code: 'REPORT_RUN', where: 'a.json' }),
    );
});

test('what comes in pieces is as deep as it is whole', () => {
  const inPieces = (text: string) => {
    const check = new DepthCheck();
    for (const byte of new TextEncoder().encode(text)) check.bytes(Uint8Array.of(byte));
  };
  const text = `"\\"${'['.repeat(200)}"`;
  expect(() => inPieces(`[${text}, "ü", ${'['.repeat(126)}`)).not.toThrow();
  expect(() => inPieces(`[${text}, "ü", ${'['.repeat(127)}`)).toThrow(SyntaxError);
});

test('a file that is not there, or no JSON, is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-json-'));
  try {
    const path = join(folder, 'x.json');
    await expect(readJson(path, refusal)).rejects.toMatchObject({
      code: 'REPORT_RUN',
      where: path,
    });
    await writeFile(path, '{"a":');
    await expect(readJson(path, refusal)).rejects.toMatchObject({
      where: path,
      cause: expect.any(SyntaxError),
    });
    await writeFile(path, '[1]');
    expect(await readJson(path, refusal)).toEqual([1]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
