import { styleText } from 'node:util';
import { bootstrap } from '../../setup/bootstrap-steps.ts';
import { nextSteps } from '../../setup/next-steps.ts';
import type { SetupStep } from '../../setup/step.ts';

export interface BootstrapFlags {
	out: string;
	defaultModel?: string;
	port?: number;
	simulated?: boolean;
	start?: boolean;
	systemd?: boolean;
}

const words: Readonly<Record<SetupStep['outcome'], string>> = {
	done: 'done',
	unchanged: 'as it was',
	'not-asked': 'not asked for',
	'not-done': 'NOT DONE',
};

/**
 * Goes the whole way from an empty folder to a proxy that runs, and prints what each step came to. It asks nothing, and
 * changes nothing that stands already. Sets the exit code to 1 when something was not done.
 */
export async function bootstrapCommand(options: BootstrapFlags): Promise<void> {
	const { out, defaultModel, port, simulated = false, start, systemd } = options;
	const run = systemd ? 'systemd' : start ? 'background' : undefined;
	const steps: SetupStep[] = [];
	const onStep = (step: SetupStep) => {
		steps.push(step);
		print(stepText(step));
	};
	const result = await bootstrap({ out, defaultModel, port, simulated, run, onStep }, process.env);
	const isRunning = steps.some(
		({ name, outcome }) => name === 'serve' && (outcome === 'done' || outcome === 'unchanged'),
	);
	if (result !== undefined) {
		print(`\n${isRunning ? 'Point your tools at it' : 'Once it runs, point your tools at it'}:`);
		for (const { tool, lines } of nextSteps(result.address, result.config)) {
			print(`\n  ${paint('bold', tool)}\n${lines.map((line) => `    ${line}`).join('\n')}`);
		}
	}
	const missing = steps.filter(({ outcome }) => outcome === 'not-done');
	if (missing.length === 0) return;
	print(
		`\n${paint('red', 'Not done:')}\n${missing.map(({ name, text }) => `  ${name}: ${indented(text)}`).join('\n')}`,
	);
	process.exitCode = 1;
}

function stepText({ name, outcome, text }: SetupStep): string {
	const color = outcome === 'not-done' ? 'red' : outcome === 'not-asked' ? 'yellow' : 'green';
	return `${name.padEnd(9)}  ${paint(color, words[outcome].padEnd(13))}  ${indented(text)}`;
}

function indented(text: string): string {
	return text.replaceAll('\n', '\n    ');
}

function paint(color: 'bold' | 'red' | 'yellow' | 'green', text: string): string {
	return styleText(color, text, { stream: process.stdout });
}

function print(line: string): void {
	process.stdout.write(`${line}\n`);
}
