// npm run errors: writes docs/errors.md, the error codes with their meaning and the packages that throw them.
// With --check it writes nothing and fails where the page is stale, or where a code is thrown nowhere.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const TABLE = 'packages/core/src/ground/error-codes.ts';
const PAGE = `${root}docs/errors.md`;

const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const files = ts.sys.readDirectory(
  `${root}packages`,
  ['.ts'],
  ['**/*.test.ts', '**/node_modules', '**/dist'],
  ['*/src/**/*'],
);
const program = ts.createProgram(files, options);
const checker = program.getTypeChecker();

/**
 * Every node of a file below `node`, itself included.
 *
 * @param {ts.Node | undefined} node
 * @returns {Generator<ts.Node>}
 */
function* nodes(node) {
  if (!node) return;
  yield node;
  for (const child of node.getChildren()) yield* nodes(child);
}

/**
 * Code to meaning.
 *
 * @returns {Map<string, string>}
 */
function readTable() {
  /** @type {Map<string, string>} */
  const table = new Map();
  for (const node of nodes(program.getSourceFile(root + TABLE)))
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.initializer))
      table.set(node.name.getText(), node.initializer.text);
  return table;
}

/**
 * Whether a string stands where a code does: as the code of an error, or of a function that throws one.
 *
 * @param {ts.Node} node
 * @param {Map<string, string>} codes
 * @returns {node is ts.StringLiteral}
 */
function isCode(node, codes) {
  if (!ts.isStringLiteral(node)) return false;
  const expected = checker.getContextualType(node);
  const literals = (expected?.isUnion() ? expected.types : [expected]).filter((type) =>
    type?.isStringLiteral(),
  );
  return (
    literals.length > 0 &&
    literals.every((type) => type?.isStringLiteral() && codes.has(type.value))
  );
}

const table = readTable();
/** @type {Map<string, Set<string>>} */
const throwers = new Map([...table.keys()].map((code) => [code, new Set()]));
/** @type {string[]} */
const problems = [];
for (const file of files) {
  const name = `@kcr/${file.slice(root.length).split('/')[1]}`;
  for (const node of nodes(program.getSourceFile(file))) {
    if (!isCode(node, table)) continue;
    const names = throwers.get(node.text);
    if (names) names.add(name);
    else problems.push(`${node.text}, thrown by ${name}, is not in ${TABLE}`);
  }
}
for (const [code, names] of throwers)
  if (names.size === 0) problems.push(`${code} of ${TABLE} is thrown nowhere`);

const rows = [...table]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, meaning]) => {
    const names = [...(throwers.get(code) ?? [])].sort().map((name) => `\`${name}\``);
    return `| \`${code}\` | ${meaning} | ${names.join(', ')} |`;
  });
const page = `# Error codes

Written by \`npm run errors\` from \`${TABLE}\` and from the places that throw.

Every package throws a \`KcrError\` for input that it cannot use. \`code\` is stable across versions; \`where\`, \`found\` and
\`fix\` say the place, what was found there and the one thing to do next, in words that may change. Packages besides
these put their name before their codes: \`my-package/CODE\`.

| code | meaning | thrown by |
| ---- | ------- | --------- |
${rows.join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (!ts.sys.fileExists(PAGE) || readFileSync(PAGE, 'utf8') !== page)
  problems.push('docs/errors.md is stale: run `npm run errors`');
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
