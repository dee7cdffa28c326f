/**
 * One sentence for every failure that reaches the command line, and its exit code.
 *
 * The user's mistakes (a `UserError`, an argument commander refuses, a file that cannot be opened) get one line on stderr and never a
 * stack trace. Anything else is a defect of Faultline and shows all it has, since a report needs it.
 */
import { getSystemErrorMap } from 'node:util';
import { CommanderError } from 'commander';
import { UserError } from '../assert.ts';

export const EXIT_USAGE = 2;
/** EX_SOFTWARE of sysexits.h. */
export const EXIT_DEFECT = 70;

/** Writes what went wrong to `write`; returns the exit code. */
export function reportError(error: unknown, write: (text: string) => void): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version end so
  const sentence = userSentence(error);
  if (sentence !== undefined) {
    write(`faultline: ${sentence}\n`);
    return EXIT_USAGE;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write(
    `faultline: this is a defect of Faultline, not of your input. Please report it with the text below.\n${detail}\n`,
  );
  return EXIT_DEFECT;
}

/** The sentence for a mistake of the user's, or undefined if the failure is ours. */
function userSentence(error: unknown): string | undefined {
  if (error instanceof UserError) return error.message;
  if (error instanceof CommanderError) return commanderSentence(error.message);
  return fileSentence(error);
}

/** Commander's message on one line, with the way out. */
function commanderSentence(message: string): string {
  const oneLine = message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return `${oneLine}${/[.?)]$/.test(oneLine) ? '' : '.'} See faultline --help.`;
}

/** A failed operation of the host on a named file, in words; undefined for any other value. */
function fileSentence(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { path, syscall, errno } = error as NodeJS.ErrnoException;
  if (typeof path !== 'string' || typeof syscall !== 'string' || typeof errno !== 'number') return undefined;
  const words = getSystemErrorMap().get(errno)?.[1] ?? error.message;
  return `cannot ${syscall} ${path}: ${words}.`;
}
