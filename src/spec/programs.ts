/**
 * Files that are programs: run by a process, or open for writing, never both.
 *
 * Source: Linux fs/exec.c exe_file_deny_write_access, include/linux/fs.h get_write_access.
 */

import type { Process, State } from './state.ts';

/** Whether a process has it open for writing, or maps it through such a descriptor. */
export function isOpenForWriting(state: State, object: number): boolean {
  return [...state.processes.values()].some((process) =>
    filesOf(process).some((file) => {
      const open = state.openFiles.get(file);
      return open?.object === object && open.writable;
    }),
  );
}

function filesOf({ descriptors, vmas }: Process): number[] {
  return [...descriptors.values(), ...vmas.flatMap(({ file }) => (file === undefined ? [] : [file]))];
}

/** Whether a process runs the object as its program. */
export function isProgram(state: State, object: number): boolean {
  return [...state.processes.values()].some(
    ({ program, status }) =>
      status.state === 'running' && program !== undefined && state.openFiles.get(program)?.object === object,
  );
}
