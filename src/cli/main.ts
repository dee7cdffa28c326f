#!/usr/bin/env node
/**
 * The `faultline` command: builds the program, runs it, turns a failure into one sentence and an exit code.
 *
 * Exit codes: 0 done; 1 a comparison or check that ran and found a difference (set by the command itself); 2 wrong input or usage;
 * 70 a defect of Faultline. Nothing else lives here: commands stand in commands/, one file each.
 */
import { argumentsOrHelp, createProgram } from './program.ts';
import { reportError } from './report-error.ts';

// A reader that has seen enough (`faultline run x.scn | head`) closes the pipe: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await createProgram().parseAsync(argumentsOrHelp(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  process.exitCode = reportError(error, (text) => process.stderr.write(text));
}
