/** What a request asks of a model, in no API's words. */
export interface Question {
	/** Names what the model does: see `deedOf`. */
	readonly model: string;
	readonly stream: boolean;
	readonly tools: readonly string[];
	/** What tools returned; `''` where none did. */
	readonly returned: string;
	/** The text of the assistant's last message; `''` where there is none. */
	readonly said: string;
	/** That message is the last of all. */
	readonly endsWithSaid: boolean;
}

/** What the model says: a text in pieces, or the call of one tool. */
export type Saying =
	| { readonly is: 'text'; readonly pieces: readonly string[] }
	| { readonly is: 'call'; readonly tool: string; readonly arguments: string };

/** What a model thinks before it calls a tool, where its API tells thoughts. */
export const thought = 'The sign can only be read at the quay.';

/** The proof of a thought, which a real API takes back from nobody but whom it gave it to. */
export function proofOf(provider: string): string {
	return Buffer.from(`proof of ${provider}`).toString('base64');
}

/**
 * What a model of the fake provider does, which its name says.
 * - `answers`: it answers, or goes on with the answer that it is shown
 * - `calls`: it calls a tool, and says what that returned
 * - `calls-once`: it calls a tool, and its provider answers 503 when it is told what that returned
 * - `answers-once`: it answers, and its provider answers 503 to what is asked after that
 * - `unavailable`: its provider answers 503
 * - `breaks`: its answer is cut off in the middle
 */
export const deeds = ['answers', 'answers-once', 'calls', 'calls-once', 'unavailable', 'breaks'] as const;

export type Deed = (typeof deeds)[number];

/** @throws Error where no model has that name */
export function deedOf({ model }: Pick<Question, 'model'>): Deed {
	const deed = deeds.find((name) => name === model);
	if (deed === undefined) throw new Error(`No model is called ${model}.`);
	return deed;
}

/** @returns whether the provider answers with 503 */
export function isUnavailable(question: Question): boolean {
	const deed = deedOf(question);
	if (deed === 'answers-once') return question.said !== '';
	return deed === 'unavailable' || (deed === 'calls-once' && question.returned !== '');
}

/** The answer to everything. No eight words in a row stand in it twice, so a continuation fits in one place only. */
export const wholeAnswer =
	'The harbour lies behind two piers of grey stone. Fishing boats leave it before dawn and come back with the tide at noon. ' +
	'A lamp on the longer pier burns through every night of the year, and its keeper writes down each sail that passes.';

/** The answer to whoever has that one already. */
export const secondAnswer = 'As I said: behind two piers of grey stone.';

/** What `calls` says in the end: the word on the sign can only come from the tool. */
export function signAnswer(word: string): string {
	return `I have read the sign at the quay: it says ${word}.`;
}

const signWord = /quay-[0-9a-f]{8}/;

/** Tools that read the sign, the first that a client has, with the arguments that they take. */
const readingTools: Readonly<Record<string, object>> = {
	read_sign: { place: 'quay' },
	Bash: { command: 'cat sign.txt', description: 'Read the sign' },
	exec_command: { cmd: 'cat sign.txt' },
	shell_command: { command: 'cat sign.txt' },
	shell: { command: ['cat', 'sign.txt'] },
};

/** @throws Error where a client gives no tool that could be called */
export function sayingTo(question: Question): Saying {
	if (!deedOf(question).startsWith('calls')) return text(restOf(question));
	const [word] = signWord.exec(question.returned) ?? [];
	if (word !== undefined) return text(signAnswer(word));
	if (question.returned !== '') return text(`The tool returned no sign but: ${question.returned.slice(0, 500)}`);
	const tool = Object.keys(readingTools).find((name) => question.tools.includes(name));
	if (tool === undefined) throw new Error(`None of the tools reads a sign: ${question.tools.join(', ')}.`);
	return { is: 'call', tool, arguments: JSON.stringify(readingTools[tool]) };
}

/** A model that is asked to go on begins with the last eight words again, as the instruction wants; one that is not, does not. */
function restOf({ said, endsWithSaid }: Question): string {
	if (said === wholeAnswer) return secondAnswer;
	if (said === '' || !wholeAnswer.startsWith(said)) return wholeAnswer;
	if (endsWithSaid) return wholeAnswer.slice(said.length);
	const [again = ''] = /(\S+\s*){1,8}$/.exec(said) ?? [];
	return wholeAnswer.slice(said.length - again.length);
}

function text(whole: string): Saying {
	return { is: 'text', pieces: whole.match(/\S+\s*/g) ?? [] };
}
