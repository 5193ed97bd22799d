import type { RoutingWish } from '../../contract/dialect.ts';

export type Kind = 'code' | 'critical' | 'cheap';

/** What a look at the last message found. */
export interface Recognition {
	kind: Kind;
	/** For the caller: what was seen, and where. */
	because: string;
}

interface Sign {
	kind: Kind;
	because: string;
	isIn(text: string, isShort: boolean): boolean;
}

/** How much of a long message is looked at, from its beginning and from its end, characters. */
const LOOKED_AT = 2000;
/** A task that is described in so few characters is a small one. */
const SHORT = 400;

const matches = (pattern: RegExp) => (text: string) => pattern.test(text);

/**
 * The whole table, in its order: the first sign that is found counts. All of it is about the text of the last message
 * of the user. No pattern backtracks over more than a line.
 */
const signs: readonly Sign[] = [
	{ kind: 'code', because: 'code fence in the last message', isIn: matches(/^ {0,3}(```|~~~)/m) },
	{
		kind: 'code',
		because: 'stack trace in the last message',
		isIn: matches(
			/^Traceback \(most recent call last\):|^[ \t]{1,8}(at [^\n]{1,300}:\d+:\d+\)?$|at [\w.$<>]{1,200}\([\w.]{1,100}:\d+\)|File "[^"\n]{1,200}", line \d)/m,
		),
	},
	{
		kind: 'code',
		because: 'diff in the last message',
		isIn: matches(/^(diff --git |@@ -\d|\+\+\+ [ab]\/|--- [ab]\/)/m),
	},
	{
		kind: 'code',
		because: 'source code in the last message',
		isIn: matches(
			/^\s{0,16}((export |async |public |static |private ){0,3}(function|class|interface|def|fn|func|struct|impl|const|let|var) \w+ ?[({:=<]|#include [<"]|import [\w{*][^\n]{0,100} from ['"]|from [\w.]+ import |SELECT [^\n]{1,200} FROM )/m,
		),
	},
	{
		kind: 'critical',
		because: 'urgent word in the last message',
		isIn: matches(
			/\b(urgent(ly)?|emergency|critical|asap|outage|production is down|sev-?[01]|p0)\b|紧急|緊急|严重故障|線上故障|线上故障/i,
		),
	},
	{
		kind: 'cheap',
		because: 'small task in a short message',
		isIn: (text, isShort) =>
			isShort &&
			/\b(translate|summari[sz]e|tl;?dr|classify|categori[sz]e|rephrase|paraphrase|proofread|fix the (grammar|spelling)|extract the|quick question|in one (word|sentence)|yes or no)\b|翻译|总结|概括|分类|润色/i.test(
				text,
			),
	},
];

/**
 * What kind of task the last message of the user shows, of the kinds that are asked for. It costs a few microseconds,
 * however long the message is.
 * @param kinds those that somebody wants to know
 */
export function recognizeMessage(
	message: ReturnType<RoutingWish['lastUserMessage']>,
	kinds: { has(kind: Kind): boolean },
): Recognition | undefined {
	const { text, isShort } = lookedAt(message);
	if (text === '') return undefined;
	const sign = signs.find(({ kind, isIn }) => kinds.has(kind) && isIn(text, isShort));
	return sign === undefined ? undefined : { kind: sign.kind, because: sign.because };
}

/** The beginning and the end of the texts of a message; one with something else in it is no short one. */
function lookedAt({ texts, isOnlyText }: ReturnType<RoutingWish['lastUserMessage']>): {
	text: string;
	isShort: boolean;
} {
	const length = texts.reduce((sum, text) => sum + text.length, 0);
	const pieces = texts.flatMap((text) =>
		text.length <= 2 * LOOKED_AT ? text : [text.slice(0, LOOKED_AT), text.slice(-LOOKED_AT)],
	);
	const first = pieces.join('\n');
	const text = first.length <= 2 * LOOKED_AT + 1 ? first : `${first.slice(0, LOOKED_AT)}\n${first.slice(-LOOKED_AT)}`;
	return { text, isShort: isOnlyText && length <= SHORT };
}
