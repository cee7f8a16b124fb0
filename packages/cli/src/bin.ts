#!/usr/bin/env node
import { main } from './main.ts';
import { exitOnSignals } from './signals.ts';
import { isFollower } from './together.ts';

// A reader that has seen enough, such as `head`, closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// Of processes that work together the first one says what happens.
exitOnSignals(process.argv, isFollower());
await main(process.argv);
