/**
 * Compares the answers in test/syscall/cases with the real kernel's.
 *
 *     npx tsx scripts/record-cases.ts [CALL...]            says where they differ; exit code 1 if they do
 *     npx tsx scripts/record-cases.ts --write [CALL...]    writes the kernel's answers into the files
 *
 * Read what was written: an answer must say what the case claims.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CASES_FOLDER, callsWithCases, casesOf } from '../test/helpers/case-file.ts';
import { differences, type Recording, recordCase, rewritten } from '../test/helpers/case-recorder.ts';
import { type CaseTarget, linuxTarget } from '../test/helpers/case-targets.ts';

const words = process.argv.slice(2);
const writes = words.includes('--write');
const calls = words.filter((word) => word !== '--write');
const targets = [linuxTarget('tmpfs'), linuxTarget('ext4')];
const usable = targets.filter(({ name, missing }) => {
  if (missing !== undefined) console.error(`${name}: ${missing}`);
  return missing === undefined;
});

async function recordFile(call: string, kernels: readonly CaseTarget[]): Promise<number> {
  const url = new URL(`${call}.cases`, CASES_FOLDER);
  const text = readFileSync(url, 'utf8');
  const cases = casesOf(call);
  const recordings: Recording['answers'][] = [];
  let found = 0;
  for (const one of cases) {
    const { answers, complaints } = await recordCase(one, kernels);
    const differ = answers === undefined ? complaints : differences(one, answers);
    found += differ.length;
    if (differ.length > 0) console.log([`${call}: ${one.ids.join('; ')}`, ...differ].join('\n    '));
    recordings.push(answers);
  }
  if (writes) writeFileSync(url, rewritten(text, cases, recordings));
  return found;
}

let found = 0;
for (const call of calls.length > 0 ? calls : callsWithCases()) found += await recordFile(call, usable);
await Promise.all(usable.map((target) => target.close()));
console.log(found === 0 ? 'All answers are the kernel’s.' : `${found} answers differ${writes ? 'ed' : ''}.`);
process.exitCode = found === 0 || writes ? 0 : 1;
