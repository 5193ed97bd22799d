import type { Candidate } from '../../../machines/request/progress.ts';
import type { CallOrder } from '../../contract/call-record.ts';
import { mixedRate } from '../../prices/mixed-rate.ts';
import { clock } from '../../values/clock.ts';
import type { Contact } from '../contact.ts';
import { Affinity, type Place } from './affinity.ts';
import { isBelow, keyOrderOf, type OrderRule, orderOf, type Standing, withFirst } from './order.ts';
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

/** What of a request decides about its order. */
export interface OrderedCall {
	/** The name of a profile or a target. */
	readonly route: string;
	/** A hash; undefined where it is not known. */
	readonly conversation: string | undefined;
	readonly kind: WaitKind;
	/** About how many tokens its prompt has. */
	readonly tokens: number;
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
	/** 0 to 1. Default: `Math.random`. */
	readonly random?: () => number;
}

/** Targets that a record names. */
const MOST_NAMED = 5;

/** Puts the targets of requests in order: those that a profile's order, and its providers', say to ask first. */
export class Ordering {
	readonly #book: TargetBook;
	readonly #random: () => number;
	readonly #affinity = new Affinity();
	/** How many requests were ordered, by route and by provider. */
	readonly #turns = new Map<string, number>();

	constructor({ book, random = Math.random }: OrderingOptions) {
		this.#book = book;
		this.#random = random;
	}

	/**
	 * @param lineup in the order of the chain; the keys of one target stand next to each other
	 * @param now ms since the epoch
	 */
	ordered(
		{ route, conversation, kind, tokens }: OrderedCall,
		order: RouteOrder,
		lineup: Lineup,
		now: number,
	): OrderedLineup {
		const { rule, windowMs, weights, keys } = order;
		const links = linksOf(lineup);
		const standings = links.map(
			({ target, stops: [first] }): Standing => ({
				...this.#book.standing(target, windowMs, kind, now),
				price: rule.by === 'cost' ? rateAt(first?.contact, tokens, now) : undefined,
				weight: weights.get(target) ?? 1,
			}),
		);
		const draw = { random: this.#random, turn: this.#nextTurn(`route ${route}`) };
		const places = conversation === undefined ? [] : this.#affinity.placesOf(nameOf(route, conversation), now);
		const remembered = positionsOf(places, links).filter((at) => !isBelow(standings[at] ?? {}, rule.skipBelow));
		const positions = withFirst(orderOf(rule, standings, draw), remembered);
		const stops = positions.flatMap((position) => this.#inKeyOrder(links[position], keys, places, now));
		const named = positions.slice(0, MOST_NAMED).map((position) => {
			return told(links[position], standings[position], rule, remembered.includes(position));
		});
		return {
			candidates: stops.map(({ candidate }) => candidate),
			contacts: stops.map(({ contact }) => contact),
			order: { by: rule.by, targets: named },
		};
	}

	/** A request that was ordered has been answered. @param now ms since the epoch */
	noteAnswer({ route, conversation }: OrderedCall, { affinityMs }: RouteOrder, place: Place, now: number): void {
		if (conversation === undefined || affinityMs === undefined) return;
		this.#affinity.noteAnswer(nameOf(route, conversation), place, affinityMs, now);
	}

	#inKeyOrder(
		link: Link | undefined,
		keys: RouteOrder['keys'],
		places: readonly Place[],
		now: number,
	): readonly Stop[] {
		if (link === undefined || link.stops.length < 2) return link?.stops ?? [];
		const { stops } = link;
		const provider = stops[0]?.candidate.provider ?? '';
		const by = keys.get(provider) ?? 'in-order';
		const uses = stops.map(({ candidate }) => this.#book.useOf(candidate.credential, now));
		const turn = by === 'round-robin' ? this.#nextTurn(`keys ${provider}`) : 0;
		const remembered = places.map((place) => stops.findIndex(({ candidate }) => isAt(candidate, place)));
		return withFirst(keyOrderOf(by, uses, turn), remembered).flatMap((position) => stops[position] ?? []);
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

function rateAt(contact: Contact | undefined, tokens: number, now: number): number | undefined {
	return contact?.price && mixedRate(contact.price, tokens, clock.toWall(now));
}

/** Conversations of two profiles have nothing in common: their targets are others. */
function nameOf(route: string, conversation: string): string {
	return `${conversation} ${route}`;
}

function isAt({ target, credential }: Candidate, place: Place): boolean {
	return target === place.target && credential === place.credential;
}

/** The links that a conversation was answered at. */
function positionsOf(places: readonly Place[], links: readonly Link[]): number[] {
	const found = places.map((place) =>
		links.findIndex(({ stops }) => stops.some((stop) => isAt(stop.candidate, place))),
	);
	return found.filter((position) => position !== -1);
}

/** A target with what put it where it is. */
function told(link: Link | undefined, standing: Standing | undefined, rule: OrderRule, isRemembered: boolean): string {
	const target = link?.target ?? '';
	const ofOrder = standing === undefined ? [] : whysOf(standing, rule);
	const whys = isRemembered ? ['answered before', ...ofOrder] : ofOrder;
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
