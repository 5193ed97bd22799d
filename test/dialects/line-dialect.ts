import type { AnswerEvent, AnswerPart, Usage } from '../../src/contract/answer-parts.ts';
import type {
	AnswerReader,
	ClientDialect,
	DocumentWriter,
	Protocol,
	ProviderAsk,
	ProviderDialect,
	ReaderOptions,
	StreamState,
	StreamWriter,
} from '../../src/contract/dialect.ts';
import { type ErrorBody, emptyErrorBody } from '../../src/contract/error-body.ts';
import { Refusal } from '../../src/contract/refusal.ts';
import type { ChatBody } from '../../src/dialects/openai-chat/chat-body.ts';

/**
 * A second dialect, as small as one can be: everything is lines.
 *
 *     a request       model NAME · stream · ask TEXT · so far "TEXT"
 *     an answer       + "TEXT" · used INPUT OUTPUT · . (the end)
 *     a failure       ! CODE TEXT
 */

const name = 'lines';

interface LineRequest {
	model: string;
	ask: string;
}

function linesOf(text: string): string[] {
	return text.split('\n').filter((line) => line !== '');
}

/** What a line of an answer says; undefined when it is none of one. */
function partOf(line: string): AnswerPart | undefined {
	if (line.startsWith('+ ')) return { is: 'text', choice: 0, text: JSON.parse(line.slice(2)) };
	if (line.startsWith('used ')) return { is: 'usage', usage: usageOf(line) };
	return line === '.' ? { is: 'finish', choice: 0, reason: '.' } : undefined;
}

function usageOf(line: string): Usage {
	const [, input = 0, output = 0] = line.split(' ').map(Number);
	return { input, output, raw: line, dialect: name };
}

function eventOf(line: string, model: string): AnswerEvent | undefined {
	const part = partOf(line);
	return part === undefined ? undefined : { parts: [part], model, raw: { dialect: name, data: line, value: line } };
}

function errorIn(text: string): ErrorBody {
	const [, code, message = ''] = /^! (\S+) ?(.*)$/m.exec(text) ?? [];
	return code === undefined ? emptyErrorBody : { ...emptyErrorBody, json: text, identifiers: [code], texts: [message] };
}

/** What parts say as lines; `used` only where there was one attempt or the last one knows. */
function lineOf(part: AnswerPart): string {
	if (part.is === 'text') return `+ ${JSON.stringify(part.text)}\n`;
	if (part.is === 'finish') return '.\n';
	if (part.is !== 'usage') return '';
	const all = part.all ?? [{ target: '', usage: part.usage }];
	const sum = (count: (usage: Usage) => number) =>
		all.reduce((total, { usage }) => total + (usage ? count(usage) : 0), 0);
	return `used ${sum(({ input }) => input)} ${sum(({ output }) => output)}\n`;
}

const writer: StreamWriter = {
	write: (events) =>
		events
			.map(({ parts, raw, form }) =>
				raw.dialect === name && form === undefined ? `${raw.data}\n` : parts.map(lineOf).join(''),
			)
			.join(''),
	comment: () => '',
	end: () => '',
	breakOff: ({ body }) => `! ${body.error.code} ${body.error.message}\n`,
};

class LineDocument implements DocumentWriter {
	#text = '';
	#rest = '';
	add({ parts }: AnswerEvent): void {
		for (const part of parts) {
			if (part.is === 'text') this.#text += part.text;
			else this.#rest += lineOf(part);
		}
	}
	whole(): string {
		return `+ ${JSON.stringify(this.#text)}\n${this.#rest}`;
	}
}

