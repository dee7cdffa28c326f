/**
 * How a process stands, and the signals that it may meet.
 */

export type SignalName = 'SIGSEGV' | 'SIGBUS' | 'SIGXFSZ' | 'SIGPIPE';

export type ProcessStatus =
  | { readonly state: 'running' }
  | { readonly state: 'exited'; readonly code: number }
  | { readonly state: 'killed'; readonly signal: SignalName | 'SIGKILL' };
