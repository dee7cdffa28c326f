/**
 * Makes the tests of one call out of its file of cases: each case, in each variant, on each target of its file systems.
 *
 * A line is passed over only where the specification itself says that it does not say, and only for the calls of SILENT.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/node/scratch-folder.ts';
import { parseScenario, type Scenario } from '../../src/scenario/scenario.ts';
import { callsOf, type Transcript } from '../../src/testing/transcript.ts';
import { answersOf, casesOf, type SyscallCase, type Variant, variantsOf } from './case-file.ts';
import { type CaseTarget, caseTargets } from './case-targets.ts';

/** Calls that may come to nothing that the specification says, by file system. */
const SILENT: Readonly<Record<FileSystem, readonly string[]>> = {
  tmpfs: ['smaps', 'pagemap', 'status'],
  ext4: ['smaps', 'pagemap', 'status', 'mincore'],
};

const PASSED_OVER = ['(not specified)'];

/** Declares the tests of `test/syscall/cases/CALL.cases`. */
export function testCases(call: string): void {
  const cases = casesOf(call);
  for (const target of caseTargets()) {
    const { name, kind, missing, fs } = target;
    const title = missing === undefined ? name : `${name} (skipped: ${missing})`;
    describe.skipIf(missing !== undefined)(title, () => {
      afterAll(() => target.close());
      for (const one of cases) if (one.fileSystems.includes(fs) && one.targets.includes(kind)) testCase(one, target);
    });
  }
}

function testCase(one: SyscallCase, target: CaseTarget): void {
  for (const variant of variantsOf(one)) {
    const label = variant.label === '' ? '' : ` [${variant.label}]`;
    test(`${one.ids.join('; ')}${label}`, async () => {
      const scenario = scenarioOf(one, variant);
      const transcript = await target.ask(scenario, variant.text, one.ram);
      const passed = passedOver(scenario, transcript, target.fs);
      expect(lines(scenario, transcript.answers, passed)).toEqual(lines(scenario, answersOf(one), passed));
      expect(transcript.rest).toEqual([]);
    });
  }
}

/** A variant as a scenario; the parser's complaints name the case. */
export function scenarioOf(one: SyscallCase, variant: Variant): Scenario {
  return parseScenario(variant.text, `${one.file}:${one.line} (${one.ids[0]})`);
}

/** Calls that the target does not say; a call that no target may be silent about is not among them, and so is compared. */
function passedOver(scenario: Scenario, { open }: Transcript, fs: FileSystem): ReadonlySet<number> {
  const names = callsOf(scenario).map(({ shape }) => shape.name);
  return new Set([...open].filter((index) => SILENT[fs].includes(names[index])));
}

/** Each statement with its answer, so that a difference shows where it is. */
function lines(scenario: Scenario, answers: readonly (readonly string[])[], passed: ReadonlySet<number>): string[] {
  return callsOf(scenario).flatMap(({ line, who, text }, index) => {
    const [first, ...more] = passed.has(index) ? PASSED_OVER : (answers[index] ?? []);
    return [`${line} ${who}: ${text} -> ${first ?? '(no answer is written; run scripts/record-cases.ts)'}`, ...more];
  });
}
