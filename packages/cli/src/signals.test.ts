import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { interruptedText } from './signals.ts';

test.each([
  ['compress', true],
  ['prune', true],
  ['search', true],
  ['retrain', true],
  ['sweep', true],
  ['eval', false],
  [undefined, false],
])('%s: whether the same command goes on is said on one line', (command, goesOn) => {
  const text = interruptedText(command, 'SIGINT');
  expect(text).toMatch(/^kcr: interrupted \(SIGINT\).*\n$/);
  expect(text.includes('the same command goes on')).toBe(goesOn);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a process ends on %s with the exit code %i, and says so', async (signal, code) => {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-signals-'));
  try {
    const source = await readFile(new URL('./signals.ts', import.meta.url), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    const script = join(folder, 'x.mjs');
    const rest = `exitOnSignals(['', '', 'compress']);
      process.on('exit', () => process.stdout.write(' left'));
      setInterval(() => {}, 1000);
      process.stdout.write('ready');`;
    await writeFile(script, `${outputText}\n${rest}`);
    const child = spawn(process.execPath, [script]);
    let [out, err] = ['', ''];
    child.stderr.on('data', (text) => (err += text));
    child.stdout.on('data', (text) => {
      out += text;
      if (out === 'ready') child.kill(signal);
    });
    expect(await once(child, 'close')).toEqual([code, null]);
    expect([out, err]).toEqual(['ready left', interruptedText('compress', signal)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
