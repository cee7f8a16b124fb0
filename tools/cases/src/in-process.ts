import { main } from '@kcr/cli';
import { vi } from 'vitest';
import type { Kcr } from './run-row.ts';

/** Runs the command in this process; one at a time, as it takes the standard streams. */
export const kcrInProcess: Kcr = async (args) => {
  const said = { out: '', err: '' };
  const streams = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said.out += text))),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said.err += text))),
  ];
  process.exitCode = 0;
  try {
    await main(['node', 'kcr', ...args]);
    return { ...said, code: Number(process.exitCode) };
  } finally {
    process.exitCode = 0;
    for (const stream of streams) stream.mockRestore();
  }
};
