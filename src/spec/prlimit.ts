/**
 * prlimit(2): limits of another process.
 *
 * Source: prlimit(2); Linux kernel/sys.c do_prlimit.
 */

import { ESRCH } from '../errno.ts';
import { type Answer, failure } from './answer.ts';
import { setLimit } from './limits.ts';
import type { Caller } from './state.ts';
import { lives } from './threads.ts';

/**
 * @call prlimit
 * Sets the soft limit of a resource for another process, or for this one.
 *
 * The same as setrlimit otherwise. A thread stands for its process. A process that has ended has limits until it is waited for.
 *
 * @errors
 * ESRCH: there is no such process
 * EINVAL: as with setrlimit
 * @flags RLIMIT_ RLIM_INFINITY
 * @differs Processes are all of one user: there is no EPERM.
 */
export function prlimit({ state }: Caller, child: bigint, resource: bigint, limit: bigint): Answer {
  const thread = state.threads.get(Number(child));
  const process = thread && state.processes.get(thread.process);
  const isFirst = thread?.process === Number(child);
  const isFound = process && !process.reaped && (lives(state, thread) || isFirst);
  return isFound ? setLimit(state, process, resource, limit) : failure(ESRCH);
}
