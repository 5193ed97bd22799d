import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/verify/check-config.ts';
import { combinations, lostProfiles, planOf, usable, writtenFor } from './planned.ts';

const locals = [[], ['ollama'], ['ollama', 'lmstudio']];
const all = [0, 1, 2, 3]
	.flatMap((size) => combinations(usable, size).flatMap((providers) => locals.map((local) => ({ providers, local }))))
	.filter(({ providers, local }) => providers.length + local.length > 0);

test('of every combination of up to three providers and local servers, no profile depends on one provider alone', () => {
	expect(all.length).toBeGreaterThan(500);
	const dependent = all
		.filter(({ providers, local }) => providers.length + local.length > 1)
		.flatMap(({ providers, local }) =>
			planOf(providers, local).profiles.flatMap(({ name, chain }) => {
				const used = new Set(chain.map((target) => target.slice(0, target.indexOf('/'))));
				// Vectors come of one model, which another provider may not have.
				return used.size > 1 || name === 'embeddings' ? [] : [`${[...providers, ...local].join(', ')}: ${name}`];
			}),
		);
	expect(dependent).toEqual([]);
});

/** Every provider in some combination, alone and with others. */
const some = all.filter((_, index) => index % 97 === 0 || index < 8);

describe.each(some)('what init writes for $providers and $local', ({ providers, local }) => {
	const read = writtenFor(providers, local);
	const isAlone = providers.length + local.length === 1;

	test('holds, and says of no chain that it ends with one provider', () => {
		const { verdict, lintFindings } = checkConfig(read, { bounds: { states: 2000 } });
		expect(verdict).not.toBe('fails');
		// What is smaller than what it backs up is so, and is worth a warning.
		const rules = lintFindings.filter(({ severity }) => severity !== 'note').map(({ rule }) => rule);
		const others = rules.filter((rule) => rule !== 'smaller-fallback' && !(isAlone && rule === 'shared-fate'));
		expect(others).toEqual([]);
	});

	test.runIf(!isAlone)('answers in every profile, whichever provider dies, and however', () => {
		expect(lostProfiles(read)).toEqual([]);
	});
});
