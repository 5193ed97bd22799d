import type { Simulation, SimulationStep } from '../../contract/simulation.ts';

/** What a simulated provider does, in words: `answers for 20 s, then 503 for 15 s, and again`. */
export function scriptText(script: Simulation['script']): string {
	if (script.length === 0) return 'always answers';
	return `${script.map((step) => `${stepText(step)} ${lengthText(step)}`).join(', then ')}, and again`;
}

const deeds: Readonly<Record<SimulationStep['do'], string>> = {
	answer: 'answers',
	status: 'fails',
	hang: 'hangs',
	reset: 'resets the connection',
	empty: 'answers with nothing',
	silent: 'answers and says nothing',
	garbage: 'answers with garbage',
	cut: 'breaks off its answers',
	stall: 'stalls in its answers',
	stale: 'resets used connections',
	comments: 'sends only comments at first',
	slow: 'answers slowly',
	quiet: 'falls silent in its answers and goes on',
	'error-event': 'sends an error in its stream',
	finish: 'ends its answers too early',
	'stray-error': 'sends an error between its events',
	'message-chunks': 'streams whole messages',
	'mixed-calls': 'mixes up calls of tools',
	block: 'is blocked by a firewall',
	'no-model': 'does not know the model',
	'too-large': 'finds the request too large',
	'cannot-afford': 'cannot afford the request',
	'reject-field': 'rejects a field',
};

function stepText(step: SimulationStep): string {
	return step.do === 'status' ? `${deeds.status} with ${step.status}` : deeds[step.do];
}

function lengthText(step: SimulationStep): string {
	if (step.for !== undefined) return `for ${step.for / 1000} s`;
	const requests = step.requests ?? 1;
	return requests === 1 ? 'one request' : `${requests} requests`;
}
