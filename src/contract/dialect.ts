import type { Way } from '../../machines/request/progress.ts';
import type { AnswerEvent, FinishPart, Usage } from './answer-parts.ts';
import type { Conversation, Loss } from './conversation.ts';
import type { AnswerFault, ErrorBody } from './error-body.ts';
import type { FailureReport } from './failure-report.ts';

/**
 * The two sides of the dialect seam. A client dialect is how callers speak to Breakwater, a provider dialect is how
 * Breakwater speaks to providers. Between them stand neutral parts (`answer-parts.ts`), each with the raw event that it
 * came from: where both sides speak the same dialect, that goes through untouched.
 */

// The client's side.

/** A request as far as Breakwater reads it; everything else in it is the provider's. */
export interface ClientRequest {
	/** The name of the dialect that it came in. */
	readonly dialect: string;
	/** The request itself, for the provider dialects that can render one of this dialect. */
	readonly body: unknown;
	readonly stream: boolean;
	/** Whether a stream is to end with its usage. */
	readonly includeUsage: boolean;
	/** How many answers are asked for at once. */
	readonly choices: number;
	/** A broken answer could be carried on: it is one plain text, not several, not half a document of a schema. */
	readonly isContinuable: boolean;
	/** An answer that says nothing is what it may expect: its last message is what a tool returned. */
	readonly mayBeSilent: boolean;
	/** About how many tokens it has: what a permit for it is worth. */
	readonly tokens: number;
	/**
	 * The same in no dialect's words, for a target that speaks another; read when it is first asked for. Absent where only a
	 * target of the same dialect can answer it.
	 * @throws Refusal when it contradicts itself: a tool's result without its call
	 */
	readonly conversation?: () => Conversation;
	/**
	 * Whether it certainly holds no picture, file or sound, told without reading the conversation; absent: it may. What is
	 * written so that it cannot be told counts as a text, and is the provider's to refuse.
	 */
	readonly isOnlyText?: () => boolean;
	/** What in it only one provider knows; absent for nothing. */
	readonly borrowed?: readonly Borrowed[];
}

/** An id, or a proof, that one provider gave out and that means nothing to any other. */
export interface Borrowed {
	readonly id: string;
	/** In the caller's words: `previous_response_id`. */
	readonly what: string;
	/** Nobody else can answer without it; else it is left out where another is asked. */
	readonly isNeeded: boolean;
}

/** What a request says of where it wants to go. */
export interface RoutingWish {
	readonly model: string | undefined;
	/** A chain of the caller's own, not empty; undefined where there is none. */
	readonly models: readonly string[] | undefined;
	/** The profile that the body names. */
	readonly profile: string | undefined;
	readonly hints: BodyHints;
	/** What the body says that it may cost; absent where it does not. */
	readonly costs?: CostWish | undefined;
	/** The longest answer that it allows, tokens; absent where it does not say. */
	readonly answerTokens?: number | undefined;
	/** What all requests of its conversation have in common: texts, of which nothing may be kept; none where it is no conversation. Absent: none ever is. */
	opening?(): readonly string[];
	/** The last message of the user: its texts, and whether it is nothing but text. */
	lastUserMessage(): { readonly texts: readonly string[]; readonly isOnlyText: boolean };
}

/** What a request may cost, in the words of its caller. */
export interface CostWish {
	/** The dearest tier whose targets it may ask. */
	readonly maxTier?: string | undefined;
	/** The cheapest tier whose targets it may ask. */
	readonly requireTier?: string | undefined;
	/** USD. */
	readonly maxUsd?: number | undefined;
}

/** What a body says about the profile that it wants, without naming one. */
export interface BodyHints {
	readonly taskType: string | undefined;
	readonly quality: string | undefined;
}

export interface ReadOptions {
	/** Whether hints choose profiles; then those in `metadata` are ours. */
	readonly takesHints: boolean;
}

export interface ClientDialect {
	readonly name: string;
	/** Where its requests are posted: `/v1/chat/completions`. */
	readonly path: string;
	/** The dialects in which a provider can be asked for it, the best first: its own, and those that it is translated to. */
	readonly askedIn: readonly string[];
	/** Answers of two models cannot stand in for each other: they are vectors. */
	readonly needsOneModel?: true;
	readonly contentTypes: Readonly<Record<'document' | 'stream', string>>;
	/** @throws Refusal when the body is not one that any provider could answer */
	read(body: string, options?: ReadOptions): { readonly request: ClientRequest; readonly wish: RoutingWish };
	/** Writes one streamed answer. @param requestId ours, for an answer that has no id of its own */
	newStream(request: ClientRequest, requestId: string): StreamWriter;
	/** Puts a streamed answer together into the whole one that a caller without a stream expects. */
	newDocument(request: ClientRequest, requestId: string): DocumentWriter;
	/** The body of an answer that says why there is none, also of one to a request that was refused. @param requestId ours */
	failure(report: FailureReport, requestId: string): string;
	/** The HTTP status of that answer, where the API has statuses of its own; absent: the report's. */
	statusOf?(report: FailureReport): number;
	/** The body of an answer that needs no provider, where no target speaks this dialect; absent: then there is none. */
	estimate?(request: ClientRequest): string;
}

