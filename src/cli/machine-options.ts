/**
 * The options that shape the simulated machine, the same for every command that has one.
 *
 * Each is checked here, before anything else is done, so that what is wrong is said of the option and not of a configuration that the
 * user has never seen.
 */
import type { Command } from 'commander';
import { UserError } from '../assert.ts';
import { resolveConfig, SCHEME_NAMES } from '../config.ts';
import type { MachineConfig, SchemeName } from '../index.ts';
import { GIB, parseSize } from '../units.ts';

/** Options as the user wrote them. */
export interface MachineFlags {
  readonly fs?: string;
  readonly scheme?: string;
  readonly ram?: string;
  readonly cpus?: string;
  readonly seed?: string;
}

/** The largest ArrayBuffer of Node 20. */
const RAM_MAX = 4 * GIB;

export function addMachineOptions(command: Command): Command {
  return command
    .option('--fs <fs>', 'file system of the files: tmpfs or ext4 (default: tmpfs)')
    .option('--scheme <name>', `page tables: ${SCHEME_NAMES.join(', ')} (default: x86-64)`)
    .option('--ram <size>', 'physical memory, such as 64M (default: 64M)')
    .option('--cpus <n>', 'processors; processes take turns on them (default: 1)')
    .option('--seed <seed>', 'seed of every random choice');
}

/** The machine that `flags` ask for, what they leave out taken from `base`. Throws `UserError` naming the option. */
export function machineConfig(flags: MachineFlags, base: MachineConfig = {}): MachineConfig {
  const { fs, scheme, ram, cpus, seed } = flags;
  const config: MachineConfig = {
    ...base,
    ...(fs === undefined ? {} : { fs: fs as 'tmpfs' }),
    ...(scheme === undefined ? {} : { scheme: scheme as SchemeName }),
    ...(ram === undefined ? {} : { ram: ramBytes(ram) }),
    ...(cpus === undefined ? {} : { cpus: wholeNumber(cpus) }),
    ...(seed === undefined ? {} : { seed }),
  };
  try {
    resolveConfig(config);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message.replace(/^configuration: /, '--'));
  }
  return config;
}

function ramBytes(text: string): number {
  const bytes = parseSize(text, '--ram');
  if (bytes > RAM_MAX) throw new UserError(`--ram is ${text}; it can be at most 4G`);
  return bytes;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new UserError(`--cpus is '${text}'; it must be a whole number, such as 2`);
  return Number(text);
}
