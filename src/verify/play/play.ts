import type { DenialReason, ProviderStateName } from '../../../machines/events.ts';
import { stateNameOf } from '../../../machines/provider/memory.ts';
import type { TraceEntry } from '../../../machines/request/progress.ts';
import { currentCandidate } from '../../../machines/request/progress.ts';
import { actorsOf } from '../../config/actors.ts';
import type { Config } from '../../config/config.ts';
import { createRedactor } from '../../gateway/redact.ts';
import { reportFailure } from '../../gateway/report-failure.ts';
import { type CandidatePlan, routesOf } from '../../gateway/routes.ts';
import { type Classify, createClassifier } from '../../upstream/classify/apply-error-rules.ts';
import { shippedErrorRules } from '../../upstream/classify/shipped-error-rules.ts';
import { suggestion } from '../../values/nearest.ts';
import { activeChecks } from '../active-checks.ts';
import type { CaseStep } from '../report/report.ts';
import { concerns, type Subject } from './case-script.ts';
import type { ProviderSnapshot } from './imagined-provider.ts';
import { caseStep, standing } from './play-words.ts';
import { readScript } from './read-script.ts';
import { ScriptedWorld, type WorldEnd } from './scripted-world.ts';

export interface CaseOptions {
	/** A profile, or a target such as `openai/gpt-5.4`. */
	profile: string;
	/** What happens, in the grammar of `scriptHelp`; '' is a world in which everybody answers. */
	when: string;
	/** The client asks for a stream. */
	stream: boolean;
}

/** One request, played in imagination. Times are ms since it began; it holds no key. */
export interface ExplainedCase {
	profile: string;
	stream: boolean;
	/** The targets, in their order. */
	chain: readonly string[];
	/** What the script says that has no effect, and what is not played, one sentence each. */
	notes: readonly string[];
	/** How the providers of the chain stood before. */
	before: readonly ProviderStanding[];
	steps: readonly CaseStep[];
	client: ClientView;
	/** How long the request took, ms. */
	ms: number;
	attempts: number;
	/** What the log would show of it; each `retryAt` in ms since the case began. */
	trace: readonly TraceEntry[];
	/** How the providers of the chain stand afterwards. */
	after: readonly ProviderStanding[];
}

/** What the client sees. */
export interface ClientView {
	/** `broken`: a stream that ends with an error event. `left`: it did not wait. */
	gets: 'answer' | 'error' | 'broken' | 'left';
	/** The HTTP status; absent when the client left before there was one. */
	status?: number;
	/** The stable code of the error. */
	code?: string;
	/** `provider/model` that answered, or began to. */
	target?: string;
	/** Those that tell something of the case. */
	headers: Readonly<Record<string, string>>;
}

export interface ProviderStanding {
	/** The provider actor's id. */
	id: string;
	state: ProviderStateName;
	/** Why it is not closed. */
	reason?: DenialReason;
	/** Until when it is open or in quota-cooldown, ms since the case began. */
	until?: number;
	consecutiveFailures: number;
	probesInFlight: number;
	/** Models that are unavailable, and until when, ms since the case began. */
	unavailable: Readonly<Record<string, number>>;
	/** All of it in words, without the id. */
	words: string;
}

/** A case that cannot be explained, as there is no such profile. Its message is one sentence that says what there is. */
export class UnknownProfileError extends Error {
	override readonly name = 'UnknownProfileError';
}

/**
 * Plays one request through the real machines in a world that is imagined: what the providers do is told by a script,
 * time passes at once, and every jitter is at its middle.
 * @param config checked and resolved
 * @throws ScriptError where `when` is not one; UnknownProfileError
 */
