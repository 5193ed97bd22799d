import { mostFailures } from '../../config/policy-defaults.ts';
import { inWords, nearest } from '../../values/nearest.ts';
import { type OpenReason, openReasons, type StateBefore } from './case-script.ts';
import { clipped, durationOf, looksLikeDuration, ScriptError, type Word } from './script-words.ts';

/** The words for how a provider stands before the request. */
export const stateWords: readonly string[] = ['open', 'quota-cooldown', 'half-open', 'closed', 'failures', 'limited'];

/**
 * @param word the first of an item of a script
 * @param others the rest of the item
 * @returns undefined when the word names no state
 * @throws ScriptError about what follows the word
 */
export function readState(word: Word, others: readonly Word[]): StateBefore | undefined {
	if (word.value !== undefined) return undefined;
	switch (word.name) {
		case 'closed':
			readAll(word, others, {});
			return { is: 'closed' };
		case 'failures':
			return { is: 'failing', failures: countIn(word, others) };
		case 'half-open':
			return { is: 'half-open', isBusy: readAll(word, others, { names: ['busy'] }).name === 'busy' };
		case 'quota-cooldown':
			return { is: 'quota-cooldown', ...timeOf(readAll(word, others, { hasTime: true })) };
		case 'limited':
			return { is: 'limited', ...timeOf(readAll(word, others, { hasTime: true })) };
		case 'open': {
			const read = readAll(word, others, { names: openReasons, hasTime: true });
			return { is: 'open', reason: read.name ?? 'failures', ...timeOf(read) };
		}
		default:
			return undefined;
	}
}

function countIn(state: Word, [count, ...others]: readonly Word[]): number {
	if (count === undefined) {
		throw new ScriptError(state.column, 'how many `failures` in a row is missing; write for example `failures 2`');
	}
	const [other] = others;
	if (other !== undefined) {
		throw new ScriptError(
			other.column,
			`\`${clipped(other.name)}\` is one too many for \`failures\`; leave it out, or put a comma in front of it`,
		);
	}
	const failures = count.value === undefined && /^\d+$/.test(count.name) ? Number(count.name) : 0;
	if (failures >= 1 && failures <= mostFailures) return failures;
	throw new ScriptError(
		count.column,
		`\`${clipped(count.name)}\` is no number of failures; write a whole one from 1 to ${mostFailures}`,
	);
}

interface Allowed<Name extends string> {
	names?: readonly Name[];
	hasTime?: boolean;
}

interface Read<Name extends string> {
	name?: Name;
	forMs?: number;
}

function timeOf({ forMs }: Read<OpenReason>): { forMs?: number } {
	return forMs === undefined ? {} : { forMs };
}

function readAll<Name extends string>(state: Word, words: readonly Word[], allowed: Allowed<Name>): Read<Name> {
	const { names = [], hasTime = false } = allowed;
	const read: Read<Name> = {};
	for (const word of words) {
		if (hasTime && read.forMs === undefined && looksLikeDuration(word)) {
			read.forMs = positive(word);
			continue;
		}
		const name = names.find((known) => known === word.name && word.value === undefined);
		if (name === undefined || read.name !== undefined) throw unknownWord(state, word, names, hasTime);
		read.name = name;
	}
	return read;
}

function positive(word: Word): number {
	const ms = durationOf(word);
	if (ms > 0) return ms;
	throw new ScriptError(word.column, `\`${word.name}\` is no time at all; write at least \`1ms\``);
}

function unknownWord({ name: state }: Word, word: Word, names: readonly string[], hasTime: boolean): ScriptError {
	const said = clipped(word.value === undefined ? word.name : `${word.name}=`);
	const allowed = [...(hasTime ? ['a duration such as `40s`'] : []), ...(names.length > 0 ? [inWords(names)] : [])];
	if (allowed.length === 0) {
		return new ScriptError(
			word.column,
			`\`${state}\` stands alone; leave \`${said}\` out, or put a comma in front of it`,
		);
	}
	if (names.includes(word.name) || (hasTime && looksLikeDuration(word))) {
		return new ScriptError(word.column, `\`${said}\` is one too many for \`${state}\`; leave it out`);
	}
	const meant = nearest(word.name, names);
	const right = meant === undefined ? `after it may come ${allowed.join(', ')}` : `did you mean \`${meant}\`?`;
	return new ScriptError(word.column, `\`${said}\` says nothing about \`${state}\`; ${right}`);
}