export const lineClient: ClientDialect = {
	name,
	path: '/lines',
	askedIn: [name, 'openai-chat'],
	contentTypes: { document: 'text/lines', stream: 'text/lines' },
	read(text) {
		const lines = linesOf(text);
		const told = (word: string) => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
		const ask = told('ask');
		if (ask === undefined) throw new Refusal('invalid_request', 'Write a line "ask TEXT".');
		const body: LineRequest = { model: told('model') ?? '', ask };
		return {
			request: {
				dialect: name,
				body,
				stream: lines.includes('stream'),
				includeUsage: true,
				choices: 1,
				isContinuable: true,
				mayBeSilent: false,
				tokens: text.length,
			},
			wish: {
				model: told('model'),
				models: undefined,
				profile: undefined,
				hints: { taskType: undefined, quality: undefined },
				lastUserMessage: () => ({ texts: [ask], isOnlyText: true }),
			},
		};
	},
	newStream: () => writer,
	newDocument: () => new LineDocument(),
	failure: (report) => writer.breakOff(report),
};

class LineReader implements AnswerReader {
	state: StreamState = { is: 'open' };
	hasContent = false;
	isFinished = false;
	readonly skippedEvents = 0;
	readonly #model: string;
	#rest = '';

	constructor({ model }: ReaderOptions) {
		this.#model = model;
	}

	feed(bytes: Buffer): AnswerEvent[] {
		const lines = (this.#rest + bytes.toString()).split('\n');
		this.#rest = lines.pop() ?? '';
		return lines.flatMap((line) => this.#read(line));
	}

	finish(): AnswerEvent[] {
		if (this.state.is === 'open') {
			this.state = this.isFinished
				? { is: 'whole' }
				: { is: 'faulty', fault: this.hasContent ? 'answer_unfinished' : 'answer_empty' };
		}
		return [];
	}

	#read(line: string): AnswerEvent[] {
		if (line.startsWith('! ')) this.state = { is: 'error', error: errorIn(line) };
		const event = eventOf(line, this.#model);
		if (event === undefined || this.state.is !== 'open') return [];
		this.hasContent = true;
		if (line === '.') this.isFinished = true;
		return [event];
	}
}

export const lineProvider: ProviderDialect = {
	name,
	path: '/lines',
	lossesOf: () => [],
	render({ request, model, streamUpstream, way, shown }: ProviderAsk) {
		const stream = request.stream || streamUpstream || way !== 'fresh';
		const ask = request.dialect === name ? (request.body as LineRequest).ask : lastWords(request.body as ChatBody);
		const soFar = shown === '' ? '' : `so far ${JSON.stringify(shown)}\n`;
		return { body: `model ${model}\n${stream ? 'stream\n' : ''}ask ${ask}\n${soFar}`, stream, choices: 1 };
	},
	isContinuable: () => true,
	formOf: ({ 'x-form': form }) => (form === 'document' || form === 'events' ? form : undefined),
	looksLike: () => undefined,
	newReader: (options) => new LineReader(options),
	hasUnreadContent: () => false,
	readDocument(text, { model }) {
		const events = linesOf(text).flatMap((line) => eventOf(line, model) ?? []);
		const [usage] = events.flatMap(({ parts }) => parts.flatMap((part) => (part.is === 'usage' ? part.usage : [])));
		if (!text.includes('\n.\n')) return { is: 'failure', error: errorIn(text) };
		return {
			is: 'answer',
			answer: { usage, hasContent: () => text.startsWith('+ '), body: (bytes) => bytes, events: () => events },
		};
	},
	readError: (_status, text) => errorIn(text),
};

export const lineProtocol: Protocol = {
	name,
	endpoints: { lines: lineProvider },
	usualEndpoints: () => ['lines'],
	address: ({ baseUrl, apiKey }, { path }) => ({
		origin: new URL(baseUrl).origin,
		path: () => `${new URL(baseUrl).pathname}${path}`,
		// Made for each request, as a signature is, with credentials that are fetched first.
		headers: async ({ body }) => ['x-signature', `${apiKey ?? 'nobody'}:${body.length}`],
	}),
};

/** The text of the last message of a chat. */
function lastWords(body: ChatBody): string {
	return String(body.items.last?.content);
}
