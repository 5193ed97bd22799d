import { expect, it } from 'vitest';
import { answerOf } from '../../bench/soak-answer.ts';
import { continuation } from '../../bench/soak-model.ts';
import { planAttempt } from '../../bench/soak-plan.ts';
import { Random } from '../../bench/soak-random.ts';
import type { Way } from '../../machines/request/progress.ts';
import { AnswerStream } from '../../src/answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../src/contract/answer-parts.ts';

/** The soak without its sockets: every seam of the same models, many more in the same time, and each run the same. */
const SEED = 1;
const ANSWERS = 6000;
const ATTEMPTS = 5;

const raw = { dialect: 'none', data: '{}', value: {} };

/** What one answer came to: its text as the client has it, whether it is said to be whole, and what was asked and written. */
interface Told {
	text: string;
	isWhole: boolean;
	asked: object[];
}

/** An answer that breaks off somewhere, and is carried on by models that go on in their ways and may break off again. */
function tell(number: number): Told {
	const answer = answerOf(SEED, number);
	const random = new Random(SEED, number, 'seams');
	const stream = new AnswerStream({ retainedText: 1e6, isContinuable: true });
	const told: Told = { text: '', isWhole: false, asked: [] };
	const hear = ({ events, problem }: ReturnType<AnswerStream['take']>) => {
		for (const { parts } of events) told.text += parts.map((part) => (part.is === 'text' ? part.text : '')).join('');
		return problem;
	};
	const say = (part: AnswerPart) => hear(stream.take([{ parts: [part], model: 'm', raw } satisfies AnswerEvent]));
	const write = (text: string) => {
		let problem: ReturnType<typeof say>;
		for (let at = 0; at < text.length && problem === undefined; ) {
			const end = at + random.integer(1, 9);
			problem = say({ is: 'text', choice: 0, text: text.slice(at, end) });
			at = end;
		}
		return problem;
	};

	stream.beginAttempt({ target: 'first', way: 'fresh', shown: '', choices: 1 });
	const spaces = [...answer.text.matchAll(/\s/g)].map(({ index }) => index + 1);
	write(answer.text.slice(0, random.chance(0.3) ? random.pick(spaces) : random.integer(1, answer.text.length)));
	let way = 'instruct' as Way;
	for (let ordinal = 1; ordinal <= ATTEMPTS; ordinal++) {
		if (way !== 'rewind') way = random.chance(1 / 3) ? 'prefill' : 'instruct';
		const shown = stream.shownFor(way);
		const plan = planAttempt(SEED, number, ordinal);
		const said = continuation(answer, shown, way === 'prefill' ? 'prefill' : 'instruct', plan);
		const length = random.chance(0.25) ? random.integer(0, said.length) : said.length;
		told.asked.push({ way, shown: shown.slice(-80), behaviour: plan.behaviour, said: said.slice(0, 120), length });
		stream.beginAttempt({ target: `m${ordinal}`, way, shown, choices: 1 });
		let problem = write(said.slice(0, length));
		if (length === said.length) {
			problem ??= say({ is: 'finish', choice: 0, reason: answer.finish }) ?? hear(stream.end());
			told.isWhole = problem === undefined;
		}
		if (told.isWhole || !stream.isContinuable) break;
		way = problem === 'ambiguous' && way !== 'rewind' ? 'rewind' : 'instruct';
	}
	return told;
}

it('of thousands of answers that break off, none is wrong, and few end with an error', () => {
	let told = 0;
	let whole = 0;
	for (let number = 0; number < ANSWERS; number++) {
		const { text } = answerOf(SEED, number);
		if (text === '') continue;
		const got = tell(number);
		told++;
		if (got.isWhole) whole++;
		const isRight = got.isWhole ? got.text === text : text.startsWith(got.text);
		if (!isRight) expect.fail(`answer ${number}: ${JSON.stringify(got, null, '\t')}`);
	}
	expect(told).toBeGreaterThan(5000);
	expect(whole / told).toBeGreaterThan(0.95);
});
