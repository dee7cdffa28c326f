/**
 * The command line as data: the program `faultline`, its options and its commands.
 *
 * Each file in commands/ offers one `addXCommand(program)`, and `createProgram` calls them in the order in which help shows them.
 * Never exits and never writes an error itself: commander's refusals are thrown and worded in report-error.ts, so that wrong usage
 * and wrong input look the same to the user.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCheckCommand } from './commands/check.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addRunCommand } from './commands/run.ts';

const ABOUT = `A computer's memory system that behaves as Linux on x86-64 does.`;

/** The program with all its commands, ready to parse. Throws what commander and the commands throw. */
export function createProgram(): Command {
  const program = new Command('faultline')
    .description(ABOUT)
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  addRunCommand(program);
  addDemoCommand(program);
  addReplayCommand(program);
  addCheckCommand(program);
  return program;
}

/** What to parse: the user's words, or the question for help where there are none. */
export function argumentsOrHelp(words: readonly string[]): readonly string[] {
  return words.length === 0 ? ['--help'] : words;
}

/** The version in package.json, which lies two folders up both from src/cli and from dist/cli. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
