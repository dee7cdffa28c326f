/**
 * The sentence for a recorded program that does not fit into the simulated machine's RAM.
 */

import { UserError } from '../assert.ts';

/** `what` found no frame. */
export function outOfMemory(what: string): never {
  throw new UserError(`the simulated machine has no RAM left for ${what}; give it more with --ram, such as --ram 16G`);
}
