/**
 * `faultline run FILE`: runs a scenario on the simulated machine and prints what came of each statement.
 *
 * Without options the output is what a real kernel's driver prints, so that `diff` compares the two.
 */
import type { Command } from 'commander';
import { machineConfigOf, parseScenario } from '../../scenario/scenario.ts';
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
    .action(run);
}

async function run(file: string, flags: MachineFlags & RunFlags): Promise<void> {
  const asked = machineConfig(flags);
  const { name, text } = readInput(file);
  const scenario = parseScenario(text, name);
  const config = { ...machineConfigOf(scenario), ...asked };
  await runOnMachine(scenario, config, { ...flags, source: text });
}
