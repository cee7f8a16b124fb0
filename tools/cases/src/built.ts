import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Kcr } from './run-row.ts';

/** Milliseconds after which a command hangs. */
const LONGEST = 60_000;

/** Runs a built command in a process of its own, which is killed where it hangs. @param bin its file */
export const kcrOf =
  (bin: string): Kcr =>
  async (args) => {
    const child = spawn(process.execPath, ['--max-old-space-size=1500', bin, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST,
      killSignal: 'SIGKILL',
    });
    const ended = new Promise<number>((resolve) =>
      child.once('close', (code, signal) => resolve(signal === null ? code! : -1)),
    );
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { out, err, code };
  };
