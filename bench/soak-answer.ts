import { Random } from './soak-random.ts';

/** What kinds of answer there are, and how often each comes, relative to the others. */
export const kindWeights = { prose: 30, code: 25, list: 15, json: 6, tools: 12, 'text + tools': 12 };
export type Kind = keyof typeof kindWeights;

/** The one right answer to a stream's prompt. */
export interface Answer {
	kind: Kind;
	text: string;
	tools: readonly { name: string; arguments: string }[];
	finish: 'stop' | 'tool_calls';
}

const words =
	'harbour wall storm Größe café naïve 港口 潮が満ちる Ελλάδα привет مرحبا e\u0301tude 🌊 👩‍🚀 🇳🇱 “quoted” — … the a of tide \\n "x" 1862 Ω\u200bΩ  two'.split(
		' ',
	);
const codeLines = [
	'    console.log("the tide is coming in");\n',
	'    await pump.wait(50);\n',
	'}\n',
	'\n',
	'  return harbour;\n',
	'for (const ship of ships) {\n',
];

/**
 * The answer to a number. Every text begins with a heading of its own of more than 24 characters that does not come
 * again: a model that starts over and then leaves the text can be told from one that goes on only where the beginning
 * is like no other place.
 */
export function answerOf(seed: number, number: number): Answer {
	const random = new Random(seed, number, 'answer');
	const kind = random.weighted(kindWeights);
	const heading = `Report ${number} of series ${seed} on ${random.pick(words)} and more\n\n`;
	const tools = kind === 'tools' || kind === 'text + tools' ? toolsOf(random) : [];
	const text = kind === 'tools' ? '' : heading + body(kind, random);
	if (kind === 'json')
		return { kind, text: JSON.stringify({ heading, items: text.split(' ') }), tools, finish: 'stop' };
	return { kind, text, tools, finish: tools.length > 0 ? 'tool_calls' : 'stop' };
}

function body(kind: Kind, random: Random): string {
	const parts: string[] = [];
	const length = random.integer(4, kind === 'text + tools' ? 15 : 120);
	if (kind === 'code') {
		// Runs of the same line: where a run goes on, a repetition and a continuation look alike.
		for (let at = 0; at < length / 4; at++) parts.push(random.pick(codeLines).repeat(random.integer(1, 4)));
		return parts.join('');
	}
	for (let at = 0; at < length; at++) {
		const isItem = kind === 'list' && at % 6 === 0;
		parts.push(isItem ? `\n${1 + at / 6}. the same thing again: ` : `${random.pick(words)} `);
	}
	return random.chance(0.2) ? `${parts.join('')}\n  \n` : parts.join('');
}

function toolsOf(random: Random): Answer['tools'] {
	return Array.from({ length: random.integer(1, 3) }, () => ({
		name: random.pick(['look_up', 'send', 'měřit']),
		arguments: JSON.stringify({ city: random.pick(words), days: random.integer(0, 999), why: body('prose', random) }),
	}));
}
