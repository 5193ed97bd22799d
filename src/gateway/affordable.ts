import type { Call } from '../contract/call.ts';
import type { CostWish } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import { estimatedCost } from '../prices/cost.ts';
import { usdText } from '../prices/price-text.ts';
import type { TokenFactors } from '../tokens/correction.ts';
import { clock } from '../values/clock.ts';
import type { Contact } from './contact.ts';
import type { FittedRoute, PassedOver } from './fit.ts';
import type { Tiers } from './tiers.ts';

/** How long an answer is taken to be where the caller sets no limit, tokens. */
export const usualAnswerTokens = 1000;

/**
 * Passes over the targets that a request may not ask for what they cost: those of other tiers, and those at which it is estimated to
 * cost too much. What is not known is not taken: a target in no tier where one is named, or without a price where there is a bound.
 * @throws Refusal when none is left, or when the caller names a tier that does not exist
 */
export function affordableRoute(fitted: FittedRoute, call: Call, { maxUsd, tiers, factors }: CostRules): FittedRoute {
	// To count tokens costs nothing.
	if ((call.costs === undefined && maxUsd === undefined) || call.dialect.estimate !== undefined) return fitted;
	const bounds = boundsOf(call.costs ?? {}, maxUsd, tiers);
	const problemOf = (target: string, contact: Contact | undefined) =>
		tierProblem(target, bounds, tiers) ?? costProblem(contact, bounds, call, factors[target]);
	const isTaken = fitted.candidates.map(() => true);
	const passedOver = new Map<string, PassedOver>();
	fitted.candidates.forEach(({ target }, position) => {
		const why = problemOf(target, fitted.contacts[position]);
		if (why === undefined) return;
		isTaken[position] = false;
		passedOver.set(target, { target, what: [why] });
	});
	if (passedOver.size === 0) return fitted;
	if (!isTaken.includes(true)) throw notAllowed(call, bounds, [...passedOver.values()], tiers);
	return {
		...fitted,
		candidates: fitted.candidates.filter((_, position) => isTaken[position]),
		contacts: fitted.contacts.filter((_, position) => isTaken[position]),
		passedOver: [...fitted.passedOver, ...passedOver.values()],
	};
}

/** What decides beside the caller's own wish. */
export interface CostRules {
	/** Of the route, USD; undefined: none. The caller's own bound holds beside it. */
	readonly maxUsd: number | undefined;
	readonly tiers: Tiers;
	/** How far estimates of prompts are off, as answers have told. */
	readonly factors: TokenFactors;
}

interface Bounds {
	/** By rank, the cheapest is 0. */
	readonly lowest: number | undefined;
	readonly highest: number | undefined;
	readonly usd: number | undefined;
}

function boundsOf({ maxTier, requireTier, maxUsd: own }: CostWish, maxUsd: number | undefined, tiers: Tiers): Bounds {
	return {
		lowest: requireTier === undefined ? undefined : tiers.rankNamed(requireTier, 'X-Require-Tier'),
		highest: maxTier === undefined ? undefined : tiers.rankNamed(maxTier, 'X-Max-Cost-Tier'),
		usd: own === undefined || maxUsd === undefined ? (own ?? maxUsd) : Math.min(own, maxUsd),
	};
}

function tierProblem(target: string, { lowest, highest }: Bounds, tiers: Tiers): string | undefined {
	if (lowest === undefined && highest === undefined) return undefined;
	const rank = tiers.rankOf(target);
	if (rank === undefined) return 'no tier';
	const isWithin = rank >= (lowest ?? 0) && rank <= (highest ?? rank);
	return isWithin ? undefined : `tier ${tiers.names[rank]}`;
}

function costProblem(
	contact: Contact | undefined,
	{ usd }: Bounds,
	call: Call,
	factor: number | undefined,
): string | undefined {
	if (usd === undefined) return undefined;
	const cost = contact && estimateAt(contact, call, factor);
	if (cost === undefined) return 'no known price';
	return cost > usd ? `about $${usdText(Number(cost.toPrecision(3)))}` : undefined;
}

/** @returns USD; undefined where the price is not known */
function estimateAt(
	{ price, abilities }: Contact,
	{ request, answerTokens, dialect }: Call,
	factor = 1,
): number | undefined {
	if (price === undefined) return undefined;
	const { maxOutputTokens = Number.POSITIVE_INFINITY } = abilities;
	const written = Math.min(answerTokens ?? usualAnswerTokens, maxOutputTokens) * request.choices;
	const outputTokens = dialect.needsOneModel === true ? 0 : written;
	return estimatedCost(price, { inputTokens: request.tokens * factor, outputTokens }, clock.toWall(clock.now()));
}

function notAllowed(call: Call, { lowest, highest, usd }: Bounds, passedOver: PassedOver[], tiers: Tiers): Refusal {
	const wanted = [
		...(highest === undefined ? [] : [`up to the tier '${tiers.names[highest]}'`]),
		...(lowest === undefined ? [] : [`of the tier '${tiers.names[lowest]}' and above`]),
		...(usd === undefined ? [] : [`at which it is estimated to cost at most $${usdText(usd)}`]),
	];
	const each = passedOver.slice(0, 5).map(({ target, what }) => `${target} (${what.join(', ')})`);
	const shown = `${each.join(', ')}${passedOver.length > 5 ? ', …' : ''}`;
	const known = tiers.names.length === 0 ? '' : ` The tiers are ${tiers.names.join(', ')}, the cheapest first.`;
	const message = `'${call.route}' has no target ${wanted.join(' and ')} for this request: ${shown}.${known}`;
	return new Refusal('cost_not_allowed', message);
}
