import { setTimeout as sleep } from 'node:timers/promises';
import { actorsOf } from '../../../src/config/actors.ts';
import type { Config } from '../../../src/config/config.ts';
import { routesOf } from '../../../src/gateway/routes.ts';
import { type CaseScript, entryFor, type StateBefore, type Subject } from '../../../src/verify/play/case-script.ts';
import { soon, type TestGateway } from '../../helpers/gateway.ts';
import { type Behaviour, type Exchange, hangs, status } from '../../helpers/upstream.ts';
import { behaviourOf } from './outcome-behaviour.ts';
import { clientOf, ifLeft, providerText, type Seen, stepText } from './seen.ts';

/** The real proxy, in front of upstreams that do what the script says. */
export class RealStage {
	readonly #breakwater: TestGateway;
	readonly #config: Config;
	readonly #script: CaseScript;
	readonly #asked: string[] = [];
	readonly #met = new Map<object, number>();
	readonly #credentials: readonly { id: string; provider: string; apiKey: string | undefined }[];

	constructor(breakwater: TestGateway, config: Config, script: CaseScript) {
		this.#breakwater = breakwater;
		this.#config = config;
		this.#script = script;
		this.#credentials = Object.values(config.providers).flatMap(({ name, credentials }) =>
			credentials.map(({ id, apiKey }) => ({ id, provider: name, apiKey })),
		);
	}

	/** Brings every provider into the state that the script says, by failures and orders like those of real life. */
	async prepare(): Promise<void> {
		for (const { state, unavailable, subject } of this.#script.entries) {
			for (const { id, provider } of this.#concernedBy(subject)) {
				if (unavailable !== undefined)
					await this.#makeUnavailable(provider, subject.target ?? this.#targetOf(provider), unavailable.forMs);
				if (state !== undefined) await this.#bringInto(state, id, provider);
			}
		}
		// Last: a probe that the failures of another credential used up would close the door again.
		for (const { state, subject } of this.#script.entries) {
			if (state?.is !== 'half-open') continue;
			for (const { id, provider } of this.#concernedBy(subject)) {
				this.#breakwater.gateway.operate(id, { type: 'operator.probed', now: Date.now() });
				if (state.isBusy) await this.#occupyProbe(provider, id);
			}
		}
		for (const provider of Object.keys(this.#config.providers)) {
			this.#breakwater.upstream(provider).always((exchange) => this.#behave(provider, exchange)(exchange));
		}
	}

	#concernedBy(subject: Subject): { id: string; provider: string }[] {
		return this.#credentials.filter(
			({ id, provider }) => (subject.credential ?? id) === id && (subject.provider ?? provider) === provider,
		);
	}

	async #makeUnavailable(provider: string, target: string, forMs?: number): Promise<void> {
		const hint: Record<string, string> = forMs === undefined ? {} : { 'retry-after-ms': String(forMs) };
		const body = { error: { message: 'gone', code: 'model_not_found', type: null } };
		this.#breakwater.upstream(provider).always(status(404, body, hint));
		await this.#failOnce(target);
	}

	async #bringInto(state: StateBefore, id: string, provider: string): Promise<void> {
		const { upstream, gateway } = this.#breakwater;
		const now = Date.now();
		const forMs = 'forMs' in state ? state.forMs : undefined;
		const hint: Record<string, string> = forMs === undefined ? {} : { 'retry-after-ms': String(forMs) };
		const error = (code: string) => ({ error: { message: '', code, type: null } });
		switch (state.is) {
			case 'closed':
				return;
			case 'half-open':
				upstream(provider).always(status(503));
				break;
			case 'quota-cooldown':
				upstream(provider).always(status(429, error('insufficient_quota'), hint));
				break;
			case 'open':
				if (state.reason === 'operator') {
					gateway.operate(id, { type: 'operator.tripped', now, forMs: forMs ?? 60_000 });
					return;
				}
				upstream(provider).always(
					state.reason === 'auth'
						? (exchange) => this.#rejectUpTo(id, exchange)(exchange)
						: state.reason === 'hint'
							? status(429, error('slow_down'), hint)
							: status(503),
				);
		}
		const limit = 10;
		for (let turn = 0; turn < limit && this.#stateOf(id) === 'closed'; turn++)
			await this.#failOnce(this.#targetOf(provider));
		if (this.#stateOf(id) === 'closed') throw new Error(`${id} could not be brought into ${state.is}`);
	}

	/** The keys behind it in the order work: a request goes on to them, and they are not meant. */
	#rejectUpTo(id: string, { request }: Exchange): Behaviour {
		const key = request.headers.authorization?.replace('Bearer ', '');
		const asked = this.#credentials.findIndex(({ apiKey }) => apiKey === key);
		const isBehind = asked > this.#credentials.findIndex((known) => known.id === id);
		if (isBehind) return behaviourOf({ does: 'answer', afterMs: 0, takesMs: 0 }, request);
		return status(401, { error: { message: '', code: 'invalid_api_key', type: null } });
	}

	async #occupyProbe(provider: string, id: string): Promise<void> {
		this.#breakwater.upstream(provider).always(hangs());
		const { upstream, post, gateway } = this.#breakwater;
		const { requests } = upstream(provider);
		const earlier = requests.length;
		// It hangs until the test ends, and is cut off then.
		post({ model: this.#targetOf(provider), stream: true }).catch(() => {});
		await soon(() => {
			const isOut = gateway.health()[id]?.probesInFlight === 1;
			if (!isOut || requests.length === earlier) throw new Error('the probe is not out yet');
		});
	}

	async #failOnce(target: string): Promise<void> {
		const response = await this.#breakwater.post({ model: target });
		await response.arrayBuffer();
	}

	#targetOf(provider: string): string {
		for (const { candidates } of routesOf(this.#config).values()) {
			const candidate = candidates.find((candidate) => candidate.provider === provider);
			if (candidate !== undefined) return candidate.target;
		}
		throw new Error(`${provider} has no target`);
	}

	#stateOf(id: string): string | undefined {
		return this.#breakwater.gateway.health()[id]?.state;
	}

	async play(profile: string, stream: boolean): Promise<{ seen: Seen; retryAfterMs: number | undefined }> {
		const { post, records, gateway } = this.#breakwater;
		const earlier = new Set(records);
		const leaving = new AbortController();
		const { clientLeavesAfterMs } = this.#script;
		if (clientLeavesAfterMs !== undefined) void sleep(clientLeavesAfterMs).then(() => leaving.abort());
		const response = await post({ model: profile, stream }, { signal: leaving.signal }).catch(ifLeft);
		const text = await (response?.text() ?? Promise.resolve('')).catch(ifLeft);
		const record = await soon(() => {
			const mine = records.find((candidate) => candidate.route === profile && !earlier.has(candidate));
			if (mine === undefined) throw new Error('the call has not ended');
			return mine;
		});
		const health = gateway.health();
		return {
			seen: {
				client: clientOf(response, text, record),
				attempts: response?.headers.get('x-breakwater-attempts') ?? null,
				shouldRetry: response?.headers.get('x-should-retry') ?? null,
				asked: this.#asked,
				// Stale connections are none of what is imagined.
				progress: record.trace.filter(({ did }) => did !== 'reconnect').map(stepText),
				providers: Object.fromEntries(
					this.#concerned(profile).map((id) => {
						const told = health[id];
						if (told === undefined) throw new Error(`${id} has no health`);
						const { state, reason, consecutiveFailures, probesInFlight, unavailableModels } = told;
						return [
							id,
							providerText({ state, reason, consecutiveFailures, probesInFlight, unavailable: unavailableModels }),
						];
					}),
				),
			},
			retryAfterMs: retryAfterMsOf(response?.headers.get('retry-after')),
		};
	}

	untilSince(startedAt: number, profile: string): Record<string, number> {
		const health = this.#breakwater.gateway.health();
		return untilAll(
			this.#concerned(profile).map((id) => {
				const retryAt = health[id]?.retryAt ?? null;
				return [id, retryAt === null ? undefined : Date.parse(retryAt) - startedAt];
			}),
		);
	}

	/** The actors of the keys of its targets, and those that it asks. */
	#concerned(profile: string): string[] {
		const candidates = routesOf(this.#config).get(profile)?.candidates ?? [];
		const ids = new Set(candidates.flatMap(({ credential, gate }) => [credential, gate]));
		return actorsOf(this.#config).flatMap(({ id }) => (ids.has(id) ? [id] : []));
	}

	#behave(provider: string, { request, isReused }: Exchange): Behaviour {
		const { model } = request.json as { model: string };
		const key = request.headers.authorization?.replace('Bearer ', '');
		const credential = this.#credentials.find((known) => known.provider === provider && known.apiKey === key)?.id;
		const candidate = [...routesOf(this.#config).values()]
			.flatMap(({ candidates }) => candidates)
			.find((candidate) => candidate.credential === credential && candidate.model === model);
		if (candidate === undefined) throw new Error(`${provider} was asked for ${model} with a key that nobody has`);
		const scripted = this.#script.entries.filter(({ outcomes }) => outcomes.length > 0);
		const entry = entryFor(scripted, candidate);
		const met = entry === undefined ? 0 : (this.#met.get(entry) ?? 0);
		const outcome = entry?.outcomes[Math.min(met, entry.outcomes.length - 1)];
		// A connection that was used before is taken for stale then, and replaced: the outcome is that of the new one.
		if (isReused && outcome?.does === 'network-error') return behaviourOf({ ...outcome, afterMs: 0 }, request);
		this.#asked.push(`${candidate.gate}/${model}`);
		if (entry !== undefined) this.#met.set(entry, met + 1);
		return behaviourOf(outcome ?? { does: 'answer', afterMs: 0, takesMs: 0 }, request);
	}
}

/** Those that there are, by id. */
export function untilAll(times: readonly (readonly [string, number | undefined])[]): Record<string, number> {
	return Object.fromEntries(times.flatMap(([id, at]) => (at === undefined ? [] : [[id, at]])));
}

export function retryAfterMsOf(header: string | null | undefined): number | undefined {
	return header === null || header === undefined ? undefined : Number(header) * 1000;
}
