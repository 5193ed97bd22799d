import { suggestion } from '../../values/nearest.ts';
import type { CaseScript, Outcome, ScriptEntry, StateBefore, Subject } from './case-script.ts';
import { outcomeWords, readOutcome } from './read-outcome.ts';
import { readState, stateWords } from './read-state.ts';
import { clipped, durationOf, ScriptError, ScriptReader, type Word } from './script-words.ts';

/**
 * Reads what `--when` says; the grammar is in `script-help.ts`.
 * @param known whom a script may be about: see `subjectsOf`
 * @throws ScriptError with the first mistake
 */
export function readScript(text: string, known: readonly Subject[]): CaseScript {
	const reader = new ScriptReader(text);
	const entries: ScriptEntry[] = [];
	let clientLeavesAfterMs: number | undefined;
	while (!reader.isAtEnd) {
		if (reader.take(';')) continue;
		const column = reader.column;
		const subject = takeSubject(reader, known);
		if (subject !== undefined) {
			if (entries.some((entry) => entry.subject.name === subject.name)) {
				throw new ScriptError(column, `\`${subject.name}\` comes twice; put its outcomes into one list`);
			}
			entries.push(readEntry(reader, subject));
		} else {
			if (!/^client\b/.test(reader.rest)) throw unknownSubject(reader, known);
			if (clientLeavesAfterMs !== undefined) throw new ScriptError(column, 'the client leaves twice; say it once');
			clientLeavesAfterMs = readClient(reader);
		}
	}
	return { entries, ...(clientLeavesAfterMs === undefined ? {} : { clientLeavesAfterMs }) };
}

/** The longest name that stands here in front of a colon: names of models may have colons in them. */
function takeSubject(reader: ScriptReader, known: readonly Subject[]): Subject | undefined {
	const { rest } = reader;
	const fitting = known.filter(({ name }) => rest.startsWith(name) && /^\s*:/.test(rest.slice(name.length)));
	const longest = fitting.sort((a, b) => b.name.length - a.name.length)[0];
	if (longest === undefined) return undefined;
	reader.take(longest.name);
	reader.take(':');
	return longest;
}

function unknownSubject(reader: ScriptReader, known: readonly Subject[]): ScriptError {
	const { column, rest } = reader;
	const names = known.map(({ name }) => name);
	const said = clipped(/^[^;]*/.exec(rest)?.[0].trim() ?? '');
	const [, wrong = ''] = /^([^;]*?)\s*:(?:\s|$)/.exec(rest) ?? /^([^;:]*?)\s*:/.exec(rest) ?? [];
	if (wrong !== '') {
		const what = 'is no provider, key or target of the configuration';
		return new ScriptError(column, `\`${clipped(wrong)}\` ${what}; ${suggestion(wrong, names)}`);
	}
	const meant = names.find((name) => said.startsWith(`${name} `));
	if (meant !== undefined) {
		const right = `${meant}: ${said.slice(meant.length + 1)}`;
		return new ScriptError(column, `\`${said}\` lacks the colon behind \`${meant}\`; write \`${right}\``);
	}
	const right = `${names.find((name) => name !== '*') ?? '*'}: ${said.replace(/^[:\s]+/, '') || '503'}`;
	return new ScriptError(column, `\`${said}\` says nothing of whom it is about; write for example \`${right}\``);
}

function readEntry(reader: ScriptReader, subject: Subject): ScriptEntry {
	const { column } = reader;
	const outcomes: Outcome[] = [];
	let state: StateBefore | undefined;
	let unavailable: ScriptEntry['unavailable'];
	do {
		const [word, ...others] = reader.words();
		if (word === undefined) {
			throw new ScriptError(
				reader.column,
				`here an outcome of \`${subject.name}\` is missing; write one such as \`503\` or \`ok\``,
			);
		}
		const outcome = readOutcome(word, others);
		if (outcome !== undefined) {
			outcomes.push(outcome);
			continue;
		}
		if (word.name === 'unavailable') {
			unavailable = readUnavailable(others);
			continue;
		}
		const before = readState(word, others);
		if (before === undefined) throw unknownWord(word);
		if (state !== undefined)
			throw new ScriptError(word.column, 'a provider has one state before the request; name one');
		if (subject.target !== undefined && subject.hasOwnActor !== true) {
			const right = subject.credential ?? subject.provider ?? '*';
			throw new ScriptError(
				word.column,
				`\`${word.name}\` is the state of a provider, not of its only model; write \`${right}: ${word.name}\``,
			);
		}
		state = before;
	} while (reader.take(','));
	if (outcomes.length === 0 && state === undefined && unavailable === undefined) {
		throw new ScriptError(column, `\`${subject.name}\` has no outcome; write one such as \`503\` or \`ok\``);
	}
	return {
		subject,
		outcomes,
		...(state === undefined ? {} : { state }),
		...(unavailable === undefined ? {} : { unavailable }),
	};
}

function readUnavailable(words: readonly Word[]): { forMs?: number } {
	const [time, ...others] = words;
	const [other] = others;
	if (other !== undefined)
		throw new ScriptError(other.column, `\`${other.name}\` is too much; write \`unavailable 5m\``);
	return time === undefined ? {} : { forMs: durationOf(time) };
}

function unknownWord({ name, value, column }: Word): ScriptError {
	if (value !== undefined) {
		const what = `\`${clipped(name)}=\` is an option, and no outcome`;
		return new ScriptError(column, `${what}; put an outcome such as \`503\` in front of it`);
	}
	if (/^\d+$/.test(name)) {
		const right = /^2\d\d$/.test(name) ? 'write `ok` for an answer' : 'write an error status from 300 to 599';
		return new ScriptError(column, `\`${name}\` is not the status of a failure; ${right}`);
	}
	const words = [...outcomeWords, ...stateWords, 'unavailable'];
	return new ScriptError(column, `\`${clipped(name)}\` is not an outcome; ${suggestion(name, words)}`);
}

function readClient(reader: ScriptReader): number {
	reader.take('client');
	reader.take(':');
	const { column } = reader;
	const [leaves, after, ...others] = reader.words();
	if (leaves?.name !== 'leaves' || leaves.value !== undefined) {
		throw new ScriptError(leaves?.column ?? column, 'the client can only leave; write `client leaves after=3s`');
	}
	const [other] = others;
	if (other !== undefined)
		throw new ScriptError(other.column, `\`${other.name}\` is too much; write \`client leaves after=3s\``);
	if (after === undefined) return 0;
	if (after.name === 'after' && after.value !== undefined) return durationOf(after);
	throw new ScriptError(after.column, `\`${after.name}\` is not known here; write \`client leaves after=3s\``);
}
