/**
 * Reads a text that the user named: a file, or the standard input for `-`.
 *
 * A file that cannot be read is worded by report-error.ts; one that is not UTF-8 is a mistake with a line.
 */
import { readFileSync } from 'node:fs';
import { UserError } from '../assert.ts';

export interface InputText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
}

const STDIN = 0;

export function readInput(path: string): InputText {
  const name = path === '-' ? 'standard input' : path;
  return { name, text: decode(readBytes(path === '-' ? STDIN : path, name), name) };
}

function readBytes(source: string | number, name: string): Uint8Array {
  try {
    return readFileSync(source);
  } catch (error) {
    // A failure after opening (of a directory, say) does not name the file.
    throw error instanceof Error && !('path' in error) ? Object.assign(error, { path: name }) : error;
  }
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = new TextDecoder().decode(bytes).split('\ufffd')[0].split('\n').length;
    throw new UserError(`${name}:${line}: a byte here is not UTF-8; save the file as UTF-8`);
  }
}
