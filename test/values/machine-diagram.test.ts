import { describe, expect, it } from 'vitest';
import { type AnyStateNode, setup } from 'xstate';
import { providerMachine } from '../../machines/provider/machine.ts';
import { requestMachine } from '../../machines/request/machine.ts';
import { mermaidDiagram, transitionsOf } from '../../src/values/machine-diagram.ts';

const door = setup({ guards: { isPushed: () => true, isLocked: () => false } }).createMachine({
	id: 'door',
	initial: 'half-open',
	on: { 'house.fell': '.gone' },
	states: {
		'half-open': { on: { pushed: [{ guard: 'isPushed', target: 'shut' }, { target: 'gone' }], creaked: {} } },
		shut: {
			initial: 'locked',
			on: { kicked: 'half-open' },
			states: {
				'half-open': { always: [{ guard: 'isLocked', target: 'locked' }, { target: '#door.half-open' }] },
				locked: { after: { 1000: 'half-open' } },
			},
		},
		gone: { type: 'final' },
	},
});

describe('a diagram', () => {
	it('tells nested states of one name apart, and draws what leaves a state outside it', () => {
		expect(mermaidDiagram(door).split('\n')).toEqual([
			'stateDiagram-v2',
			'  state "half-open" as half_open',
			'  [*] --> half_open',
			'  half_open --> shut: pushed [isPushed]',
			'  half_open --> gone: pushed',
			'  state shut {',
			'    state "half-open" as shut_half_open',
			'    state "locked" as shut_locked',
			'    [*] --> shut_locked',
			'    shut_half_open --> shut_locked: [isLocked]',
			'    shut_locked --> shut_half_open: after 1000',
			'  }',
			'  shut --> half_open: kicked',
			'  shut_half_open --> half_open: else',
			'  gone --> [*]',
			'  any_state --> gone: house.fell',
		]);
	});

	it.each([
		['provider', providerMachine.root as AnyStateNode, mermaidDiagram(providerMachine)],
		['request', requestMachine.root as AnyStateNode, mermaidDiagram(requestMachine)],
	])('of the %s machine shows every transition with its guard once', (_, root, diagram) => {
		const all = [root, ...descendants(root)];
		const shown = all.flatMap((node) => [...transitionsOf(node).values()].map((texts) => texts.join(' / ')));
		const labels = diagram.split('\n').flatMap((line) => /-->.*?: (.+)$/.exec(line)?.[1] ?? []);
		expect(labels.toSorted()).toEqual(shown.toSorted());
	});

	it('of the request machine shows the states before the commit and after it', () => {
		const [before = '', after = ''] = mermaidDiagram(requestMachine).split('  state committed {\n');
		expect(before).toContain('attempting --> committed: attempt.answering');
		expect(after.split('  }\n')[0]).toContain('committed_attempting --> committed_streaming: attempt.answering');
		expect(before).not.toContain('committed_');
	});
});

function descendants(node: AnyStateNode): AnyStateNode[] {
	return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}
