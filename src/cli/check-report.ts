/**
 * What `faultline check` prints in the end, and the file in which a difference is kept.
 *
 * The file is the scenario, with comments behind it: where it comes from, what was answered, and the simulated machines it needs. Comments
 * stand last so that lines keep their numbers. `--replay` reads the machines back.
 */
import type { SearchResult } from '../node/check-search.ts';
import type { Shown, Shrunk } from '../node/check-shrink.ts';
import type { CheckPlan } from '../node/checker.ts';
import { PLAIN_MACHINE } from '../testing/machine-draw.ts';
import { showDifference } from '../testing/show-difference.ts';
import { callsOf } from '../testing/transcript.ts';
import { perSecond } from './check-progress.ts';

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export function targetNames({ targets }: CheckPlan): readonly string[] {
  return targets.map(({ name }) => name);
}

export function showCoverage(result: SearchResult): string {
  const { coverage, runs } = result;
  const share = Math.round(coverage.successShare * 100);
  const calls = coverage.callCount.toLocaleString('en');
  return `${runs} runs at ${perSecond(result)} a second, ${calls} calls of which ${share} of 100 succeeded, ${coverage.size} triples of call, flag and outcome`;
}

export function showAgreement(plan: CheckPlan, result: SearchResult): string {
  return `${list(targetNames(plan))} agree\n${showCoverage(result)} (seed ${plan.seed})\n`;
}

/** The words that draw the same scenarios again. */
function commandLine(plan: CheckPlan): string {
  const words = plan.targets.map((spec) =>
    spec.kind === 'command' && spec.name === spec.command
      ? `"${spec.name}"`
      : spec.kind === 'command'
        ? 'linux'
        : spec.kind,
  );
  const calls = plan.calls === undefined ? '' : ` --calls ${plan.calls.join(',')}`;
  return `faultline check ${words.join(' ')} --seed ${plan.seed} --ops ${plan.ops} --profile ${plan.profiles.join(',')} --fs ${plan.fs}${calls}`;
}

export function showShrunk(plan: CheckPlan, { shown, tries, outOfTime, repeated }: Shrunk, where: string): string {
  const { scenario, transcripts } = shown.trial;
  const statements = callsOf(scenario).length;
  const size = statements === 1 ? '1 statement' : `${statements} statements`;
  const lines = [
    `${list(targetNames(plan))} differ: ${where}, cut down to ${size} in ${tries} tries${outOfTime ? ', when time was up' : ''}`,
    ...(repeated.differed < repeated.tries
      ? [`tried again it differed ${repeated.differed} times of ${repeated.tries}`]
      : []),
    '',
    ...showDifference(scenario, transcripts, shown.difference, targetNames(plan)),
    '',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The file's text. */
export function keptScenario(plan: CheckPlan, { text, machines, difference }: Shown, origin: string): string {
  const names = targetNames(plan);
  const line = difference.statement?.line;
  const comments = [
    origin,
    line === undefined ? 'what stands behind the last answer differs:' : `line ${line} differs:`,
    ...difference.answers.map(
      (answer, index) => `  ${names[index]}: ${JSON.stringify(answer.join(' / ')).slice(1, -1)}`,
    ),
    ...machines.flatMap((machine, index) =>
      plan.targets[index].kind === 'sim' && machine !== PLAIN_MACHINE ? [`machine ${index + 1}: ${machine}`] : [],
    ),
  ];
  return text + comments.map((comment) => `# ${comment}\n`).join('');
}

export function originOf(plan: CheckPlan, run: number): string {
  return `${commandLine(plan)}, run ${run}`;
}

/** The machines that the comments of a kept scenario name, for so many targets. */
export function keptMachines(text: string, targets: number): string[] {
  const found = new Map(
    [...text.matchAll(/^# machine (\d+): (.*)$/gm)].map(([, place, words]) => [Number(place), words]),
  );
  return Array.from({ length: targets }, (_, index) => found.get(index + 1) ?? PLAIN_MACHINE);
}
