/**
 * What the host has: a compiler, a disk, Valgrind, a CPU to stay on; and what it is, for the report.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import type { Needs } from './rows/table.ts';

/** The user's compiler. */
export const CC = process.env['CC'] || 'cc';

export interface Host {
  /** First line of the compiler's --version; '' if there is none. */
  readonly compiler: string;
  readonly valgrind: string;
  /** A directory on a disk file system, and that file system's name; '' if there is none. */
  readonly disk: string;
  readonly diskKind: string;
  /** Words to put before a command so that it stays on one CPU; none where that cannot be. */
  readonly pinning: readonly string[];
}

/** File systems whose pages go to a disk, by the magic number of statfs(2). */
const DISK_KINDS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0xf2f52010, 'f2fs'],
]);

function firstLine(command: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? (stdout.split('\n')[0] ?? '') : '';
}

/** Name of the disk file system that holds `directory`, '' for any other. Throws if there is no such directory. */
export function diskKind(directory: string): string {
  return DISK_KINDS.get(statfsSync(directory).type) ?? '';
}

/** `directory`: where the user wants the disk rows, or undefined for the first of the usual places that will do. */
export function lookAround(directory: string | undefined): Host {
  const places = directory === undefined ? [tmpdir(), process.cwd()] : [directory];
  const disk = places.find((place) => diskKind(place) !== '') ?? '';
  const lastCpu = ['taskset', '-c', String(availableParallelism() - 1)];
  return {
    compiler: firstLine(CC, ['--version']),
    valgrind: firstLine('valgrind', ['--version']),
    disk,
    diskKind: disk === '' ? '' : diskKind(disk),
    pinning: spawnSync(lastCpu[0], [...lastCpu.slice(1), process.execPath, '--version']).status === 0 ? lastCpu : [],
  };
}

/** What a row lacks on this host, by name; '' if it can run. */
export function missing(needs: Needs, host: Host): string {
  if (needs === 'node') return '';
  if (process.platform !== 'linux') return 'Linux';
  if (host.compiler === '') return `a C compiler ('${CC}' does not run)`;
  if (needs === 'disk' && host.disk === '') return 'a directory on ext4, xfs, btrfs or f2fs (--dir)';
  return needs === 'valgrind' && host.valgrind === '' ? 'valgrind' : '';
}

/** The host in words. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly virtualised: boolean;
  readonly node: string;
  readonly v8: string;
  readonly compiler: string;
  readonly valgrind: string;
  readonly diskFileSystem: string;
  /** Whether both sides stayed on one CPU. */
  readonly pinned: boolean;
  /** Processes that wanted to run, averaged over a minute, before and after. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** The host as it is now, after the measurements. */
export function machineFacts(host: Host, loadBefore: number): MachineFacts {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cpus: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release().split('-')[0]}`,
    virtualised: isVirtualised(),
    node: process.version,
    v8: process.versions.v8,
    compiler: host.compiler,
    valgrind: host.valgrind,
    diskFileSystem: host.diskKind,
    pinned: host.pinning.length > 0,
    loadBefore,
    loadAfter: load(),
  };
}

export function load(): number {
  return Math.round(loadavg()[0] * 100) / 100;
}

function isVirtualised(): boolean {
  try {
    return /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}
