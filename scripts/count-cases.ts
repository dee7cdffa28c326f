/**
 * Puts the table of what the cases of test/syscall cover into the README there: npx tsx scripts/count-cases.ts [--missing]
 *
 * With --missing it also prints the names that have neither a case nor a reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { coverageOf, README, SOURCES, withCoverageTable } from '../test/helpers/case-coverage.ts';

for (const { source, listed, covered, inexpressible, missing, unknown } of SOURCES.map(coverageOf)) {
  const counts = `${covered.length} covered, ${inexpressible.length} not expressible, ${missing.length} missing`;
  console.log(
    `${source}: ${listed.size} listed, ${counts}${unknown.length > 0 ? `; not listed: ${unknown.join(', ')}` : ''}`,
  );
  if (process.argv.includes('--missing')) for (const name of missing) console.log(`    ${source}:${name}`);
}
writeFileSync(README, withCoverageTable(readFileSync(README, 'utf8')));
