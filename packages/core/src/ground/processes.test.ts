import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, startOf } from './processes.ts';

test('a process is alive until it has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  expect(isAlive(child.pid!)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(isAlive(child.pid!)).toBe(false);
});

test.skipIf(process.platform !== 'linux')(
  'starts are the same for one process, and later for a later one',
  async () => {
    const ticks = (pid: number) => Number(startOf(pid)!.split(' ')[1]);
    expect(startOf(process.pid)).toBe(startOf(process.pid));
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    expect(ticks(child.pid!)).toBeGreaterThan(ticks(process.pid));
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(startOf(child.pid!)).toBeUndefined();
  },
);
