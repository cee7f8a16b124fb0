import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeAtomic } from '@kcr/core/internal';
import type { Raw } from '../../experiments/src/raw.ts';
import type { Claim } from './claim.ts';

const HEAD = `# Claims

What the papers claim, and experiments that could have refuted it. Each is run with several seeds, and differences are paired by seed
and test image: intervals are Student's of 95 % over the seeds, McNemar's p is over the images of all seeds, and "would be seen" is the
smallest difference that four of five experiments like this one would have found. The page is made from the raw results in
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

/** Where no part of a verdict has an interval, there is one thing to say. */
const said = (verdict: string): string =>
  verdict.includes('not measured by more than one seed') && !verdict.includes('[')
    ? 'None: one seed has been measured, which has no interval. What it gave is in the tables.'
    : verdict;

function section({ title, claim, experiment, finding }: Claim, raw: Raw): string {
  const { train, test } = raw.settings as Settings;
  const { text, verdict } = finding(raw, test);
  return `## ${title}

**Claim.** ${claim}

**Experiment.** ${experiment} ${train.toLocaleString('en')} images to train, ${test.toLocaleString('en')} to test.

${text}

**Verdict.** ${said(verdict)}
`;
}

/** Writes the page of all claims that have results. */
export async function writePage(
  claims: readonly Claim[],
  rawOf: (name: string) => string,
  path: string,
): Promise<void> {
  const sections: string[] = [];
  for (const claim of claims) {
    const file = rawOf(claim.name);
    if (existsSync(file)) sections.push(section(claim, JSON.parse(await readFile(file, 'utf8'))));
  }
  if (sections.length > 0) await writeAtomic(path, [HEAD, ...sections].join('\n'));
}
