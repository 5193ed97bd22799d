import type { Behaviour } from '../../helpers/upstream.ts';
import { beginning, sends } from './pair.ts';
import type { Said, Spoken } from './spoken.ts';

/** A fault in the middle of a streamed answer. */
export interface BrokenStream {
	/** @param pieces how many of its content come before the fault */
	does: (spoken: Spoken, said: Said, pieces: number) => Behaviour;
	/** What it is taken for. */
	is: { category: string; reason?: string };
}

/** The data of an event without its end. */
function damaged(spoken: Spoken, said: Said, pieces: number): string {
	const sound = beginning(spoken, said, pieces + 1);
	const { content, finish } = spoken.pieces(said);
	const behind = spoken.wire([...content.slice(pieces + 1), ...finish]);
	return `${sound.slice(0, -5)}\n\n${behind}`;
}

export const brokenStreams: Readonly<Record<string, BrokenStream>> = {
	'the connection is closed': {
		does: (...args) => sends(beginning(...args), { end: 'fin' }),
		is: { category: 'NETWORK_ERROR', reason: 'closed' },
	},
	'the connection is reset': {
		does: (...args) => sends(beginning(...args), { end: 'rst' }),
		is: { category: 'NETWORK_ERROR', reason: 'reset' },
	},
	'the stream ends': {
		does: (...args) => sends(beginning(...args)),
		is: { category: 'SERVER_ERROR', reason: 'truncated' },
	},
	'the end mark comes without a finish': {
		does: (spoken, said, pieces) => sends(beginning(spoken, said, pieces) + spoken.pieces(said).mark),
		is: { category: 'SERVER_ERROR', reason: 'truncated' },
	},
	'an error is told': {
		does: (spoken, said, pieces) => sends(beginning(spoken, said, pieces, spoken.errorEvent('overloaded'))),
		is: { category: 'SERVER_ERROR' },
	},
	'it ends in a failure': {
		does: (spoken, said, pieces) => sends(beginning(spoken, said, pieces, spoken.failedEnd)),
		is: { category: 'SERVER_ERROR' },
	},
	'an error is told in bare JSON': {
		does: (spoken, said, pieces) =>
			sends(`${beginning(spoken, said, pieces)}${JSON.stringify(spoken.error('overloaded')[1])}\n\n`),
		is: { category: 'SERVER_ERROR', reason: 'overloaded' },
	},
	'an event is damaged': {
		does: (...args) => sends(damaged(...args)),
		is: { category: 'SERVER_ERROR', reason: 'malformed' },
	},
};