/** Writes the events of one answer; each method returns text for the client. */
export interface StreamWriter {
	write(events: readonly AnswerEvent[]): string;
	/** A sign of life while there is nothing to write; `''` where the dialect has none. */
	comment(text: string): string;
	/** The answer was whole. */
	end(): string;
	/** The answer broke and stays broken: no client may take the fragment for a whole one. */
	breakOff(report: FailureReport): string;
}

export interface DocumentWriter {
	add(event: AnswerEvent): void;
	/** The body of the whole answer. */
	whole(): string;
}

// The provider's side.

/** How a kind of provider is spoken to: in which dialects, at which addresses, with which credentials. */
export interface Protocol {
	readonly name: string;
	/** What it may have, by the words of `endpoints` in the configuration. */
	readonly endpoints: Readonly<Record<string, ProviderDialect | readonly ProviderDialect[]>>;
	/** Those that one has whose configuration does not say. @param offer its address and version, where it has them */
	usualEndpoints(offer: Partial<Pick<ProviderAccount, 'baseUrl' | 'apiVersion'>>): readonly string[];
	/** @param endpoint with the last part of its address, which also may be `/models` */
	address(account: ProviderAccount, endpoint: Pick<ProviderDialect, 'path'>): ProviderAddress;
}

/** Who asks, and where: one credential of a provider. */
export interface ProviderAccount {
	/** `https://api.openai.com/v1`. */
	readonly baseUrl: string;
	readonly apiKey?: string | undefined;
	/** Names in lower case; they win over what the protocol sends by itself. */
	readonly headers: Readonly<Record<string, string>>;
	/** The version of the API that is asked for, where the protocol has several. */
	readonly apiVersion?: string | undefined;
}

/** How one credential is reached in one dialect. Made once; what may differ from request to request is asked for each. */
export interface ProviderAddress {
	/** `https://api.openai.com`. */
	readonly origin: string;
	/** The path and query of a request. */
	path(model: string): string;
	/**
	 * Name, value, name, value, …; made when they are needed, since a signature covers the body and ends. A promise where
	 * credentials have to be fetched first.
	 */
	headers(rendered: RenderedRequest): readonly string[] | Promise<readonly string[]>;
	/** Name, value, …, of headers that a caller may give, and that are sent where it does not. Names in lower case. */
	readonly usualHeaders?: readonly string[];
}

/** What is known of a model. */
export interface ModelAbilities {
	/** Tokens that an answer may have. */
	readonly maxOutputTokens?: number | undefined;
	/** What a request may hold beside text; undefined where nobody knows. */
	readonly input?: readonly InputKind[] | undefined;
	/** It thinks before its first word. */
	readonly reasons: boolean;
}

export type InputKind = 'text' | 'image' | 'file' | 'audio';

/** What the configuration sets in the requests to one target. */
export interface RequestMembers {
	/** Members of the body, as JSON texts, that are set where the caller gives none. */
	readonly defaults: Readonly<Record<string, string | undefined>>;
	/** Members of the body, as JSON texts, that are set whatever the caller gives; undefined takes one out. */
	readonly force: Readonly<Record<string, string | undefined>>;
}

export interface ProviderAsk {
	readonly request: ClientRequest;
	readonly model: string;
	/** The profile or the provider wants a stream, whatever the client asked for. */
	readonly streamUpstream: boolean;
	readonly members: RequestMembers | undefined;
	readonly way: Way;
	/** The text so far, which the model is to go on with; `''` for none. */
	readonly shown: string;
	/** Members that the provider does not take from Breakwater: nothing may add them. */
	readonly withheld?: readonly string[] | undefined;
	/** What is known of the model; absent: nothing. */
	readonly abilities?: ModelAbilities | undefined;
	/** Ids and proofs in the request that another provider made: they are left out. */
	readonly foreign?: ReadonlySet<string> | undefined;
}

/** The caller's request as one attempt puts it. */
export interface RenderedRequest {
	readonly body: string;
	/** Whether it asks for a stream. */
	readonly stream: boolean;
	/** How many answers it asks for at once. */
	readonly choices: number;
	/** Members that Breakwater added, and that an answer does not depend on. */
	readonly added?: readonly string[] | undefined;
}

