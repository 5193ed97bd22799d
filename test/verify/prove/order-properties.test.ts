import { describe, expect, it } from 'vitest';
import { parseConfig, readConfigText } from '../../../src/config/load.ts';
import { orders } from '../../../src/config/order-schema.ts';
import { orderOf } from '../../../src/gateway/order/order.ts';
import { checkConfig } from '../../../src/verify/check-config.ts';
import { explainCase } from '../../../src/verify/play/play.ts';
import { explainedText } from '../../../src/verify/play/play-text.ts';
import { orderProperty } from '../../../src/verify/prove/order-properties.ts';

const text = (profile: string, targets = 'a/m, a/n, a/o') =>
	`providers: { a: { baseUrl: http://127.0.0.1:9/v1 } }\nprofiles: { default: { chain: [${targets}], ${profile} } }\n`;
const profileOf = (profile: string, targets?: string) => {
	const config = parseConfig(text(profile, targets), { file: 'f.yaml', env: {} });
	const found = config.profiles.default;
	if (found === undefined) throw new Error('the text has no profile default');
	return found;
};
const many = Array.from({ length: 40 }, (_, index) => `a/m${index}`).join(', ');

describe('that an order keeps every target', () => {
	it.each(orders.filter((by) => by !== 'fixed'))('holds for %s', (by) => {
		expect(orderProperty(profileOf(`order: ${by}, skipBelow: 0.5`))).toMatchObject({ holds: true });
		expect(orderProperty(profileOf(`order: ${by}`, many))).toMatchObject({ holds: true });
	});

	it('is no question where the chain is asked as it is written', () => {
		expect(orderProperty(profileOf('commit: complete'))).toBeUndefined();
	});

	it('does not hold for one that leaves out a target that succeeds too seldom, and the case is told', () => {
		const broken: typeof orderOf = (rule, standings, draw) =>
			orderOf(rule, standings, draw).filter((position) => (standings[position]?.successRate ?? 1) >= 0.3);
		for (const targets of [undefined, many]) {
			const found = orderProperty(profileOf('skipBelow: 0.3', targets), broken);
			expect(found).toMatchObject({ holds: false, id: 'order-keeps-every-target' });
			expect(found?.counterexample?.message).toMatch(
				/profile `default` does not ask `a\/.*` exactly once where .*succeeds in 0 %/,
			);
		}
	});

	it('stands among the properties of `check`, where a profile has an order', () => {
		const idsOf = (profile: string) => {
			const read = readConfigText(text(profile), { file: 'f.yaml', env: {} });
			return checkConfig(read, { bounds: { states: 20 } }).profiles[0]?.properties.map(({ id }) => id);
		};
		expect(idsOf('order: latency')).toContain('order-keeps-every-target');
		expect(idsOf('commit: complete')).not.toContain('order-keeps-every-target');
	});
});

describe('explain', () => {
	const told = (profile: string) => {
		const config = parseConfig(text(profile), { file: 'f.yaml', env: {} });
		return explainedText(explainCase(config, { profile: 'default', when: '', stream: true }), 400);
	};

	it('says which order applies, and that it starts as the chain', () => {
		expect(told('order: latency')).toContain(
			'order: the fastest target first; it starts as the chain, for nothing is known of the targets yet\n',
		);
		expect(told('skipBelow: 0.3, healthWindow: 5m')).toContain(
			'order: the order of the chain, those that succeed in less than 30 % of the last 5 m last; it starts',
		);
		expect(told('order: round-robin')).toContain('this case is played in the order of the chain\n');
	});

	it('shows the targets of a chain that is made of families', () => {
		const families = `providers: { a: { baseUrl: http://127.0.0.1:9/v1, models: { big-1: {}, big-2: {} } } }
profiles: { default: { chain: { models: [big] } } }
`;
		const config = parseConfig(families, { file: 'f.yaml', env: {} });
		const text = explainedText(explainCase(config, { profile: 'default', when: '', stream: false }), 100);
		expect(text).toMatch(/^profile default, not streamed: a\/big-1 → a\/big-2\n/);
		const { profiles } = checkConfig(readConfigText(families, { file: 'f.yaml', env: {} }), { bounds: { states: 5 } });
		expect(profiles[0]?.chain).toEqual(['a/big-1', 'a/big-2']);
	});

	it('says nothing of an order where there is none', () => {
		expect(told('commit: complete')).not.toContain('order');
	});
});
