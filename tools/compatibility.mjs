// npm run compatibility: writes the table of contracts and packages into docs/compatibility.md, between its two markers,
// from what the packages say. With --check it writes nothing and fails where the table is another.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packages } from './boundaries/boundaries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}docs/compatibility.md`;
const [START, END] = [
  '<!-- compatibility: npm run compatibility -->\n',
  '<!-- end of compatibility -->',
];
const read = (/** @type {string} */ path) => readFileSync(root + path, 'utf8');

const contract = /CONTRACT_VERSION = (\d+)/.exec(
  read('packages/core/src/ground/extension.ts'),
)?.[1];
const rows = Object.keys(packages).map((name) => {
  const said = JSON.parse(read(`packages/${name}/package.json`));
  // Of what writes packages it is the range that those have.
  const asking = [said.peerDependencies, said.dependencies, said.devDependencies];
  const range = asking.map((asked) => asked?.['@kcr/core']).find(Boolean);
  return [`\`${said.name}\``, said.version, contract, range ? `\`${range}\`` : 'itself'];
});

/** A table with columns of one width, as the formatter writes it. @param {(string | undefined)[][]} lines */
function table([head = [], ...lines]) {
  const widths = head.map((_, i) =>
    Math.max(...[head, ...lines].map((line) => line[i]?.length ?? 0)),
  );
  const text = (/** @type {(string | undefined)[]} */ line) =>
    `| ${line.map((cell = '', i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [text(head), `| ${widths.map((n) => '-'.repeat(n)).join(' | ')} |`, ...lines.map(text)];
}

const before = readFileSync(page, 'utf8');
const [start, end] = [before.indexOf(START), before.indexOf(END)];
if (start < 0 || end < start) throw new Error(`${page} lacks ${START.trim()} or ${END}`);
const lines = table([['package', 'version', 'contract', 'range of core'], ...rows]);
const after = `${before.slice(0, start)}${START}\n${lines.join('\n')}\n\n${before.slice(end)}`;
if (!process.argv.includes('--check')) writeFileSync(page, after);
else if (after !== before) {
  console.error('docs/compatibility.md is not what the packages say. Run `npm run compatibility`.');
  process.exit(1);
}
