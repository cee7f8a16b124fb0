import { constants } from 'node:os';
import { isFollower } from './together.ts';

/** Commands that keep what they have done in the output folder, and go on from it. */
const goOn: readonly (string | undefined)[] = ['compress', 'prune', 'retrain', 'search', 'sweep'];

/** What is said of a command that was interrupted, on one line. */
export const interruptedText = (command: string | undefined, signal: string): string =>
  `kcr: interrupted (${signal})${
    goOn.includes(command) ? '; the same command goes on from what was saved last' : ''
  }\n`;

/** Lets signals end the process with the exit code 128 + signal, once it has said so. */
export function exitOnSignals([, , command]: readonly string[]): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      // A bar may stand on the line.
      const start = process.stderr.isTTY ? '\n' : '';
      // Of processes that work together the first one says it.
      if (!isFollower()) process.stderr.write(start + interruptedText(command, signal));
      process.exit(128 + constants.signals[signal]);
    });
}
