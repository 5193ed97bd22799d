import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { machineChart } from '../../../src/observe/inspector/machine-chart.ts';

test('the provider machine is drawn from its own definition: every state, and every way with its events and guards', () => {
	const { brief, full } = machineChart();
	const states = ['closed', 'open', 'half-open', 'quota-cooldown'];
	expect(brief.nodes.map(({ name }) => name)).toEqual(states);
	expect(full.nodes.map(({ name }) => name)).toEqual([...states, 'any state']);
	expect(full.nodes.filter(({ isInitial }) => isInitial).map(({ name }) => name)).toEqual(['closed']);
	const labels = Object.fromEntries(full.edges.map(({ from, to, labels: texts }) => [`${from} → ${to}`, texts]));
	expect(labels['closed → open']).toEqual([
		'model.tripped [severalModelsFail]',
		'attempt.failed [namesCooldown]',
		'attempt.failed [tripsBreaker]',
	]);
	expect(labels['half-open → closed']).toEqual([
		'probe.answering [isLastProbeNeeded]',
		'attempt.succeeded [isLastProbeNeeded]',
	]);
	expect(labels['open → open']).toEqual(['attempt.failed [extendsCooldown]']);
	expect(labels['any state → closed']).toEqual(['operator.reset']);
	expect(brief.edges.some(({ from, to }) => from === to)).toBe(false);
});

test('everything of a drawing lies within it', () => {
	const { brief, full } = machineChart();
	for (const { width, height, nodes, edges } of [brief, full]) {
		const points = [...edges.flatMap((edge) => [...edge.points, edge]), ...nodes];
		for (const { x, y } of points) {
			expect(x).toBeGreaterThanOrEqual(0);
			expect(x).toBeLessThanOrEqual(width);
			expect(y).toBeGreaterThanOrEqual(0);
			expect(y).toBeLessThanOrEqual(height);
		}
		expect(edges.every(({ points: line }) => line.length >= 2)).toBe(true);
	}
});

test('a way back to its own state begins and ends at that state', () => {
	const { nodes, edges } = machineChart().full;
	const loops = edges.filter(({ from, to }) => from === to);
	expect(loops.map(({ from }) => from)).toEqual(['open', 'quota-cooldown']);
	for (const { from, points } of loops) {
		const { x = 0, y = 0, width = 0, height = 0 } = nodes.find(({ name }) => name === from) ?? {};
		for (const end of [points[0], points.at(-1)]) {
			expect(end?.x).toBeCloseTo(x + width / 2, 0);
			expect(Math.abs((end?.y ?? 0) - y)).toBeLessThan(height / 2);
		}
	}
});

test('another machine is drawn as it is, not as the one we have', () => {
	const machine = setup({ guards: { isDue: () => true } }).createMachine({
		initial: 'up',
		states: { up: { on: { fell: { guard: 'isDue', target: 'down' } } }, down: {} },
	});
	const { full } = machineChart(machine);
	expect(full.edges.map(({ from, to, labels }) => [from, to, labels])).toEqual([['up', 'down', ['fell [isDue]']]]);
});
