import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Candidate } from '../../../machines/request/progress.ts';
import { keyOrders, orders } from '../../../src/config/order-schema.ts';
import type { Contact } from '../../../src/gateway/contact.ts';
import type { Lineup } from '../../../src/gateway/order/ordering.ts';
import { Ordering } from '../../../src/gateway/order/ordering.ts';
import { TargetBook } from '../../../src/gateway/order/target-book.ts';
import { candidateOn } from '../../helpers/policy.ts';
import { runs } from '../../helpers/runs.ts';

const start = 1_000_000_000;
const windowMs = 60_000;

/** A chain: for each link its target, of which there are few so that some stand in it twice, and how many keys it has. */
const chain = fc.array(fc.record({ target: fc.nat(4), keys: fc.integer({ min: 1, max: 3 }) }), {
	minLength: 1,
	maxLength: 6,
});

/** What happened before: attempts that ended in one way or another, and conversations that were answered. */
const past = fc.array(
	fc.record({
		at: fc.nat(30),
		ends: fc.constantFrom('succeeded', 'failed', 'under way'),
		ms: fc.nat(500),
		conversation: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
	}),
	{ maxLength: 30 },
);

function lineupOf(links: { target: number; keys: number }[]): Lineup {
	const candidates = links.flatMap(({ target, keys }, link): Candidate[] =>
		Array.from({ length: keys }, (_, key) => {
			const provider = `p${target}`;
			const credential = `${provider}#${key + 1}`;
			return { ...candidateOn({} as never), link, target: `${provider}/m`, provider, credential };
		}),
	);
	// Each contact tells by itself which candidate it belongs to.
	return {
		candidates,
		contacts: candidates.map(({ link, credential }) => ({ tag: `${link} ${credential}` }) as never),
	};
}

const tagOf = (contact: Contact | undefined) => (contact as unknown as { tag: string } | undefined)?.tag;

it('whatever has happened, an ordered chain is the chain: all of its targets and keys, each with its contact, the keys of a link together', () => {
	fc.assert(
		fc.property(
			chain,
			past,
			fc.constantFrom(...orders),
			fc.constantFrom(...keyOrders),
			fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
			fc.option(fc.constantFrom('one', 'two', 'three'), { nil: undefined }),
			(links, attempts, by, keys, skipBelow, conversation) => {
				const lineup = lineupOf(links);
				const book = new TargetBook([windowMs]);
				const ordering = new Ordering({ book });
				const order = {
					rule: { by, skipBelow },
					windowMs,
					affinityMs: windowMs,
					weights: new Map([['p0/m', 0]]),
					keys: new Map([0, 1, 2, 3, 4].map((target) => [`p${target}`, keys] as const)),
				};
				const call = { route: 'default', kind: 'streamed', tokens: 10 } as const;
				for (const { at, ends, ms, conversation: answered } of attempts) {
					const candidate = lineup.candidates[at % lineup.candidates.length] as Candidate;
					const visit = book.begin(candidate, 'streamed', start);
					if (ends === 'succeeded') visit.succeeded(start + ms);
					if (ends === 'failed') visit.failed({ category: 'SERVER_ERROR' }, start + ms);
					if (ends !== 'under way') visit.end();
					ordering.noteAnswer({ ...call, conversation: answered }, order, candidate, start);
				}
				const { candidates, contacts } = ordering.ordered({ ...call, conversation }, order, lineup, start + 1000);
				const name = ({ link, credential }: Candidate) => `${link} ${credential}`;
				expect(candidates.map(name).sort()).toEqual(lineup.candidates.map(name).sort());
				expect(contacts.map(tagOf)).toEqual(candidates.map(name));
				const inOrder = candidates.map(({ link }) => link).filter((link, at, all) => link !== all[at - 1]);
				expect(inOrder).toHaveLength(new Set(inOrder).size);
			},
		),
		runs(300),
	);
});
