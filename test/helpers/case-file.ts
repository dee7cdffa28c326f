/**
 * Reads the files of test/syscall/cases: scenarios with the answers of the real kernel beside their statements.
 *
 * Place: under the tests of test/syscall and scripts/record-cases.ts. The form is described in test/syscall/README.md. Knows the
 * form only; what a statement means is the scenario parser's business. What cannot be read is said as FILE:LINE with what would be right.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { FileSystem } from '../../src/node/scratch-folder.ts';

export const CASES_FOLDER = new URL('../syscall/cases/', import.meta.url);

/** What a case can run on. */
export type TargetName = 'sim' | 'spec' | 'linux';

/** A word that stands for several texts, one in each variant of its case. */
export interface Variable {
  readonly name: string;
  readonly values: readonly string[];
}

/** A line of a case below its head. A comment, a directive or an empty line has no answer. */
export interface BodyLine {
  readonly statement: string;
  /** What stands behind ` -> `, and the indented lines below; empty where the answer has not been written yet. */
  readonly answer: readonly string[];
}

export interface SyscallCase {
  readonly file: string;
  /** Line of the first id, from 1. */
  readonly line: number;
  /** `gvisor:MMapTest.MapFixed`: the source, and the name there. */
  readonly ids: readonly string[];
  readonly fileSystems: readonly FileSystem[];
  /** Fewer than all where the others cannot be asked. */
  readonly targets: readonly TargetName[];
  /** Memory of the simulated machine. */
  readonly ram: string;
  readonly variables: readonly Variable[];
  /** Its lines as written, down to the last setting. */
  readonly head: readonly string[];
  readonly body: readonly BodyLine[];
}

/** One scenario of a case. */
export interface Variant {
  /** The values of the variables; empty in a case without. */
  readonly label: string;
  readonly text: string;
}

const BOTH: readonly FileSystem[] = ['tmpfs', 'ext4'];
const TARGETS: readonly TargetName[] = ['sim', 'spec', 'linux'];
const USUAL_RAM = '16M';
const ID = /^(gvisor|ltp|selftests|own):\S.*$/;

/** Every call that has a file of cases, by name. */
export function callsWithCases(): string[] {
  const names = readdirSync(CASES_FOLDER).filter((name) => name.endsWith('.cases'));
  return names.map((name) => name.slice(0, -'.cases'.length)).sort();
}

/** The cases of a call, from its file. */
export function casesOf(call: string): readonly SyscallCase[] {
  return parseCases(readFileSync(new URL(`${call}.cases`, CASES_FOLDER), 'utf8'), `${call}.cases`);
}

/** Throws `Error` with file and line for what is not of the form. */
export function parseCases(text: string, file: string): readonly SyscallCase[] {
  const reader = new CaseReader(file);
  for (const [index, line] of text.split('\n').entries()) reader.take(line.trimEnd(), index + 1);
  return reader.finish();
}

interface OpenCase {
  line: number;
  ids: string[];
  fileSystems: readonly FileSystem[];
  targets: readonly TargetName[];
  ram: string;
  variables: Variable[];
  head: string[];
  body: { statement: string; answer: string[] }[];
}

class CaseReader {
  private readonly file: string;
  private readonly done: SyscallCase[];
  private open: OpenCase | undefined;
  private line: number;

  constructor(file: string) {
    this.file = file;
    this.done = [];
    this.open = undefined;
    this.line = 0;
  }

  take(line: string, number: number): void {
    this.line = number;
    if (line.startsWith('== ')) this.takeId(line.slice(3));
    else if (this.open === undefined) this.takePreamble(line);
    else if (line.startsWith('  ')) this.takeContinuation(line, this.open);
    else this.takeLine(line, this.open);
  }

  private takeLine(line: string, open: OpenCase): void {
    const setting = /^(on|only|ram|each) (.*)$/.exec(line);
    if (setting === null) {
      open.body.push(splitAnswer(line));
    } else {
      this.takeSetting(setting[1], setting[2], open);
      open.head.push(...open.body.splice(0).map(({ statement }) => statement), line);
    }
  }

