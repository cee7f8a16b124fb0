// Builds what changed and runs the command: npm run -s kcr -- ARGS. Standard output is the command's alone.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nx = `${root}node_modules/.bin/nx`;
const kcr = `${root}packages/cli/dist/bin.js`;

/** Builds through Nx's cache; what it prints is shown only if it fails. */
async function build() {
  const child = spawn(nx, ['run-many', '-t', 'build', '--outputStyle=static'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0' },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (/** @type {Buffer} */ text) => {
      printed += text;
    });
  const patience = setTimeout(() => process.stderr.write('building the packages\n'), 4000);
  const status = await new Promise((done) => child.on('close', done));
  clearTimeout(patience);
  if (status === 0) return;
  process.stderr.write(printed);
  process.exit(1);
}

await build();
const demo = [
  'compress',
  'kcr-vit-eurosat',
  '--data',
  `${root}tools/data/eurosat-2500`,
  '--out',
  `${root}runs/demo`,
];
const args = process.argv.slice(2);
const command = args[0] === 'demo' ? [...demo, ...args.slice(1)] : args;
const run = spawn(process.execPath, [kcr, ...command], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD,
});
// The command ends by itself, and says how it goes on; this process waits for it.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => run.kill(signal));
run.on('close', (status, signal) =>
  process.exit(signal ? 128 + constants.signals[signal] : (status ?? 1)),
);
