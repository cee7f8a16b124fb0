// npm run map: draws the packages and core's rooms from their imports into docs/architecture.md, between its two
// markers. With --check it writes nothing and fails where the pictures are not those of the imports.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rooms } from './boundaries/boundaries.mjs';

/** @typedef {Map<string, Set<string>>} Graph What each node imports. */

const root = fileURLToPath(new URL('..', import.meta.url));
const document = `${root}docs/architecture.md`;
const [START, END] = ['<!-- map: npm run map -->\n', '<!-- end of map -->'];

/** The imports of all sources but tests, as pairs of paths. */
function imports() {
  const config = ['--config', 'tools/boundaries/boundaries.mjs'];
  const only = [
    '--include-only',
    '^packages/[^/]+/src/',
    '--exclude',
    '\\.test\\.ts$|/testing\\.ts$',
  ];
  const args = [...config, ...only, '--output-type', 'json', 'packages'];
  const options = { cwd: root, maxBuffer: 2 ** 28, encoding: /** @type {const} */ ('utf8') };
  /** @type {import('dependency-cruiser').ICruiseResult} */
  const { modules } = JSON.parse(execFileSync(`${root}node_modules/.bin/depcruise`, args, options));
  return modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => /** @type {const} */ ([source, resolved])),
  );
}

/**
 * @param {(readonly [string, string])[]} edges
 * @param {RegExp} place its first group is a path's node
 * @returns {Graph}
 */
function graphOf(edges, place) {
  const graph = new Map();
  const node = (/** @type {string} */ path) => place.exec(path)?.[1];
  for (const [from, to] of edges.map((edge) => edge.map(node))) {
    if (!from || !to) continue;
    for (const name of [from, to]) if (!graph.has(name)) graph.set(name, new Set());
    if (from !== to) graph.get(from).add(to);
  }
  return graph;
}

/** @param {Graph} graph @param {string} from @returns {Set<string>} all that a node imports by way of others */
const behind = (graph, from) =>
  new Set([...(graph.get(from) ?? [])].flatMap((to) => [to, ...behind(graph, to)]));

/** The longest way down. @param {Graph} graph @param {string} name @returns {number} */
const floorOf = (graph, name) =>
  Math.max(-1, ...[...(graph.get(name) ?? [])].map((to) => floorOf(graph, to))) + 1;

/**
 * A mermaid graph, the highest floor first. An import that follows from others is not drawn.
 *
 * @param {Graph} graph
 * @param {(name: string) => number} floor
 * @param {(name: string) => string} label
 */
function draw(graph, floor, label) {
  const names = [...graph.keys()].sort((a, b) => floor(b) - floor(a) || (a < b ? -1 : 1));
  const edges = names.flatMap((from) => {
    const direct = [...(graph.get(from) ?? [])].sort((a, b) => names.indexOf(a) - names.indexOf(b));
    const implied = new Set(direct.flatMap((to) => [...behind(graph, to)]));
    return direct.filter((to) => !implied.has(to)).map((to) => `  ${from} --> ${to}`);
  });
  const nodes = names.map((name) => `  ${name}["${label(name)}"]`);
  return ['```mermaid', 'flowchart TD', ...nodes, ...edges, '```', ''].join('\n');
}

function map() {
  const edges = imports();
  const packages = graphOf(edges, /^packages\/([^/]+)\//);
  const inCore = graphOf(edges, /^packages\/core\/src\/([^/]+)\//);
  return `
The packages, drawn from the imports: an arrow goes from what imports to what is imported, and arrows that follow from
others are left out.

${draw(
  packages,
  (name) => floorOf(packages, name),
  (name) => name,
)}
The rooms of \`core\`, with their floors. A room imports those below it alone.

${draw(
  inCore,
  (name) => rooms.indexOf(name),
  (name) => `${rooms.indexOf(name)} ${name}`,
)}
`;
}

const before = readFileSync(document, 'utf8');
const [start, end] = [before.indexOf(START), before.indexOf(END)];
if (start < 0 || end < start) throw new Error(`${document} lacks ${START.trim()} or ${END}`);
const after = before.slice(0, start) + START + map() + before.slice(end);
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('The map in docs/architecture.md is not that of the imports. Run `npm run map`.');
    process.exit(1);
  }
} else writeFileSync(document, after);
