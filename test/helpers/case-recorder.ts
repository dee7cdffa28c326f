/**
 * Asks the real kernel for the answers of cases, and writes them beside their statements.
 *
 * Place: the work of scripts/record-cases.ts. Every variant of a case on every file system it is for must get the same answers; what
 * does not agree, or is no answer of a kernel, is a complaint and not written.
 */
import { callsOf } from '../../src/testing/transcript.ts';
import { answersOf, isStatement, type SyscallCase, variantsOf } from './case-file.ts';
import type { CaseTarget } from './case-targets.ts';
import { scenarioOf } from './case-tests.ts';

export interface Recording {
  /** One for each call; undefined if targets or variants do not agree, or none of the targets is for the case. */
  readonly answers: readonly (readonly string[])[] | undefined;
  /** Sentences about what is wrong. */
  readonly complaints: readonly string[];
}

const NO_ANSWER = /^= (refused|timeout)$|^\(no answer/;

/** Asks all of `targets` that the case is for. */
export async function recordCase(one: SyscallCase, targets: readonly CaseTarget[]): Promise<Recording> {
  let answers: readonly (readonly string[])[] | undefined;
  const complaints: string[] = [];
  for (const target of targets.filter(({ kind, fs }) => one.targets.includes(kind) && one.fileSystems.includes(fs))) {
    for (const variant of variantsOf(one)) {
      const scenario = scenarioOf(one, variant);
      const transcript = await target.ask(scenario, variant.text, one.ram);
      answers ??= transcript.answers;
      for (const [index, call] of callsOf(scenario).entries()) {
        const [given, first] = [transcript.answers[index], answers[index]].map((lines) => lines.join('\n'));
        const where = `${one.file}:${one.line} ${one.ids[0]} [${variant.label}] ${target.name}: ${call.text}`;
        if (NO_ANSWER.test(given)) complaints.push(`${where} -> ${given}`);
        else if (given !== first) complaints.push(`${where} -> ${given}, and before it was ${first}`);
      }
    }
  }
  return { answers: complaints.length === 0 ? answers : undefined, complaints };
}

/** Where what is written differs from what the kernel said: one line for each statement. */
export function differences(one: SyscallCase, answers: readonly (readonly string[])[]): string[] {
  const statements = one.body.filter(isStatement);
  return answersOf(one).flatMap((written, index) => {
    const [was, is] = [written.join('\n'), answers[index].join('\n')];
    return was === is ? [] : [`${statements[index].statement} -> ${is}${was === '' ? '' : `   (written: ${was})`}`];
  });
}

/** The text of a file with new answers: case by case, undefined where what is written stays. */
export function rewritten(
  text: string,
  cases: readonly SyscallCase[],
  recordings: readonly (readonly (readonly string[])[] | undefined)[],
): string {
  const preamble = text.split('\n').slice(0, (cases[0]?.line ?? 1) - 1);
  const parts = cases.map((one, index) => [...one.head, ...bodyOf(one, recordings[index])].join('\n'));
  return `${[...preamble, parts.join('\n\n')].join('\n')}\n`;
}

function bodyOf({ body }: SyscallCase, answers: readonly (readonly string[])[] | undefined): string[] {
  let call = 0;
  return body.flatMap((line) => {
    const answer = isStatement(line) ? (answers?.[call++] ?? line.answer) : [];
    return answer.length === 0 ? [line.statement] : [`${line.statement} -> ${answer[0]}`, ...answer.slice(1)];
  });
}
