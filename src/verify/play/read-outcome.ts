import { categories } from '../../../machines/failure.ts';
import { inWords, nearest } from '../../values/nearest.ts';
import type { ErrorText, Outcome } from './case-script.ts';
import {
	clipped,
	countOf,
	durationOf,
	hintOf,
	looksLikeDuration,
	ScriptError,
	textOf,
	type Word,
} from './script-words.ts';

/** Tokens in front of a break, where a script does not say how many. */
const USUAL_TOKENS = 3;
const MOST_TOKENS = 100_000;

type Options = ReadonlyMap<string, Word>;

interface OutcomeWord {
	readonly options: readonly string[];
	make(options: Options): Outcome;
}

const words: Readonly<Record<string, OutcomeWord>> = {
	ok: {
		options: ['after', 'takes'],
		make: (options) => ({ does: 'answer', ...times(options) }),
	},
	silent: {
		options: ['after'],
		make: (options) => ({ does: 'say-nothing', afterMs: times(options).afterMs }),
	},
	timeout: { options: [], make: () => ({ does: 'silence', until: 'answered' }) },
	'connect-timeout': { options: [], make: () => ({ does: 'silence', until: 'connected' }) },
	refused: networkError('refused'),
	reset: networkError('reset'),
	dns: networkError('dns'),
	cut: breach('cut', []),
	stall: breach('stall', []),
	'error-event': breach('error-event', ['retry-after', 'code', 'type', 'message']),
};

/** Every word that begins an outcome, but for the statuses. */
export const outcomeWords: readonly string[] = [...Object.keys(words), ...categories];

/**
 * @param word the first of an item of a script
 * @param others the rest of the item
 * @returns undefined when the word begins no outcome
 * @throws ScriptError about what follows the word
 */
export function readOutcome(word: Word, others: readonly Word[]): Outcome | undefined {
	if (word.value !== undefined) return undefined;
	const kind = Object.hasOwn(words, word.name) ? words[word.name] : (statusWord(word.name) ?? categoryWord(word));
	return kind?.make(readOptions(word.name, others, kind.options));
}

function statusWord(name: string): OutcomeWord | undefined {
	if (!/^[345]\d\d$/.test(name)) return undefined;
	return {
		options: ['retry-after', 'code', 'type', 'message', 'after'],
		make: (options) => ({
			does: 'status',
			status: Number(name),
			...errorText(options),
			afterMs: times(options).afterMs,
		}),
	};
}

function categoryWord({ name, column }: Word): OutcomeWord | undefined {
	const [first, ...reasons] = name.split('.');
	const category = categories.find((known) => known === first);
	if (category === undefined) return undefined;
	const reason = reasons.length === 0 ? undefined : reasons.join('.');
	if (reason !== undefined && !/^[a-z][a-z0-9_]*$/.test(reason)) {
		throw new ScriptError(
			column,
			`\`${name}\` has a reason that is not in snake_case; write for example \`BAD_REQUEST.context_length\``,
		);
	}
	return {
		options: ['retry-after', 'after', 'tokens', 'takes'],
		make: (options) => {
			const { retryAfterMs } = errorText(options);
			const failure = {
				category,
				...(reason === undefined ? {} : { reason }),
				// A wait of nothing is no hint, as with the real ones.
				...(retryAfterMs === undefined || retryAfterMs === 0 ? {} : { retryAfterMs }),
			};
			return { does: 'failure', failure, tokens: tokens(options, 0), ...times(options) };
		},
	};
}

function networkError(what: 'refused' | 'reset' | 'dns'): OutcomeWord {
	return {
		options: ['after'],
		make: (options) => ({ does: 'network-error', what, afterMs: times(options).afterMs }),
	};
}

function breach(how: 'cut' | 'stall' | 'error-event', more: readonly string[]): OutcomeWord {
	return {
		options: ['tokens', 'after', 'takes', ...more],
		make: (options) => ({
			does: 'break',
			how,
			tokens: tokens(options, USUAL_TOKENS),
			...times(options),
			...errorText(options),
		}),
	};
}

function readOptions(of: string, given: readonly Word[], allowed: readonly string[]): Options {
	const options = new Map<string, Word>();
	for (const word of given) {
		const isHint = looksLikeDuration(word) && allowed.includes('retry-after');
		const name = isHint ? 'retry-after' : word.name;
		if (!allowed.includes(name) || (word.value === undefined && !isHint)) throw unknownOption(of, word, allowed);
		if (options.has(name)) throw new ScriptError(word.column, `\`${name}\` of \`${of}\` comes twice; say it once`);
		options.set(name, word);
	}
	return options;
}

function unknownOption(of: string, { name, value, column }: Word, allowed: readonly string[]): ScriptError {
	if (name === '')
		return new ScriptError(column, `in front of \`=\` the name of an option of \`${of}\` is missing; add it`);
	if (value === undefined && allowed.includes(name)) {
		return new ScriptError(column, `\`${name}\` has no value; write \`${name}=…\``);
	}
	if (value === undefined && (outcomeWords.includes(name) || statusWord(name) !== undefined)) {
		return new ScriptError(column, `\`${name}\` is another outcome than \`${of}\`; put a comma in front of it`);
	}
	if (allowed.length === 0) {
		return new ScriptError(column, `\`${of}\` takes no options; leave \`${name}\` out`);
	}
	const meant = nearest(name, allowed);
	const options = inWords(allowed.map((option) => `${option}=`));
	const right = meant === undefined ? `it takes ${options}` : `did you mean \`${meant}=\`?`;
	return new ScriptError(column, `\`${clipped(name)}\` is not an option of \`${of}\`; ${right}`);
}

function times(options: Options): { afterMs: number; takesMs: number } {
	const [after, takes] = [options.get('after'), options.get('takes')];
	return {
		afterMs: after === undefined ? 0 : durationOf(after),
		takesMs: takes === undefined ? 0 : durationOf(takes),
	};
}

function tokens(options: Options, usual: number): number {
	const word = options.get('tokens');
	return word === undefined ? usual : countOf(word, MOST_TOKENS);
}

function errorText(options: Options): ErrorText {
	const [hint, code, type, message] = ['retry-after', 'code', 'type', 'message'].map((name) => options.get(name));
	return {
		...(hint === undefined ? {} : { retryAfterMs: hintOf(hint) }),
		...(code === undefined ? {} : { code: textOf(code) }),
		...(type === undefined ? {} : { type: textOf(type) }),
		...(message === undefined ? {} : { message: textOf(message) }),
	};
}
