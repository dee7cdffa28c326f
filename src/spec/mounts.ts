/**
 * File systems beside the scenario's directory, found by absolute paths: /NAME.
 *
 * On a read-only one nothing is changed (EROFS, once the path is right), not even the time of an access; from a noexec one
 * nothing is executed or mapped so. What may write to a file of it keeps it from becoming read-only.
 *
 * Source: mount(8), mount(2); Linux fs/namespace.c mnt_want_write, do_remount.
 */

import { produce } from 'immer';
import type { OpenFile, State } from './state.ts';
import { newObject, takeNumber } from './state.ts';

export interface MountFlags {
  readonly readOnly: boolean;
  readonly noexec: boolean;
}

/** Mounts an empty file system at /NAME, or mounts it anew with other flags. The same state (EBUSY) if something may write to it. */
export function mount(state: State, name: string, flags: MountFlags): State {
  if (flags.readOnly && isWritten(state, name)) return state;
  return produce(state, (draft) => {
    const present = draft.mounts.get(name);
    if (present) Object.assign(present, flags);
    else draft.mounts.set(name, { root: makeRoot(draft as State), ...flags });
  });
}

function makeRoot(state: State): number {
  const root = takeNumber(state);
  state.objects.set(root, { ...newObject('directory', state.layout.fs, '', state.now), mode: 0o755 });
  return root;
}

function isWritten(state: State, name: string): boolean {
  const writes = (file: number | undefined): boolean => {
    const found = file === undefined ? undefined : state.openFiles.get(file);
    return found?.mount === name && found.writable;
  };
  return [...state.processes.values()].some(
    ({ descriptors, vmas }) => [...descriptors.values()].some(writes) || vmas.some(({ file }) => writes(file)),
  );
}

export function isReadOnly(state: State, mount: string | undefined): boolean {
  return mount !== undefined && (state.mounts.get(mount)?.readOnly ?? false);
}

export function isOnNoexec(state: State, { mount }: Pick<OpenFile, 'mount'>): boolean {
  return mount !== undefined && (state.mounts.get(mount)?.noexec ?? false);
}
