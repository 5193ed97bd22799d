import type { IncomingMessage, Server } from 'node:http';
import type { LoadFigures, ShedReason } from '../../contract/load-figures.ts';
import { CallerShares } from './caller-shares.ts';
import { Collector } from './collect.ts';
import { ConnectionLimit } from './connections.ts';
import { DescriptorWatch, descriptorLimit } from './descriptors.ts';
import { EventLoopWatch, TICK_MS } from './event-loop.ts';
import { heapForRequests, MemoryBudget, RequestShare } from './memory-budget.ts';

/** How much this process takes on at once (`server.limits`). */
export interface LoadLimits {
	/** Requests in flight. */
	requests: number;
	/** Connections of callers. */
	connections: number;
	/** Bytes that requests in flight hold: their bodies, and answers that are held back. */
	memory: number;
	/** How late the event loop may be for some time, ms. */
	eventLoopLag: number;
}

/** What is known of the machine; default: what it says itself. */
export interface Machine {
	/** Bytes of the heap that requests may hold. */
	heap?: number;
	/** Descriptors that this process may have. */
	descriptors?: number | undefined;
}

/** From this part of what requests may hold on, it is looked at what the process takes. */
const MUCH_HELD = 1 / 8;

/** Descriptors are counted at every fourth tick of the event loop's watch. */
const TICKS_A_LOOK = 4;

/**
 * How much is asked of this process, and what is too much. Whoever comes beyond a limit is turned away at once, and whoever
 * is in is served as if nobody had come: the newest are shed, never the running.
 */
export class Load {
	readonly #limits: LoadLimits;
	readonly #budget: MemoryBudget;
	readonly #loop: EventLoopWatch;
	readonly #descriptors: DescriptorWatch;
	readonly #collector = new Collector();
	readonly #connections: ConnectionLimit;
	readonly #shed = { requests: 0, connections: 0, memory: 0, event_loop: 0, descriptors: 0, caller_share: 0 };
	readonly #callers = new CallerShares();
	#requests = 0;
	#ticks = 0;

	constructor(limits: LoadLimits, { heap = heapForRequests(), descriptors = descriptorLimit() }: Machine = {}) {
		this.#limits = limits;
		this.#budget = new MemoryBudget(limits.memory, heap);
		this.#loop = new EventLoopWatch(limits.eventLoopLag);
		this.#descriptors = new DescriptorWatch(descriptors, () => this.#connections.open + this.#requests);
		const connections = Math.min(limits.connections, this.#descriptors.connections);
		this.#connections = new ConnectionLimit(connections, () => this.count('connections'));
	}

	/** Counts the connections of a server, and looks at the process now and then until it closes. */
	watch(server: Server): void {
		this.#connections.watch(server);
		const timer = setInterval(() => this.tick(performance.now()), TICK_MS).unref();
		server.on('close', () => clearInterval(timer));
	}

	/** @param now by a clock that never goes back, ms */
	tick(now: number): void {
		this.#loop.tick(now);
		this.#ticks += 1;
		if (this.#ticks % TICKS_A_LOOK === 0) void this.#descriptors.look();
		if (this.#budget.used > this.#budget.limit * MUCH_HELD) this.#collector.look(process.memoryUsage.rss());
	}

	/**
	 * Why a request that has come cannot be taken on; undefined when it can.
	 * @param caller its name, where callers have keys
	 */
	reasonAgainst({ socket }: IncomingMessage, caller?: string): ShedReason | undefined {
		const { requests } = this.#limits;
		if (this.#connections.isExcess(socket)) return 'connections';
		if (caller !== undefined && this.#callers.hasAllRequests(caller, this.#requests, requests)) return 'caller_share';
		if (this.#requests >= requests) return 'requests';
		if (this.#loop.isOverloaded) return 'event_loop';
		return this.#descriptors.areScarce ? 'descriptors' : undefined;
	}

	/** A request is taken on, until `leave`. */
	enter(caller?: string): RequestShare {
		this.#requests += 1;
		const use = caller === undefined ? undefined : this.#callers.enter(caller);
		return new RequestShare(this.#budget, this.#callers, use, (reason) => this.count(reason, caller));
	}

	leave(share: RequestShare): void {
		this.#requests -= 1;
		this.#collector.note(share.most);
		share.release();
		if (share.caller !== undefined) this.#callers.leave(share.caller);
	}

	/** Something was turned away. @param caller whose it was, where callers have keys */
	count(reason: ShedReason, caller?: string): void {
		this.#shed[reason] += 1;
		if (caller !== undefined) this.#callers.noteTurnedAway(caller);
	}

	get figures(): LoadFigures {
		return {
			requests: this.#requests,
			connections: this.#connections.open,
			bytes: this.#budget.used,
			byteLimit: this.#budget.limit,
			shed: this.#shed,
		};
	}
}
