/**
 * `faultline check TARGET TARGET...`: runs random scenarios on several targets and compares what they answer.
 *
 * Exit code 0: they agree. 1: they differ, and the smallest scenario found that shows it was printed and written to a file.
 */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../../assert.ts';
import { type SearchResult, search } from '../../node/check-search.ts';
import { type Shrunk, shrink, shrinkText } from '../../node/check-shrink.ts';
import { Checker, type CheckPlan, type Found, type Trial } from '../../node/checker.ts';
import type { Difference } from '../../testing/compare.ts';
import { showDifference } from '../../testing/show-difference.ts';
import { addCheckOptions, type CheckFlags, checkExtent, checkPlan } from '../check-options.ts';
import { CheckProgress } from '../check-progress.ts';
import {
  keptFlags,
  keptMachines,
  keptScenario,
  originOf,
  showAgreement,
  showCoverage,
  showDiffer,
  showNextSteps,
  showSame,
  showShrunk,
  targetNames,
} from '../check-report.ts';
import { readInput } from '../read-input.ts';

const EXIT_DIFFERENCE = 1;
const SHRINK_LIMIT_MS = 120_000;

export function addCheckCommand(program: Command): void {
  const command = program
    .command('check')
    .description('run random scenarios on several targets and compare their answers line by line')
    .argument('<targets...>', 'two or more of sim, spec, linux, and "any command that reads a scenario on stdin"');
  addCheckOptions(command).action(check);
}

async function check(targets: readonly string[], flags: CheckFlags): Promise<void> {
  stopOnSignals();
  return flags.replay === undefined ? searchAndTell(targets, flags) : replay(targets, flags, flags.replay);
}

async function searchAndTell(targets: readonly string[], flags: CheckFlags): Promise<void> {
  if (flags.shrink) throw new UserError('--shrink cuts down a scenario of yours; name it with --replay FILE');
  const extent = checkExtent(flags);
  const plan = checkPlan(targets, flags);
  const progress = new CheckProgress(extent);
  try {
    const result = await search({ plan, ...extent, onProgress: (now) => progress.searching(now) });
    const report = result.found === undefined ? undefined : await shrinkFound(plan, result.found, progress);
    progress.end();
    if (result.found === undefined) process.stdout.write(agreement(plan, result));
    else tell(plan, flags, result, result.found, report);
    if (flags.coverage) process.stdout.write(joined(result.coverage.lines()));
  } finally {
    progress.end();
  }
}

function agreement(plan: CheckPlan, result: SearchResult): string {
  if (result.coverage.callCount > 0) return showAgreement(plan, result);
  const calls = plan.calls?.join(', ') ?? 'any call';
  throw new UserError(
    `nothing was compared: no scenario of ${calls} alone got beyond its beginning; add a call to --calls`,
  );
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Programs that were started must end with this one. */
function stopOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => process.exit(code));
}

async function shrinkFound(plan: CheckPlan, found: Found, progress: CheckProgress): Promise<Shrunk | undefined> {
  const checker = new Checker(plan);
  try {
    return await shrink(checker, found, {
      limitMs: SHRINK_LIMIT_MS,
      onTry: (tries, statements) => progress.shrinking(tries, statements),
    });
  } finally {
    await checker.close();
  }
}

function tell(
  plan: CheckPlan,
  flags: CheckFlags,
  result: SearchResult,
  found: Found,
  shrunk: Shrunk | undefined,
): void {
  process.exitCode = EXIT_DIFFERENCE;
  const file = flags.out ?? `check-${plan.seed}-${found.run}.scn`;
  const where = `run ${found.run} of seed ${plan.seed}`;
  if (shrunk === undefined) {
    writeFileSync(file, `${found.text}# ${originOf(plan, found.run)}: differed once, and not again\n`);
    process.stdout.write(`${where} differed once, and not when it was tried again; the scenario is in ${file}\n`);
  } else {
    refuseUnknownCommand(plan, shrunk);
    process.stdout.write(showShrunk(plan, shrunk, where));
    keep(plan, shrunk, originOf(plan, found.run), file);
  }
  process.stdout.write(showCoverage(result));
}

function keep(plan: CheckPlan, { shown }: Shrunk, origin: string, file: string): void {
  writeFileSync(file, keptScenario(plan, shown, origin));
  process.stdout.write(showNextSteps(plan, file));
}

/** A slip in the name of a target is the user's, and no difference. */
function refuseUnknownCommand(plan: CheckPlan, { shown }: Shrunk): void {
  if (shown.difference.call !== 0) return;
  for (const [index, [answer]] of shown.difference.answers.entries()) {
    if (!/ended with exit code 127\b/.test(answer ?? '')) continue;
    throw new UserError(
      `the shell finds no command '${plan.targets[index].word}'; a target is sim, spec, linux or a command line`,
    );
  }
}

async function replay(targets: readonly string[], flags: CheckFlags, file: string): Promise<void> {
  const { name, text } = readInput(file);
  const plan = checkPlan(targets, { ...keptFlags(text), ...flags });
  const machines = keptMachines(text, plan.targets.length);
  const checker = new Checker(plan);
  try {
    const trial = await checker.try(text, machines, name);
    if (trial.difference === undefined) process.stdout.write(showSame(plan, trial, name));
    else await tellReplayed(checker, { ...trial, difference: trial.difference }, machines, flags, file);
  } finally {
    await checker.close();
  }
}

async function tellReplayed(
  checker: Checker,
  trial: Trial & { readonly difference: Difference },
  machines: readonly string[],
  flags: CheckFlags,
  file: string,
): Promise<void> {
  const { plan } = checker;
  const { scenario, transcripts, difference } = trial;
  process.exitCode = EXIT_DIFFERENCE;
  const options = { limitMs: SHRINK_LIMIT_MS, onTry: () => {} };
  const shrunk = flags.shrink ? await shrinkText(checker, trial.text, machines, options) : undefined;
  if (shrunk === undefined) {
    const shown = showDifference(scenario, transcripts, difference, targetNames(plan));
    process.stdout.write(joined([showDiffer(plan, scenario.file), '', ...shown]));
    return;
  }
  process.stdout.write(showShrunk(plan, shrunk, scenario.file));
  keep(plan, shrunk, `from ${scenario.file}`, flags.out ?? `${file.replace(/\.scn$/, '')}-small.scn`);
}