export function explainCase(config: Config, { profile, when, stream }: CaseOptions): ExplainedCase {
	const routes = routesOf(config);
	const route = routes.get(profile);
	if (route === undefined) throw new UnknownProfileError(unknownProfile(profile, config, [...routes.keys()]));
	const script = readScript(when, subjectsOf(config, routes));
	const ids = new Set(route.candidates.flatMap(({ credential, gate }) => [credential, gate]));
	const world = new ScriptedWorld({
		id: 'explained',
		route,
		actors: actorsOf(config).filter(({ id }) => ids.has(id)),
		script,
		stream,
		classify: classifierOf(config),
	});
	const standings = (now: number) => [...world.providers.values()].map(({ snapshot }) => standingOf(snapshot, now));
	const before = standings(0);
	const end = world.play();
	return {
		profile,
		stream,
		chain: [...new Map(route.candidates.map(({ link, target }) => [link, target])).values()],
		notes: [
			...script.entries.flatMap(({ subject }) => noteOn(subject, route.candidates, profile)),
			...activeChecks({ providers: providersIn(config, route.candidates) }).map(
				(check) => `${check}, which is not played.`,
			),
		],
		before,
		steps: end.happenings.map(caseStep),
		client: clientView(end, profile),
		ms: end.now,
		attempts: end.progress.attempts,
		trace: end.progress.trace,
		after: standings(end.now),
	};
}

function providersIn({ providers }: Config, candidates: readonly CandidatePlan[]): Config['providers'] {
	const names = new Set(candidates.map(({ provider }) => provider));
	return Object.fromEntries(Object.entries(providers).filter(([name]) => names.has(name)));
}

function unknownProfile(profile: string, config: Config, names: readonly string[]): string {
	const close = suggestion(profile, names);
	const right = close.startsWith('did you mean')
		? close
		: `the profiles are ${Object.keys(config.profiles).join(', ')}.`;
	return `There is no profile or target '${profile}' in ${config.file}; ${right}`;
}

/** Whom a script may be about: everything, and each provider, credential and target by its name. */
export function subjectsOf(config: Config, routes: ReturnType<typeof routesOf>): Subject[] {
	const subjects = new Map<string, Subject>([['*', { name: '*' }]]);
	const add = (subject: Subject) => subjects.has(subject.name) || subjects.set(subject.name, subject);
	for (const { name, credentials } of Object.values(config.providers)) {
		add({ name, provider: name });
		for (const { id } of credentials) add({ name: id, provider: name, credential: id });
	}
	for (const { candidates } of routes.values()) {
		for (const { target, provider, credential, gate, model } of candidates) {
			const own = { provider, target, hasOwnActor: gate !== credential };
			add({ name: target, ...own });
			add({ name: `${credential}/${model}`, credential, ...own });
		}
	}
	return [...subjects.values()];
}

function noteOn(subject: Subject, candidates: readonly CandidatePlan[], profile: string): string[] {
	if (candidates.some((candidate) => concerns(subject, candidate))) return [];
	return [`\`${subject.name}\` is not in the chain of ${profile}, so what it does changes nothing.`];
}

function classifierOf(config: Config): Classify {
	return createClassifier([...config.errorRules, ...shippedErrorRules()], createRedactor([]));
}

function clientView({ progress, ending, begun }: WorldEnd, profile: string): ClientView {
	if (ending === 'done' || begun !== undefined) {
		const { attempts } = begun ?? progress;
		const { target } = currentCandidate(begun ?? progress);
		const gets = ending === 'done' ? 'answer' : ending === 'aborted' ? 'left' : 'broken';
		const headers = { 'x-breakwater-target': target, 'x-breakwater-attempts': String(attempts) };
		const code = gets === 'broken' ? { code: reportFailure(progress, profile).body.error.code } : {};
		return { gets, status: 200, ...code, target, headers };
	}
	if (ending === 'aborted') return { gets: 'left', headers: {} };
	const { status, headers, body } = reportFailure(progress, profile);
	return { gets: 'error', status, code: body.error.code, headers };
}

function standingOf(snapshot: ProviderSnapshot, now: number): ProviderStanding {
	const { context } = snapshot;
	const unavailable = Object.entries(context.unavailable).filter(([, until]) => until > now);
	return {
		id: context.id,
		state: stateNameOf(snapshot),
		...(context.reason === undefined ? {} : { reason: context.reason }),
		...(context.until === 0 ? {} : { until: context.until }),
		consecutiveFailures: context.consecutiveFailures,
		probesInFlight: context.probes.length,
		unavailable: Object.fromEntries(unavailable),
		words: standing(snapshot, now),
	};
}
