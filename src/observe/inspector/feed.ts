import type { Config } from '../../config/config.ts';
import type { GatewayObserver, StartedCall } from '../../contract/observer.ts';
import type { ProviderHealth } from '../../contract/service.ts';
import { clock } from '../../values/clock.ts';
import { LiveMap } from '../../values/live-map.ts';
import { version } from '../../values/package-paths.ts';
import { CallRing, type EndedCall } from './call-ring.ts';
import { endedView, isEventful, type LiveCall, liveView, waitOf } from './call-view.ts';
import { type ProviderFacts, profileViews, providerFacts } from './config-view.ts';
import type { CallView, Changes, Load, MachineChart, Mark, Snapshot, Waiting } from './messages.ts';
import { ProviderPast } from './provider-past.ts';
import { Sampler } from './sampler.ts';
import { TrafficCounter } from './traffic.ts';

export const limits = {
	/** Calls that viewers are shown, a second; half of them are kept for those that are worth a look. */
	shownPerSecond: 50,
	/** Calls under way that a fresh snapshot begins with. */
	liveShown: 100,
	/** Ended calls that are kept, of each kind: those that went straight through, and those worth a look. */
	endedKept: 150,
	endedKeptBytes: 1_000_000,
	/** Ended calls of each kind that are kept, a second. */
	keptPerSecond: 150,
	/**
	 * What a snapshot tells of the past, of all providers together, whatever their number: so much, or the few that each
	 * has in any case.
	 */
	marksShown: 2000,
	spansShown: 6000,
	fewMarks: 4,
	fewSpans: 20,
	/** Bytes of calls, as JSON, that a snapshot begins with. */
	callsShownBytes: 300_000,
};

/** What the gateway tells when it is asked. */
export interface Watched {
	health(): Readonly<Record<string, ProviderHealth>>;
	/** By profile, whether it could be served at this moment. */
	servable(): Readonly<Record<string, boolean>>;
}

/**
 * Gathers what the inspector shows. With nobody watching it keeps what has ended lately, what is under way and the
 * providers' changes, all bounded; traces are followed only while somebody watches. What it shows is in wall time.
 */
export class Feed {
	readonly #config: Config;
	readonly #startedAt = Date.now();
	readonly #facts: ReadonlyMap<string, ProviderFacts>;
	readonly #pasts: ReadonlyMap<string, ProviderPast>;
	readonly #live = new LiveMap<StartedCall>();
	readonly #plain = new CallRing(limits.endedKept, limits.endedKeptBytes);
	readonly #eventful = new CallRing(limits.endedKept, limits.endedKeptBytes);
	readonly #plainKept = new Sampler(limits.keptPerSecond);
	readonly #eventfulKept = new Sampler(limits.keptPerSecond);
	readonly #traffic = new TrafficCounter();
	#lastKey = 0;

	// Only while somebody watches.
	#isWatched = false;
	#sampler = new Sampler(limits.shownPerSecond);
	readonly #followed = new Map<StartedCall, LiveCall>();
	/** Calls with news for the viewers. */
	#moved = new Map<number, LiveCall | EndedCall>();
	#marks: { id: string; mark: Mark }[] = [];
	#shown = new Map<string, string>();
	#secondEndsAt = 0;
	#second: Load = { requests: 0, shown: 0 };

	constructor(config: Config) {
		this.#config = config;
		this.#facts = providerFacts(config);
		this.#pasts = new Map([...this.#facts.keys()].map((id) => [id, new ProviderPast('closed', this.#startedAt)]));
	}

