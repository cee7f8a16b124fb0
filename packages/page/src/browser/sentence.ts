import type { Spread } from '@kcr/core/ground';
import type { PageContent } from '../content.ts';
import type { Finding, Timings } from './messages.ts';
import { listed, percent } from './texts.ts';

type Told = Pick<PageContent, 'models' | 'classes'>;

/** What the models say of an image, and whether they agree. */
function findingsText({ models, classes }: Told, findings: readonly Finding[]): string {
  const names = models.map(({ name }) => name);
  const each = (text: (finding: Finding) => string) =>
    listed(findings.map((finding, i) => `${names[i]} ${text(finding)}`));
  const [first] = findings;
  if (first?.objects) return `Found: ${each(({ objects }) => String(objects!.length))}.`;
  if (first?.shares)
    return findings.length === 1
      ? `${percent(first.shares[0]!.share)} is ${classes[first.shares[0]!.label]}.`
      : `${listed(
          findings
            .slice(1)
            .map(
              ({ agreement }, i) =>
                `${names[i + 1]} agrees with ${names[0]} on ${percent(agreement!)}`,
            ),
        )} of the pixels.`;
  const labels = new Set(findings.map(({ top }) => top![0]!.label));
  const probability = ({ top }: Finding) => percent(top![0]!.probability);
  if (labels.size > 1)
    return `They differ: ${each((own) => `says ${classes[own.top![0]!.label]} (${probability(own)})`)}.`;
  return `${classes[first!.top![0]!.label]}: ${each(probability)}.`;
}

/** How a model's time compares with the first one's; where half of the runs say otherwise nothing is said to differ. */
function speedOf({ median, low, high }: Spread, first: string): string {
  if (low <= 1 && high >= 1) return `as fast as ${first}, as far as can be told`;
  return median > 1
    ? `${median.toFixed(2)} times as fast as ${first}`
    : `slower than ${first}: ${median.toFixed(2)} of its speed`;
}

/** How the others' times compare with the first model's. */
function timesText({ models }: Told, { models: timings }: Timings): string {
  const others = timings
    .slice(1)
    .map(({ speedup }, i) => `${models[i + 1]!.name} is ${speedOf(speedup, models[0]!.name)}`);
  return others.length > 0 ? ` On this device ${others.join('; ')}.` : '';
}

/** What is to be seen, in a sentence or two. @param label what the image is labelled as, where that is known */
export const sentenceOf = (
  content: Told,
  findings: readonly Finding[],
  timings?: Timings,
  label?: string,
): string =>
  `${findingsText(content, findings)}${label === undefined ? '' : ` The image is labelled ${label}.`}${timings ? timesText(content, timings) : ''}`;
