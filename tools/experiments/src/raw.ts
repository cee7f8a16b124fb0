import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeAtomic } from '@kcr/core/internal';

/** What one unit of an experiment gave. */
export interface Outcome {
  readonly numbers: Readonly<Record<string, number>>;
  /** Which test images were classified rightly, as `toBits` writes it, by what was tested. */
  readonly right: Readonly<Record<string, string>>;
}

/** Raw results of an experiment: all that its tables are made from. */
export interface Raw {
  /** What was measured, on what: results of other settings are not put beside each other. */
  readonly settings: object;
  /** By unit, then by seed. */
  readonly outcomes: Record<string, Record<string, Outcome>>;
}

/**
 * The results that a file has, or none.
 *
 * @param settings what they must be of; default: what they are of
 * @throws Error where they are of other settings
 */
export async function readRaw(path: string, settings?: object): Promise<Raw> {
  if (!existsSync(path)) return { settings: settings ?? {}, outcomes: {} };
  const raw = JSON.parse(await readFile(path, 'utf8')) as Raw;
  if (settings && JSON.stringify(raw.settings) !== JSON.stringify(settings))
    throw new Error(
      `${path} has results of ${JSON.stringify(raw.settings)}, not of ${JSON.stringify(settings)}: move it away to measure anew`,
    );
  return raw;
}

/** Writes results with a line for each unit and seed, so that differences between versions can be read. */
export function writeRaw(path: string, { settings, outcomes }: Raw): Promise<void> {
  const units = Object.entries(outcomes).map(([unit, seeds]) => {
    const lines = Object.entries(seeds).map(
      ([seed, outcome]) => `   ${JSON.stringify(seed)}: ${JSON.stringify(outcome)}`,
    );
    return `  ${JSON.stringify(unit)}: {\n${lines.join(',\n')}\n  }`;
  });
  const text = `{\n "settings": ${JSON.stringify(settings)},\n "outcomes": {\n${units.join(',\n')}\n }\n}\n`;
  return writeAtomic(path, text);
}
