import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { reportError } from '../../../src/cli/report-error.ts';

/** What a user would see: the text on stderr and the exit code. */
function report(error: unknown): { text: string; code: number } {
  let text = '';
  const code = reportError(error, (piece) => {
    text += piece;
  });
  return { text, code };
}

/** What `run` throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('a mistake of the user', () => {
  test('is its own sentence and exit code 2', () => {
    const error = new UserError('a.scn:3: page size must be a power of two, not 4095');
    expect(report(error)).toEqual({
      text: 'faultline: a.scn:3: page size must be a power of two, not 4095\n',
      code: 2,
    });
  });

  test('in the usage is one line that leads to the help', () => {
    const error = thrownBy(() => createProgram().parse(['--no-such-option'], { from: 'user' }));
    expect(report(error)).toEqual({
      text: "faultline: unknown option '--no-such-option'. See faultline --help.\n",
      code: 2,
    });
  });

  test('keeps a suggestion of commander on the same line', () => {
    const error = new CommanderError(1, 'commander.unknownCommand', "error: unknown command 'rn'\n(Did you mean run?)");
    expect(report(error).text).toBe("faultline: unknown command 'rn' (Did you mean run?) See faultline --help.\n");
  });

  test('about a file names the file and what the host said', () => {
    const error = thrownBy(() => readFileSync('/nonexistent/a.scn'));
    expect(report(error)).toEqual({
      text: 'faultline: cannot open /nonexistent/a.scn: no such file or directory.\n',
      code: 2,
    });
  });
});

describe('what is no mistake of the user', () => {
  test('a question for help or version ends with 0 and no word', () => {
    expect(report(new CommanderError(0, 'commander.version', '0.1.0'))).toEqual({ text: '', code: 0 });
  });

  test('a defect shows its stack and ends with 70', () => {
    const { text, code } = report(new RangeError('mapcount below zero'));
    expect(code).toBe(70);
    expect(text).toContain('RangeError: mapcount below zero\n    at ');
  });

  test('a thrown value that is no Error is shown too', () => {
    expect(report('odd')).toMatchObject({ code: 70, text: expect.stringContaining('\nodd\n') });
  });
});
