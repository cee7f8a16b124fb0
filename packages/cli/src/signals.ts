import { constants } from 'node:os';

/** Commands that keep what they have done in the output folder, and go on from it. */
const goOn: readonly (string | undefined)[] = ['compress', 'prune', 'retrain', 'search', 'sweep'];

/** What is said of a command that was interrupted, on one line. */
export const interruptedText = (command: string | undefined, signal: string): string =>
  `kcr: interrupted (${signal})${
    goOn.includes(command) ? '; the same command goes on from what was saved last' : ''
  }\n`;

/**
 * Lets signals end the process with the exit code 128 + signal, once it has said so.
 *
 * @param silent whether another process says it
 */
export function exitOnSignals([, , command]: readonly string[], silent = false): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      // A bar may stand on the line.
      const start = process.stderr.isTTY ? '\n' : '';
      if (!silent) process.stderr.write(start + interruptedText(command, signal));
      process.exit(128 + constants.signals[signal]);
    });
}
