/**
 * `faultline run FILE`: runs a scenario on the simulated machine and prints what came of each statement.
 *
 * Without options the output is what a real kernel's driver prints, so that `diff` compares the two.
 */
import type { Command } from 'commander';
import { machineConfigOf, parseArena, parseScenario } from '../../scenario/scenario.ts';
import { addMachineOptions, type MachineFlags, machineConfig } from '../machine-options.ts';
import { readInput } from '../read-input.ts';
import { type RunFlags, runOnMachine } from '../run-scenario.ts';

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run a scenario of system calls, loads and stores and print what came of each')
    .argument('<file>', 'the scenario; - for the standard input');
  addMachineOptions(command)
    .option('--explain', 'tell the path of each access and what each call changed')
    .option('--json', 'print one JSON object a statement')
    .option('--arena <base:size>', 'where the arena A is (default: 0x100000000000:1G)')
    .action(run);
}

async function run(file: string, flags: MachineFlags & RunFlags & { readonly arena?: string }): Promise<void> {
  const asked = machineConfig(flags);
  const { name, text } = readInput(file);
  const scenario = parseScenario(text, name);
  const config = { ...machineConfigOf(scenario), ...asked };
  const arena = flags.arena === undefined ? {} : { arena: parseArena(flags.arena) };
  await runOnMachine(scenario, config, { explain: flags.explain, json: flags.json, source: text, ...arena });
}