	/** What listens to the gateway. */
	readonly observer: GatewayObserver = {
		callStarted: (call) => this.#start(call),
		callEnded: (record) => {
			const endedAt = Date.now();
			this.#traffic.count(record.route, record.outcome === 'done' ? (record.target ?? '') : '', clock.now());
			const started = this.#live.get(record.id);
			this.#live.delete(record.id);
			const live = started && this.#followed.get(started);
			const ended = { key: live?.key ?? this.#nextKey(), record, endedAt };
			this.#keep(ended);
			if (!this.#isWatched) return;
			if (started !== undefined) this.#followed.delete(started);
			this.#tellEnd(ended, live !== undefined);
		},
		providerChanged: (id, from, to, { reason }) => this.#mark(id, { kind: 'change', at: Date.now(), from, to, reason }),
		providerAlarmed: (id, source, { alarm, model, failure, until }) => {
			const { category, status = null } = failure;
			this.#mark(id, {
				kind: 'alarm',
				at: Date.now(),
				alarm,
				model,
				category,
				status,
				until: clock.toWall(until),
				source,
			});
		},
		providerOperated: (id, { type }, from, to) =>
			this.#mark(id, { kind: 'action', at: Date.now(), action: type, from, to }),
	};

	/**
	 * What is kept outlives its request, and V8 moves it among what lives long: under load that costs more than the request
	 * itself, so only some of each second are kept.
	 */
	#keep(ended: EndedCall): void {
		const [ring, sampler] = isEventful(ended.record)
			? [this.#eventful, this.#eventfulKept]
			: [this.#plain, this.#plainKept];
		if (sampler.take(clock.now())) ring.push(ended);
	}

	/** Somebody watches from here on, or nobody does any more: then nothing is kept for them. */
	watch(isWatched: boolean): void {
		if (this.#isWatched === isWatched) return;
		this.#isWatched = isWatched;
		this.#moved = new Map();
		this.#marks = [];
		this.#shown = new Map();
		this.#second = { requests: 0, shown: 0 };
		this.#secondEndsAt = 0;
		this.#sampler = new Sampler(limits.shownPerSecond);
		this.#followed.clear();
		if (!isWatched) return;
		// Nothing may happen to them for long: where they stand is told at once.
		for (const call of this.#worthWatching()) this.#follow(call).at = call.present();
	}

	/**
	 * Everything a fresh page needs. Its size is bounded by the configuration: what has happened adds no more than the
	 * limits above, and the newest of it. Viewers that are already there must get the `changes` first.
	 */
	snapshot(gateway: Watched, machine: MachineChart): Snapshot {
		const now = Date.now();
		const health = gateway.health();
		const most = {
			marks: Math.max(limits.fewMarks, Math.floor(limits.marksShown / this.#facts.size)),
			spans: Math.max(limits.fewSpans, Math.floor(limits.spansShown / this.#facts.size)),
		};
		return {
			version,
			now,
			startedAt: this.#startedAt,
			machine,
			providers: [...this.#facts].flatMap(([id, facts]) => {
				const past = this.#pasts.get(id);
				const present = health[id];
				if (past === undefined || present === undefined) return [];
				const history = past.history(now).slice(-most.spans);
				return [{ id, ...facts, health: present, history, marks: past.marks.slice(-most.marks) }];
			}),
			profiles: profileViews(this.#config),
			unservable: unservable(gateway),
			calls: this.#calls(),
			traffic: this.#traffic.lastMinute(clock.now()),
			load: this.#second,
			waiting: this.#waiting(),
			canOperate: this.#config.server.adminKey !== undefined,
		};
	}

	/**
	 * What is new since the last time it was asked; undefined when nothing is. Once a second there is always something,
	 * so that a viewer knows that it is still connected.
	 */
	changes(gateway: Watched): Changes | undefined {
		const now = Date.now();
		const isNewSecond = clock.now() >= this.#secondEndsAt;
		const health = this.#newHealth(gateway);
		const calls = [...this.#moved.values()].map((call) => ('record' in call ? endedView(call) : liveView(call)));
		const marks = this.#marks;
		this.#moved = new Map();
		this.#marks = [];
		const hasNews = isNewSecond || calls.length > 0 || marks.length > 0 || Object.keys(health).length > 0;
		if (!hasNews) return undefined;
		return {
			now,
			...(Object.keys(health).length > 0 && { health }),
			...(marks.length > 0 && { marks }),
			...(calls.length > 0 && { calls }),
			// To ask every target of every profile costs too much to do it with each change.
			...(isNewSecond && {
				unservable: unservable(gateway),
				traffic: this.#traffic.lastMinute(clock.now()),
				load: this.#closeSecond(),
				waiting: this.#waiting(),
			}),
		};
	}

	/** What is kept, for tests and figures. */
	get kept(): { live: number; ended: number; endedBytes: number; followed: number; moved: number } {
		return {
			live: this.#live.size,
			ended: this.#plain.list().length + this.#eventful.list().length,
			endedBytes: this.#plain.bytes + this.#eventful.bytes,
			followed: this.#followed.size,
			moved: this.#moved.size,
		};
	}

	#start(call: StartedCall): void {
		this.#live.set(call.id, call);
		if (!this.#isWatched) return;
		this.#second.requests += 1;
		if (!this.#sampler.take(call.startedAt, limits.shownPerSecond / 2)) return;
		this.#second.shown += 1;
		this.#follow(call);
	}

	/** Of what is under way: the newest, and the oldest, which have waited longest. */
	#worthWatching(): StartedCall[] {
		const all = this.#live.values();
		if (all.length <= limits.liveShown) return all;
		const half = limits.liveShown / 2;
		return [...all.slice(0, half), ...all.slice(-half)];
	}

	/** Once a second, of all that are under way: a provider that hangs must not look idle. */
	#waiting(): Waiting {
		const waits = new Map<string, { requests: number; since: number }>();
		for (const call of this.#live.values()) {
			const wait = waitOf(call.present());
			if (wait === undefined) continue;
			const { requests = 0, since = wait.since } = waits.get(wait.id) ?? {};
			waits.set(wait.id, { requests: requests + 1, since: Math.min(since, wait.since) });
		}
		return Object.fromEntries(waits);
	}

	#follow(call: StartedCall): LiveCall {
		const live: LiveCall = { key: this.#nextKey(), call };
		this.#followed.set(call, live);
		this.#moved.set(live.key, live);
		call.follow((progress, state) => {
			if (this.#followed.get(call) !== live) return;
			live.at = { progress, state };
			this.#moved.set(live.key, live);
		});
		return live;
	}

	#tellEnd(ended: EndedCall, isFollowed: boolean): void {
		if (!isFollowed) {
			if (!isEventful(ended.record) || !this.#sampler.take(clock.now())) return;
			this.#second.shown += 1;
		}
		this.#moved.set(ended.key, ended);
	}

	#mark(id: string, mark: Mark): void {
		this.#pasts.get(id)?.add(mark);
		if (this.#isWatched) this.#marks.push({ id, mark });
	}

	#calls(): CallView[] {
		const live = [...this.#followed.values()].reverse().map(liveView);
		const ended = [...this.#plain.list(), ...this.#eventful.list()].sort((a, b) => b.key - a.key);
		return newestWithin(limits.callsShownBytes, [...live, ...ended.map(endedView)]);
	}

	#newHealth(gateway: Watched): Record<string, ProviderHealth> {
		const changed = Object.entries(gateway.health()).filter(([id, health]) => {
			const text = JSON.stringify(health);
			const isNew = this.#shown.get(id) !== text;
			this.#shown.set(id, text);
			return isNew;
		});
		return Object.fromEntries(changed);
	}

	#closeSecond(): Load {
		const load = this.#second;
		this.#second = { requests: 0, shown: 0 };
		this.#secondEndsAt = clock.now() + 1000;
		return load;
	}

	#nextKey(): number {
		this.#lastKey += 1;
		return this.#lastKey;
	}
}

function unservable(gateway: Watched): string[] {
	return Object.entries(gateway.servable()).flatMap(([name, isServable]) => (isServable ? [] : [name]));
}

/** As many of them, from the first on, as are no larger together, as JSON. */
function newestWithin(mostBytes: number, calls: readonly CallView[]): CallView[] {
	let bytes = 0;
	const end = calls.findIndex((call) => {
		bytes += JSON.stringify(call).length;
		return bytes > mostBytes;
	});
	return calls.slice(0, end === -1 ? calls.length : end);
}
