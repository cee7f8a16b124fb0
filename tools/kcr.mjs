// Builds what changed and runs the command: npm run -s kcr -- ARGS. Standard output is the command's alone.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [nx, kcr] = ['node_modules/.bin/nx', 'packages/cli/dist/bin.js'].map((path) => root + path);
const build = spawnSync(nx, ['run-many', '-t', 'build', '--outputStyle=static'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0' },
});
if (build.status !== 0) {
  process.stderr.write(`${build.stdout}${build.stderr}`);
  process.exit(build.status ?? 1);
}
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
const run = spawnSync(process.execPath, [kcr, ...command], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD,
});
process.exit(run.status ?? 1);
