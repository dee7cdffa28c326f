/**
 * What `faultline check` compares: the simulated machine, the specification, the real kernel, and any command.
 *
 * Place: between the words on the command line and the comparison of transcripts (src/testing). A target is described by plain data,
 * so that a worker can open it again.
 */
import { resolveConfig } from '../config.ts';
import type { MachineConfig } from '../index.ts';
import { type Arena, arenaText } from '../scenario/arena.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { machineOfWords, WanderingTarget } from '../testing/machine-draw.ts';
import { specLayout } from '../testing/spec-layout.ts';
import { SpecTarget } from '../testing/spec-target.ts';
import { readTranscript, recordTranscript, type Transcript } from '../testing/transcript.ts';
import { nativeDriver } from './native-driver.ts';
import { Conversation, type ProgramOptions, type ProgramOutput, runProgram } from './program.ts';
import { type FileSystem, scratchFolder } from './scratch-folder.ts';

/** A target that is a program, as data. */
interface CommandSpec {
  readonly kind: 'command';
  readonly name: string;
  /** What stands on the command line. */
  readonly word: string;
  readonly command: string;
  /** It answers one scenario after the other. */
  readonly batch: boolean;
  /** The directives that it takes, by name. */
  readonly directives: readonly string[];
}

/** A target as data. */
export type TargetSpec = CommandSpec | { readonly kind: 'sim' | 'spec'; readonly name: string; readonly word: string };

export interface TargetSettings {
  readonly fs: FileSystem;
  /** Where the arena is; the usual place if absent. */
  readonly arena?: Arena | undefined;
  /** What the real kernel that is asked too reads ahead of its disk; the default if absent. */
  readonly readAheadBytes?: number | undefined;
  readonly timeoutMs: number;
  /** Whether commands hold a conversation. */
  readonly batch: boolean;
}

export interface CheckTarget {
  readonly name: string;
  /** Whether its answers come from a program, which works while this one does something else. */
  readonly isProgram: boolean;
  /** Runs a scenario. `machine` describes the simulated machine, for a target that is one. */
  ask(scenario: Scenario, text: string, machine: string): Promise<Transcript>;
  close(): Promise<void>;
}

/** The target that a word on the command line stands for. Throws `UserError` where the real kernel cannot be asked. */
export function targetSpec(word: string, { fs, arena, timeoutMs, batch }: TargetSettings): TargetSpec {
  if (word === 'sim' || word === 'spec') return { kind: word, name: word, word };
  if (word !== 'linux') return { kind: 'command', name: shortName(word), word, command: word, batch, directives: [] };
  const scratch = scratchFolder(fs);
  // The driver gives up on a step before its end is given up on.
  const place = arena === undefined ? '' : ` --arena ${arenaText(arena)}`;
  const command = `exec ${quoted(nativeDriver())} --scratch ${quoted(scratch)} --timeout ${timeoutMs / 2000}${place} --batch`;
  return { kind: 'command', name: word, word, command, batch: true, directives: ['mount'] };
}

const NAME_MAX = 24;

/** A command as the heading of a column: without folders, cut where it is long. */
function shortName(command: string): string {
  const name = command.replace(/[^\s'"<>|&;]*\/(?=[^\s/'"])/g, '');
  return name.length <= NAME_MAX ? name : `${name.slice(0, NAME_MAX - 3)}...`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export function openTarget(spec: TargetSpec, settings: Omit<TargetSettings, 'batch'>): CheckTarget {
  if (spec.kind === 'command') return new CommandTarget(spec, settings.timeoutMs);
  return spec.kind === 'sim' ? new SimulatedTarget(spec.name, settings) : new SpecifiedTarget(spec.name, settings);
}

/** Where a target's files and addresses are. */
type Places = Pick<TargetSettings, 'fs' | 'arena' | 'readAheadBytes'>;

class SimulatedTarget implements CheckTarget {
  readonly name: string;
  readonly isProgram: boolean;
  private readonly settings: Places;

  constructor(name: string, settings: Places) {
    this.name = name;
    this.isProgram = false;
    this.settings = settings;
  }

  async ask(scenario: Scenario, _text: string, machine: string): Promise<Transcript> {
    const { fs, readAheadBytes } = this.settings;
    const readAhead = readAheadBytes === undefined ? {} : { readAheadBytes };
    const config: MachineConfig = { ...machineOfWords(machine), fs, ...readAhead };
    return recordTranscript(scenario, new WanderingTarget(config, this.settings.arena));
  }

  async close(): Promise<void> {}
}

class SpecifiedTarget implements CheckTarget {
  readonly name: string;
  readonly isProgram: boolean;
  private readonly settings: Places;

  constructor(name: string, settings: Places) {
    this.name = name;
    this.isProgram = false;
    this.settings = settings;
  }

  async ask(scenario: Scenario, _text: string, machine: string): Promise<Transcript> {
    const { fs, arena } = this.settings;
    const config = resolveConfig({ ...machineOfWords(machine), fs });
    return recordTranscript(scenario, new SpecTarget(specLayout(config), arena));
  }

  async close(): Promise<void> {}
}

class CommandTarget implements CheckTarget {
  readonly name: string;
  readonly isProgram: boolean;
  private readonly options: ProgramOptions;
  private readonly directives: readonly string[];
  private readonly conversation: Conversation | undefined;

  constructor({ name, command, batch, directives }: CommandSpec, timeoutMs: number) {
    this.name = name;
    this.isProgram = true;
    this.options = { command, timeoutMs };
    this.directives = directives;
    this.conversation = batch ? new Conversation(this.options) : undefined;
  }

  async ask(scenario: Scenario, text: string): Promise<Transcript> {
    const { text: output, end } = await this.answer(withoutDirectives(text, this.directives));
    return readTranscript(scenario, output, end ?? { words: 'the answer ended here', isFailure: false });
  }

  private answer(text: string): Promise<ProgramOutput> {
    return this.conversation?.ask(text) ?? runProgram(this.options, text);
  }

  async close(): Promise<void> {
    await this.conversation?.close();
  }
}

/** Most directives speak to the simulated machine alone; an empty line in their place keeps the numbers of the others. */
export function withoutDirectives(text: string, taken: readonly string[] = []): string {
  return text.replace(/^%\s*(\w*).*$/gm, (line, name: string) => (taken.includes(name) ? line : ''));
}