/** How an answer comes: as a stream of events, or as one document. */
export type AnswerForm = 'events' | 'document';

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** How a streamed answer stands. Once it is no longer `open`, nothing more is read. */
export type StreamState =
	| { readonly is: 'open' }
	/** Every answer has its finish, and the stream has ended. */
	| { readonly is: 'whole' }
	/** The provider says what went wrong. */
	| { readonly is: 'error'; readonly error: ErrorBody }
	/** It is no whole answer, and the provider does not say why; `error` is what else it held. */
	| { readonly is: 'faulty'; readonly fault: AnswerFault; readonly error?: ErrorBody };

export interface ReaderOptions {
	/** Goes into answers that do not say which model wrote them. */
	readonly model: string;
	/** Characters of the largest event that is read. */
	readonly maxEventLength: number;
	/** How many answers were asked for at once. */
	readonly choices: number;
}

/** Reads a streamed answer: bytes in, events out. */
export interface AnswerReader {
	readonly state: StreamState;
	/** Content has come, or a finish without any. */
	readonly hasContent: boolean;
	/** Every answer that began is finished: a break loses nothing but the end mark, and perhaps the usage. */
	readonly isFinished: boolean;
	/** Events that are no part of an answer, and were left out. */
	readonly skippedEvents: number;
	/** Ids and proofs that came in it and that only this provider knows; absent for none. */
	readonly made?: readonly string[];
	/** @param bytes the next piece of the body, cut anywhere */
	feed(bytes: Buffer): readonly AnswerEvent[];
	/** The body has ended. */
	finish(): readonly AnswerEvent[];
}

/** A whole answer that was found to be one. */
export interface DocumentAnswer {
	readonly usage: Usage | undefined;
	/** How each of its choices ended, where the dialect says. */
	readonly finishes?: readonly Pick<FinishPart, 'reason' | 'native'>[];
	/** Ids and proofs in it that only this provider knows; absent for none. */
	readonly made?: readonly string[];
	/** Whether it says anything at all, also in members that have no words here. */
	hasContent(): boolean;
	/** For a client of the same dialect, which gets the provider's bytes where nothing is missing in them. */
	body(bytes: Buffer): Buffer | string;
	/** The same as the events of a stream. */
	events(wish: EventsWish): readonly AnswerEvent[];
}

/** How a whole answer is told as the events of a stream. */
export interface EventsWish {
	/** Whether the usage is among them. */
	readonly withUsage: boolean;
	/** Whether a long text comes in pieces, for a client that shows it as one that grows; any other only pays for them. */
	readonly inPieces: boolean;
}

export type DocumentRead =
	| { readonly is: 'answer'; readonly answer: DocumentAnswer }
	| { readonly is: 'failure'; readonly error: ErrorBody };

export interface ProviderDialect {
	readonly name: string;
	/** The last part of the address: `/chat/completions`. */
	readonly path: string;
	/**
	 * Whether a model, by its name, is better asked in another dialect, where it has one, by callers of any but this; absent: none
	 * is.
	 */
	isSecondBest?(model: string): boolean;
	/**
	 * What of a request of another dialect it cannot be told; nothing of one of its own.
	 * @param model by its name: models of one API differ in what they take
	 * @throws Refusal when the request contradicts itself
	 */
	lossesOf(request: ClientRequest, abilities: ModelAbilities, model: string): readonly Loss[];
	/** @throws Error when it cannot render requests of that client dialect */
	render(ask: ProviderAsk): RenderedRequest;
	/**
	 * Whether every model goes on from the text so far, by the nature of the API, or none does; absent: as the model's facts say.
	 */
	readonly prefill?: boolean;
	/** Whether an answer to a request with these members could be carried on. */
	isContinuable(members: Readonly<Record<string, unknown>>): boolean;
	/** What the headers say of an answer's form, whatever was asked for; undefined when they say nothing. */
	formOf(headers: AnswerHeaders): AnswerForm | undefined;
	/** What the beginning of a body looks like, where its headers do not tell, or lie. */
	looksLike(beginning: Buffer): AnswerForm | undefined;
	newReader(options: ReaderOptions): AnswerReader;
	/** Whether an event without any content in its parts has members that may be content all the same. */
	hasUnreadContent(event: AnswerEvent): boolean;
	/** @param text the whole body of a success; never throws */
	readDocument(text: string, options: Pick<ReaderOptions, 'model' | 'choices'>): DocumentRead;
	/** @param text the body of a failed answer, perhaps cut off; never throws */
	readError(status: number, text: string): ErrorBody;
}
