import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect } from 'vitest';
import type { Change, Expectation, Row } from './row.ts';

/** What a command came to. */
interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Runs `kcr` with arguments. */
export type Kcr = (args: readonly string[]) => Promise<Outcome>;

/** Folders that the placeholders in arguments stand for. */
export interface Places {
  readonly data: string;
  readonly made: string;
}

/** SHA-256 of each file in a folder; nothing where there is none. */
async function digests(folder: string): Promise<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
  const pairs = files.sort().map(async (file) => {
    const digest = createHash('sha256').update(await readFile(file));
    return [relative(folder, file), digest.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

/** Files with times in them, which are measured again. */
const TIMED = ['analysis.json', 'report.html', 'summary.json'];

const lasting = (files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).filter(([file]) => !TIMED.includes(file)));

async function apply(change: Change, folder: string): Promise<void> {
  const path = join(folder, change.file);
  if ('write' in change) return await writeFile(path, change.write);
  if ('by' in change && change.by === 'remove') return await rm(path);
  const bytes = await readFile(path);
  if ('text' in change) {
    const at = bytes.indexOf(change.text);
    expect([at >= 0, change.other.length]).toEqual([true, change.text.length]);
    bytes.write(change.other, at);
  } else if (change.by === 'flip') bytes[bytes.length - 101]! ^= 0x40;
  else return await truncate(path, change.by === 'halve' ? bytes.length >> 1 : 0);
  await writeFile(path, bytes);
}

/** Values in JSON by their paths, names and indices with points between. */
function flat(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => flat(part, path ? `${path}.${key}` : key));
}

/** An error of the toolkit as `kcr` prints it, at the end of what it says. */
const ERROR = /^kcr: (\w+)\n {2}where: .+\n {2}found: .+\n {2}do: {4}.+/ms;

type Of<K extends PropertyKey> = Extract<Expectation, Record<K, unknown>>;

function checkFigures({ out, err, code }: Outcome, wanted: Of<'figures'>): void {
  const { figures, within = 1e-9, absent = [], warns } = wanted;
  expect([err, code]).toEqual([warns ? expect.stringContaining(warns) : err, 0]);
  if (!warns) expect(err).not.toMatch(/^warning/m);
  const found = Object.fromEntries(flat(JSON.parse(out)));
  for (const [path, figure] of Object.entries(figures)) {
    expect(found, path).toHaveProperty([path]);
    expect(
      Math.abs(Number(found[path]) - figure),
      `${path}: ${found[path]} for ${figure}`,
    ).toBeLessThanOrEqual(within);
  }
  for (const path of absent) expect(found).not.toHaveProperty([path]);
}

function checkError({ out, err, code }: Outcome, { error, names }: Of<'error'>): void {
  expect(err).toMatch(ERROR);
  expect([ERROR.exec(err)![1], code, out]).toEqual([error, 1, '']);
  for (const name of names) expect(err).toContain(name);
}

function checkUsage({ out, err, code }: Outcome, { usage }: Of<'usage'>): void {
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^error: /);
  for (const text of usage) expect(err).toContain(text);
}

function checkSame({ out, err, code }: Outcome): void {
  expect([code, err]).toEqual([0, expect.not.stringMatching(/^warning/m)]);
  const { images } = JSON.parse(out) as { images: { top: object; height: number }[] };
  expect(images.length).toBeGreaterThan(1);
  for (const { top } of images) expect(top).toEqual(images[0]!.top);
}

/** Runs rows of tables, each in a folder of its own. */
export class Rows {
  /** Results of commands that come before, by their arguments. */
  readonly #done = new Map<string, Promise<string>>();
  #count = 0;

  /** @param work a folder for the rows' outputs */
  constructor(
    private readonly kcr: Kcr,
    private readonly places: Places,
    private readonly work: string,
  ) {}

  async run({ before, change, args, expect: wanted }: Row): Promise<void> {
    const out = join(this.work, `${this.#count++}`, 'out');
    await mkdir(dirname(out), { recursive: true });
    if (before)
      await cp(await this.#before(before), out, { recursive: true, preserveTimestamps: true });
    const whole = await digests(out);
    if (change) await apply(change, out);
    const given = await digests(out);
    const outcome = await this.kcr(this.#filled(args, out));
    expect(outcome.err, 'a stack trace').not.toMatch(/^ {4}at /m);
    if ('figures' in wanted) checkFigures(outcome, wanted);
    else if ('error' in wanted) checkError(outcome, wanted);
    else if ('usage' in wanted) checkUsage(outcome, wanted);
    else if ('same' in wanted) checkSame(outcome);
    else expect([outcome.code, lasting(await digests(out))]).toEqual([0, lasting(whole)]);
    if ('error' in wanted || 'usage' in wanted) expect(await digests(out)).toEqual(given);
  }

  #before(args: readonly string[]): Promise<string> {
    const key = args.join('\n');
    const known =
      this.#done.get(key) ?? this.#result(args, join(this.work, `before-${this.#done.size}`));
    this.#done.set(key, known);
    return known;
  }

  async #result(args: readonly string[], out: string): Promise<string> {
    const { code, err } = await this.kcr(this.#filled(args, out));
    expect([code, err]).toEqual([0, err]);
    return out;
  }

  #filled(args: readonly string[], out: string): string[] {
    const places: Record<string, string> = { ...this.places, out };
    return args.map((text) => text.replace(/\{(data|made|out)\}/g, (_, name) => places[name]!));
  }
}
