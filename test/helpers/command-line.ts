/** The command line without a process of its own: what `faultline WORDS` writes, and what it would say of a mistake. */
import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/report-error.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export async function faultline(...words: string[]): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  let code = 0;
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  try {
    await createProgram().parseAsync(words, { from: 'user' });
  } catch (error) {
    code = reportError(error, (text) => {
      stderr += text;
    });
  } finally {
    spy.mockRestore();
  }
  return { stdout, stderr, code };
}
