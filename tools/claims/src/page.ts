import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeAtomic } from '@kcr/core/internal';
import { markdownTable } from '../../experiments/src/markdown-table.ts';
import type { Raw } from '../../experiments/src/raw.ts';
import type { Claim, Finding } from './claim.ts';
import { byWord, type Statement, statementRows, words } from './verdict.ts';

const HEAD = `# Claims

What the papers claim, and experiments that could have refuted it. Each is run with several seeds, and differences are paired by seed
and test image: intervals are Student's of 95 % over the seeds, McNemar's p is over the images of all seeds, and "would be seen" is the
smallest difference that four of five experiments like this one would have found. A claim is shown or refuted where the interval of the difference
excludes 0; not seen where it does not, which says little where the difference that would have been seen is large. Intervals of 2 or 3 seeds are
wide: they are tests that a large effect passes and a small one does not. Of many comparisons without any effect one in twenty excludes 0 by chance. So the last column has Student's p adjusted by Holm's
method for all claims of the experiment: those below 0.05 are, together, wrong with 5 %. The page is made from the raw results in
\`tools/claims/raw\`:

\`\`\`sh
npx tsx tools/claims/src/split.ts EuroSAT_RGB FOLDER   # 12,000 of EuroSAT's images (github.com/phelber/EuroSAT, MIT)
npm run claims -- --data FOLDER                        # goes on where it was stopped; without --data this page alone is made again
\`\`\`
`;

interface Settings {
  readonly train: number;
  readonly test: number;
}

/** A claim that has results, and what they say. */
interface Found {
  readonly claim: Claim;
  readonly settings: Settings;
  readonly finding: Finding;
}

/** Seeds of the statements, from the fewest to the most. */
function seedsOf(statements: readonly Statement[]): string {
  const counts = statements.map(({ verdict }) => verdict.n);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** As GitHub makes it of a heading. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** What became of all claims, a row for each. */
function overview(found: readonly Found[]): string {
  const rows = found.map(({ claim: { title }, finding: { statements } }) => {
    const found = byWord(statements);
    const lines = words.flatMap((word) => (found[word] ? [`**${word}:** ${found[word]}`] : []));
    return [`[${title}](#${anchorOf(title)})`, seedsOf(statements), lines.join('<br>')];
  });
  return `## At a glance

In brackets: in how many of the conditions, where a claim was tested in several, and how many of the verdicts hold by Holm's method too, where not all do.

${markdownTable(['experiment', 'seeds', 'what became of it'], rows)}
`;
}

function section({ claim: { title, claim, experiment }, finding, settings }: Found): string {
  const { train, test } = settings;
  const { text, statements, note } = finding;
  return `## ${title}

**Claim.** ${claim}

**Experiment.** ${experiment} ${train.toLocaleString('en')} images to train, ${test.toLocaleString('en')} to test.

${text}

**Verdict.**${note ? ` ${note}` : ''}

${markdownTable(['claimed', 'at', 'verdict', 'difference', 'p by Holm'], statementRows(statements))}
`;
}

/** Writes the page of all claims that have results. */
export async function writePage(
  claims: readonly Claim[],
  rawOf: (name: string) => string,
  path: string,
): Promise<void> {
  const found: Found[] = [];
  for (const claim of claims) {
    const file = rawOf(claim.name);
    if (!existsSync(file)) continue;
    const raw = JSON.parse(await readFile(file, 'utf8')) as Raw;
    const settings = raw.settings as Settings;
    found.push({ claim, settings, finding: claim.finding(raw, settings.test) });
  }
  if (found.length === 0) return;
  await writeAtomic(path, [HEAD, overview(found), ...found.map(section)].join('\n'));
}
