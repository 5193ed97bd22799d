import type { ProviderStateName } from '../../../machines/events.ts';
import type { Way } from '../../../machines/request/progress.ts';
import type { RecordedStep } from '../../contract/call-record.ts';
import type { ProviderHealth } from '../../contract/service.ts';

/**
 * What the server sends to the inspector page, as JSON in one event stream: first a `snapshot`, then `changes`. It holds
 * names of the configuration, states, categories and numbers; no word of a caller or a provider, and no key.
 * Times are ms since the epoch unless a field says otherwise.
 */
export interface Snapshot {
	version: string;
	/** The server's clock, by which the page counts down. */
	now: number;
	/** When the process began to watch; nothing is known of the time before. */
	startedAt: number;
	machine: MachineChart;
	providers: readonly ProviderView[];
	profiles: readonly ProfileView[];
	/** Names of profiles that no provider would serve at this moment, as `/ready` has it. */
	unservable: readonly string[];
	/** Newest first: what is under way, then what has ended. */
	calls: readonly CallView[];
	traffic: Traffic;
	load: Load;
	waiting: Waiting;
	/** Operators have a key (`server.adminKey`): without one the buttons are off. */
	canOperate: boolean;
}

/** What is new since the last message; what has not changed is absent. */
export interface Changes {
	now: number;
	/** By provider actor. */
	health?: Readonly<Record<string, ProviderHealth>>;
	marks?: readonly { id: string; mark: Mark }[];
	calls?: readonly CallView[];
	unservable?: readonly string[];
	traffic?: Traffic;
	load?: Load;
	waiting?: Waiting;
}

/** One provider actor. */
export interface ProviderView {
	/** The provider's name, with `#n` for one of several credentials, and `/model` where it stands for one model. */
	id: string;
	/** The provider's name in the configuration. */
	provider: string;
	/** The model that it stands for; null where it stands for a key. */
	model: string | null;
	/** Where its credential stands in the configuration: `providers.openai.apiKey[0]`. */
	source: string;
	limits: Limits;
	health: ProviderHealth;
	/** Its states in the last hour, oldest first; the last one holds. */
	history: readonly Span[];
	/** What happened to it, oldest first, the last few. */
	marks: readonly Mark[];
}

/** What its counters are counted against. Durations in ms. */
export interface Limits {
	failureThreshold: number;
	failureRate: number;
	minimumVolume: number;
	window: number;
	probes: number;
	successThreshold: number;
}

export interface Span {
	from: number;
	state: ProviderStateName;
}

/** Something that happened to a provider actor. */
export type Mark =
	| { kind: 'change'; at: number; from: ProviderStateName; to: ProviderStateName; reason: string | null }
	| {
			kind: 'alarm';
			at: number;
			alarm: 'auth' | 'quota' | 'model';
			model: string;
			category: string;
			status: number | null;
			until: number;
			/** Where the credential stands in the configuration: `providers.openai.apiKey[0]`. */
			source: string;
	  }
	| {
			kind: 'action';
			at: number;
			action: 'operator.tripped' | 'operator.reset' | 'operator.probed';
			from: ProviderStateName;
			to: ProviderStateName;
	  };

export interface ProfileView {
	name: string;
	isDefault: boolean;
	/** What a request does when every target is denied. */
	/** `wait` in ms. */
	whenAllDenied: 'fail' | 'try-soonest' | { readonly wait: number };
	/** The targets in order, and the provider actors that serve each. */
	candidates: readonly {
		target: string;
		model: string;
		credentials: readonly string[];
		/** What it costs, in words; null where that is not known. */
		price: string | null;
	}[];
}

/** A request as far as it has come. */
export interface CallView {
	/** Unique for the process, and growing. */
	key: number;
	/** The request's id, as in `x-breakwater-request-id`. */
	id: string;
	route: string;
	stream: boolean;
	client: string | null;
	startedAt: number;
	trace: readonly RecordedStep[];
	/** What it does now; null once it has ended. */
	now: CallPhase | null;
	end: CallEnd | null;
}

export interface CallPhase {
	doing: 'asking' | 'attempting' | 'answering' | 'waiting';
	/** The answer has begun to flow to the client: whoever is asked now carries it on. */
	isCommitted: boolean;
	target: string;
	credential: string;
	/** When it began to, ms since the request began. */
	at: number;
	probe: boolean;
	way: Way;
}

export interface CallEnd {
	outcome: 'done' | 'failed' | 'aborted';
	/** The stable code of the error. */
	code: string | null;
	/** Who answered. */
	target: string | null;
	ms: number;
	/** Until the first content of a stream, ms since the request began. */
	firstTokenMs: number | null;
	/** What all of its attempts cost, USD, as far as that is known (null: not at all); null where none used anything. */
	cost: { usd: number | null; isComplete: boolean } | null;
}

/** How many requests each target answered in the last minute, by route; those that nobody answered under `""`. */
export type Traffic = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Of the requests of the last second, how many there were, and how many of them the page was sent. */
export interface Load {
	requests: number;
	shown: number;
}

/** By provider actor: how many requests wait for the beginning of its answer, of all there are, and since when the first of them does. */
export type Waiting = Readonly<Record<string, { requests: number; since: number }>>;

/** The provider machine, read from its own definition. */
export interface MachineChart {
	/** States and the ways between them, small, without labels. */
	brief: Drawing;
	/** With every event and guard. */
	full: Drawing;
}

export interface Drawing {
	/** px. */
	width: number;
	height: number;
	nodes: readonly DrawnState[];
	edges: readonly DrawnTransition[];
}

export interface DrawnState {
	/** A state of the machine, or `any state` for what holds in all of them. */
	name: string;
	isInitial: boolean;
	/** The centre, px. */
	x: number;
	y: number;
	width: number;
	height: number;
}

export interface DrawnTransition {
	from: string;
	to: string;
	/** One for each event that leads here, with its guard. */
	labels: readonly string[];
	/** The middle of the labels, px. */
	x: number;
	y: number;
	/** px, from border to border. */
	points: readonly { x: number; y: number }[];
}
