/**
 * `faultline demo`: a built-in scenario, told step by step.
 */
import type { Command } from 'commander';
import { machineConfigOf, parseScenario } from '../../scenario/scenario.ts';
import { DEMO_SCENARIO } from '../demo-scenario.ts';
import { runOnMachine } from '../run-scenario.ts';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('show the machine at work: a built-in scenario, explained step by step')
    .action(demo);
}

async function demo(): Promise<void> {
  const scenario = parseScenario(DEMO_SCENARIO, 'demo');
  await runOnMachine(scenario, machineConfigOf(scenario), { explain: true, source: DEMO_SCENARIO });
}
