import { followed, followerOf, followerText, isSameToOthers } from './follower.ts';
import { happeningWords, type Property } from './seen.ts';

/** What others are told of a change. */
export const factsProperty: Property = {
	id: 'facts-tell-every-change',
	statement:
		'whoever hears the facts of a provider knows its state, until when and why, its probes, its unavailable models and those that refuse a prefill; what changes none of these is no fact, but for an operator’s word',
	check: ({ event, now, before, state, expected, facts, context }) => {
		if (state !== expected.ghost.state) return undefined;
		const after = expected.ghost;
		if (facts.length === 0 && isSameToOthers(before, after)) return undefined;
		const words = happeningWords(event);
		let known = followerOf(before);
		for (const fact of facts) {
			const next = followed(known, fact);
			const isOrder = event.type === 'operator.tripped' || event.type === 'operator.reset';
			if (!isOrder && followerText(next, now) === followerText(known, now)) {
				return `after ${words} it tells ${fact.type}, which changes nothing`;
			}
			known = next;
			if (fact.provider !== context.id || fact.at !== now) return `${fact.type} names another provider or another time`;
			if ('learnt' in fact && fact.learnt !== (event.type === 'peer.tripped')) {
				return `${fact.type} does not tell whether it was learnt from a peer`;
			}
		}
		if (followerText(known, now) === followerText(followerOf(after), now)) return undefined;
		const told = facts.map(({ type }) => type).join(', ') || 'nothing';
		return `after ${words} it tells ${told}, by which others do not know how it stands`;
	},
};
