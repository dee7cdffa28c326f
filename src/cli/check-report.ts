/**
 * What `faultline check` prints in the end, and the file in which a difference is kept.
 *
 * The file is the scenario, with comments behind it: where it comes from, what was answered, and the options and simulated machines it
 * needs. Comments stand last so that lines keep their numbers. `--replay` reads options and machines back.
 */

import type { Race } from '../node/check-races.ts';
import type { SearchResult } from '../node/check-search.ts';
import type { Shown, Shrunk } from '../node/check-shrink.ts';
import type { CheckPlan, RaceRun, Trial } from '../node/checker.ts';
import { arenaText } from '../scenario/arena.ts';
import { PLAIN_MACHINE, plainMachine } from '../testing/machine-draw.ts';
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
  const { coverage, runs, races } = result;
  const share = Math.round(coverage.successShare * 100);
  const lines = [
    `${plural(runs, 'scenario')}, ${perSecond(result)} a second; ${plural(coverage.callCount, 'call')}, ${share} % of them succeeded; ${plural(coverage.size, 'triple')} of call, flag and outcome`,
  ];
  if (coverage.takenOutCount > 0)
    lines.push(`${plural(coverage.takenOutCount, 'call')} could not be compared and were taken out of their scenarios`);
  if (races.length > 0) lines.push(showRaces(races));
  return lines.map((line) => `${line}\n`).join('');
}

/** More are not named. */
const RACES_NAMED_MAX = 5;

/** That scenarios count as agreeing by the kernel's later answers; those first in which it rarely gave them, which may hide a mistake. */
function showRaces(races: readonly RaceRun[]): string {
  const rarest = [...races].sort((one, other) => times(one) - times(other) || one.run - other.run);
  const named = rarest.slice(0, RACES_NAMED_MAX);
  const runs = named.map((race) => `run ${race.run} (${showTimes(race)})`).join(', ');
  const more = named.length < races.length ? ` and ${races.length - named.length} more` : '';
  return `${plural(races.length, 'scenario')} had answers that on Linux depend on the run or on how fast the disk is: ${runs}${more}`;
}

function times({ agreed, agreedInstant }: Race): number {
  return Math.max(agreed, agreedInstant);
}

function showTimes({ asked, agreed, agreedInstant }: Race): string {
  return `agreed ${agreed} of ${asked} times${agreedInstant > agreed ? `, ${agreedInstant} with an instant disk` : ''}`;
}

function plural(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

export function showAgreement(plan: CheckPlan, result: SearchResult): string {
  return `${list(targetNames(plan))} agree (seed ${plan.seed})\n${showCoverage(result)}`;
}

/** The targets and what they are asked about, as words on the command line. */
function targetWords({ targets, fs, arena, rules }: CheckPlan): string {
  const words = targets.map(({ word }) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const place = arena === undefined ? '' : ` --arena ${arenaText(arena)}`;
  const batch = targets.some((spec) => spec.kind === 'command' && spec.word !== 'linux' && spec.batch)
    ? ' --batch'
    : '';
  return `faultline check ${words.join(' ')}${fs === 'tmpfs' ? '' : ` --fs ${fs}`}${place}${rules === 'linux' ? '' : ` --rules ${rules}`}${batch}`;
}

/** The words that draw the same scenarios again. */
function commandLine(plan: CheckPlan): string {
  const calls = plan.calls === undefined ? '' : ` --calls ${plan.calls.join(',')}`;
  const schemes = plan.schemes.join() === 'x86-64' ? '' : ` --scheme ${plan.schemes.join(',')}`;
  return `${targetWords(plan)} --seed ${plan.seed} --ops ${plan.ops} --profile ${plan.profiles.join(',')}${schemes}${calls}`;
}

export function showShrunk(plan: CheckPlan, shrunk: Shrunk, where: string): string {
  const { shown, tries, outOfTime, repeated } = shrunk;
  const { scenario, transcripts } = shown.trial;
  const size = plural(callsOf(scenario).length, 'statement');
  const time = outOfTime ? ' (time was up: it may be cut down further)' : '';
  const lines = [
    `${list(targetNames(plan))} differ: ${where}, cut down to ${size} in ${tries === 1 ? '1 try' : `${tries} tries`}${time}`,
    ...(repeated.differed < repeated.tries
      ? [
          `asked ${repeated.tries} times more, they differed ${repeated.differed} times: an answer is not always the same`,
        ]
      : []),
    '',
    ...showDifference(scenario, transcripts, shown.difference, targetNames(plan)),
    '',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** That all answers to a scenario are the same. */
export function showSame(plan: CheckPlan, { takenOut, race }: Trial, name: string): string {
  const without = takenOut === 0 ? '' : ` but for ${plural(takenOut, 'call')} that could not be compared`;
  const changing =
    race === undefined
      ? ''
      : `its answers on Linux depend on the run or on how fast the disk is: they ${showTimes(race)}\n`;
  return `${list(targetNames(plan))} agree on ${name}${without}\n${changing}`;
}

export function showDiffer(plan: CheckPlan, name: string): string {
  return `${list(targetNames(plan))} differ on ${name}`;
}

/** What to do with the file that holds the scenario. */
export function showNextSteps(plan: CheckPlan, file: string): string {
  const again = `again:    ${targetWords(plan)} --replay ${file}`;
  const why = `explain:  faultline run ${file} --explain`;
  return [`the scenario is in ${file}`, `  ${again}`, `  ${why}`].map((line) => `${line}\n`).join('');
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
    ...(plan.fs === 'tmpfs' ? [] : [`fs ${plan.fs}`]),
    ...(plan.arena === undefined ? [] : [`arena ${arenaText(plan.arena)}`]),
    ...(plan.rules === 'linux' ? [] : [`rules ${plan.rules}`]),
    ...machines.flatMap((machine, index) => {
      const { kind } = plan.targets[index];
      const matters =
        kind === 'sim' ? machine !== PLAIN_MACHINE : kind === 'spec' && plainMachine(machine) !== PLAIN_MACHINE;
      return matters ? [`machine ${index + 1}: ${machine}`] : [];
    }),
  ];
  return text + comments.map((comment) => `# ${comment.replaceAll('\n', ' ')}\n`).join('');
}

export function originOf(plan: CheckPlan, run: number): string {
  return `${commandLine(plan)}, run ${run}`;
}

const KEPT = ['fs', 'arena', 'rules'] as const;

/** The options that the comments of a kept scenario name. */
export function keptFlags(text: string): Partial<Record<(typeof KEPT)[number], string>> {
  const found = KEPT.map((name) => [name, new RegExp(`^# ${name} (\\S+)$`, 'm').exec(text)?.[1]] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** The machines that the comments of a kept scenario name, for so many targets. */
export function keptMachines(text: string, targets: number): string[] {
  const found = new Map(
    [...text.matchAll(/^# machine (\d+): (.*)$/gm)].map(([, place, words]) => [Number(place), words]),
  );
  return Array.from({ length: targets }, (_, index) => found.get(index + 1) ?? PLAIN_MACHINE);
}