  private takeId(id: string): void {
    if (!ID.test(id)) this.fail(`'${id}' is no id; write SOURCE:NAME with SOURCE gvisor, ltp, selftests or own`);
    if (this.open === undefined || this.open.body.length > 0) this.begin();
    this.open?.ids.push(id);
    this.open?.head.push(`== ${id}`);
  }

  private begin(): void {
    this.close();
    this.open = {
      line: this.line,
      ids: [],
      fileSystems: BOTH,
      targets: TARGETS,
      ram: USUAL_RAM,
      variables: [],
      head: [],
      body: [],
    };
  }

  private takePreamble(line: string): void {
    if (line !== '' && !line.startsWith('#')) this.fail("a case begins with '== SOURCE:NAME'");
  }

  private takeContinuation(line: string, { body }: OpenCase): void {
    const last = body.at(-1);
    if (last === undefined || last.answer.length === 0)
      this.fail('an indented line continues an answer, and there is none');
    last.answer.push(line);
  }

  private takeSetting(word: string, rest: string, open: OpenCase): void {
    if (open.body.some(isStatement)) this.fail(`'${word}' stands above the first statement`);
    if (word === 'on') open.fileSystems = BOTH.filter((fs) => fs === rest);
    if (open.fileSystems.length === 0) this.fail(`there is no file system ${rest}; write tmpfs or ext4`);
    if (word === 'only') open.targets = TARGETS.filter((name) => rest.split(', ').includes(name));
    if (open.targets.length === 0) this.fail(`there is no target ${rest}; write sim, spec or linux`);
    if (word === 'ram') open.ram = rest;
    if (word === 'each') open.variables.push(this.variable(rest));
  }

  private variable(text: string): Variable {
    const match = /^([A-Z][A-Z0-9_]*) = (.+)$/.exec(text);
    if (match === null) this.fail("write 'each NAME = ONE, OTHER'");
    return { name: match[1], values: match[2].split(', ') };
  }

  private close(): void {
    if (this.open === undefined) return;
    const body = withoutTrailingBlanks(this.open.body);
    if (!body.some(isStatement)) this.fail('the case above has no statement');
    this.done.push({ ...this.open, body, file: this.file });
  }

  finish(): readonly SyscallCase[] {
    this.close();
    return this.done;
  }

  private fail(what: string): never {
    throw new Error(`${this.file}:${this.line}: ${what}`);
  }
}

function withoutTrailingBlanks(body: readonly BodyLine[]): readonly BodyLine[] {
  let end = body.length;
  while (end > 0 && body[end - 1].statement === '') end--;
  return body.slice(0, end);
}

/** Cuts a line at the first ` -> ` that does not stand in a string. */
function splitAnswer(line: string): { statement: string; answer: string[] } {
  if (/^[#%]/.test(line)) return { statement: line, answer: [] };
  const statement = /^(?:"(?:\\.|[^"\\])*"|(?! -> )[^"])*/.exec(line)?.[0] ?? '';
  const rest = line.slice(statement.length);
  return { statement, answer: rest.startsWith(' -> ') ? [rest.slice(4)] : [] };
}

export function isStatement({ statement }: BodyLine): boolean {
  return statement !== '' && !/^[#%]/.test(statement);
}

/** The answers of a case, one for each call, as a transcript has them. */
export function answersOf({ body }: SyscallCase): readonly (readonly string[])[] {
  return body.filter(isStatement).map(({ answer }) => answer);
}

/** The scenarios of a case: one for each combination of the values of its variables. */
export function variantsOf({ variables, body }: SyscallCase): readonly Variant[] {
  const text = body.map(({ statement }) => statement).join('\n');
  let variants: Variant[] = [{ label: '', text }];
  for (const { name, values } of variables) {
    const word = new RegExp(`\\b${name}\\b`, 'g');
    variants = variants.flatMap(({ label, text: before }) =>
      values.map((value) => ({
        label: label === '' ? value : `${label}, ${value}`,
        text: before.replace(word, () => value),
      })),
    );
  }
  return variants;
}
