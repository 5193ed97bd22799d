import type { Candidate } from '../../../machines/request/progress.ts';
import type { CallOrder } from '../../contract/call-record.ts';
import type { Contact } from '../contact.ts';
import { isBelow, keyOrderOf, type OrderRule, orderOf, type Standing } from './order.ts';
import type { RouteOrder } from './route-order.ts';
import type { TargetBook, WaitKind } from './target-book.ts';

/** The targets of one request, and how each is spoken to. */
export interface Lineup {
	readonly candidates: readonly Candidate[];
	readonly contacts: readonly Contact[];
}

export interface OrderedLineup extends Lineup {
	/** For the record. */
	readonly order: CallOrder;
}

/** One candidate with its contact: they move together. */
interface Stop {
	readonly candidate: Candidate;
	readonly contact: Contact;
}

/** One link of the chain: a target with all of its keys. */
interface Link {
	readonly target: string;
	readonly stops: readonly Stop[];
}

export interface OrderingOptions {
	readonly book: TargetBook;
	/** What a target costs, USD per million tokens; undefined where it is not known. */
	readonly priceOf: (target: string) => number | undefined;
	/** 0 to 1. Default: `Math.random`. */
	readonly random?: () => number;
}

/** Targets that a record names. */
const MOST_NAMED = 5;

/** Puts the targets of requests in order: those that a profile's order, and its providers', say to ask first. */
export class Ordering {
	readonly #book: TargetBook;
	readonly #priceOf: OrderingOptions['priceOf'];
	readonly #random: () => number;
	/** How many requests were ordered, by route and by provider. */
	readonly #turns = new Map<string, number>();

	constructor({ book, priceOf, random = Math.random }: OrderingOptions) {
		this.#book = book;
		this.#priceOf = priceOf;
		this.#random = random;
	}

	/**
	 * @param route the name of a profile or a target
	 * @param lineup in the order of the chain; the keys of one target stand next to each other
	 * @param now ms since the epoch
	 */
	ordered(route: string, order: RouteOrder, lineup: Lineup, kind: WaitKind, now: number): OrderedLineup {
		const { rule, windowMs, weights, keys } = order;
		const links = linksOf(lineup);
		const standings = links.map(
			({ target }): Standing => ({
				...this.#book.standing(target, windowMs, kind, now),
				price: this.#priceOf(target),
				weight: weights.get(target) ?? 1,
			}),
		);
		const draw = { random: this.#random, turn: this.#nextTurn(`route ${route}`) };
		const positions = orderOf(rule, standings, draw);
		const stops = positions.flatMap((position) => this.#inKeyOrder(links[position], keys, now));
		const named = positions.slice(0, MOST_NAMED).map((position) => told(links[position], standings[position], rule));
		return {
			candidates: stops.map(({ candidate }) => candidate),
			contacts: stops.map(({ contact }) => contact),
			order: { by: rule.by, targets: named },
		};
	}

	#inKeyOrder(link: Link | undefined, keys: RouteOrder['keys'], now: number): readonly Stop[] {
		if (link === undefined) return [];
		const { stops } = link;
		const provider = stops[0]?.candidate.provider ?? '';
		const by = keys.get(provider);
		if (by === undefined || stops.length < 2) return stops;
		const uses = stops.map(({ candidate }) => this.#book.useOf(candidate.credential, now));
		const turn = by === 'round-robin' ? this.#nextTurn(`keys ${provider}`) : 0;
		return keyOrderOf(by, uses, turn).flatMap((position) => stops[position] ?? []);
	}

	#nextTurn(of: string): number {
		const turn = this.#turns.get(of) ?? 0;
		this.#turns.set(of, turn + 1);
		return turn;
	}
}

function linksOf({ candidates, contacts }: Lineup): Link[] {
	const stops = candidates.flatMap((candidate, position): Stop[] => {
		const contact = contacts[position];
		return contact === undefined ? [] : [{ candidate, contact }];
	});
	return [...Map.groupBy(stops, ({ candidate }) => candidate.link).values()].map((own) => ({
		target: own[0]?.candidate.target ?? '',
		stops: own,
	}));
}

/** A target with what put it where it is. */
function told(link: Link | undefined, standing: Standing | undefined, rule: OrderRule): string {
	const target = link?.target ?? '';
	const whys = standing === undefined ? [] : whysOf(standing, rule);
	return whys.length === 0 ? target : `${target} (${whys.join(', ')})`;
}

function whysOf(standing: Standing, { by, skipBelow }: OrderRule): string[] {
	const { successRate, judged, latencyMs, price, inFlight, weight } = standing;
	const isSkipped = isBelow(standing, skipBelow);
	const share = successRate === undefined ? 'not known' : `${Math.round(successRate * 100)} % of ${judged}`;
	const whys: Partial<Record<OrderRule['by'], string>> = {
		health: share,
		latency: latencyMs === undefined ? 'not known' : `${Math.round(latencyMs)} ms`,
		cost: price === undefined ? 'not known' : `$${Number(price.toPrecision(3))} per million tokens`,
		'least-busy': `${inFlight} in flight`,
		weighted: `weight ${weight}`,
	};
	const why = whys[by];
	return [...(why === undefined ? [] : [why]), ...(isSkipped ? [`below skipBelow: ${share}`] : [])];
}
