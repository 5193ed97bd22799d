import { calcPrice, findProvider, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices';
import type { Price, PriceTier, PriceTiers, Rates } from './price.ts';

/** The version of the package whose data this is, and the day on which that was published; the data itself has no date. */
export const catalogueVersion = '0.1.8';
export const catalogueDate = '2026-09-23';
/** The same, ms since the epoch: for whoever compares prices, and must not find another one in another hour. */
export const cataloguedAt = Date.parse(catalogueDate);

/** Names in the package's data by the kinds of rates, USD per million tokens. */
const rateNames = {
	input: 'input_mtok',
	output: 'output_mtok',
	cachedInput: 'cache_read_mtok',
	cacheWrite: 'cache_write_mtok',
	cacheWriteHour: 'cache_write_1h_mtok',
	audioInput: 'input_audio_mtok',
	reasoning: 'output_reasoning_mtok',
	audioOutput: 'output_audio_mtok',
} as const satisfies Record<Exclude<keyof Rates, 'perRequest'>, string>;

/** USD for a thousand requests. */
const requestsName = 'requests_kcount';

/**
 * What a model costs, from the data of `@pydantic/genai-prices`.
 * @param baseUrl of the provider: who it is, is read from its host
 * @param model as the provider calls it
 * @param since from when on the price is asked for, ms since the epoch: what begins later is known to be a change
 * @returns undefined where the provider or the model is not known, or is not paid for by tokens
 */
export function cataloguePrice(baseUrl: string, model: string, since: number): Price | undefined {
	const provider = providerAt(baseUrl);
	if (provider === undefined) return undefined;
	const lookUp = (at: number) =>
		calcPrice({}, model, { providerId: provider.id, timestamp: new Date(at) }) ?? undefined;
	const found = lookUp(since);
	const tiers = found && tiersOf(found.model_price, model);
	if (found === undefined || tiers === undefined) return undefined;
	const known = { from: 'catalogue', asOf: catalogueDate } as const;
	if (!changesAfter(found.model, since)) return { ...known, tiersAt: () => tiers };
	let latest = { minute: minuteOf(since), tiers };
	return {
		...known,
		tiersAt(at) {
			const minute = minuteOf(at);
			if (minute !== latest.minute) {
				const present = lookUp(at);
				latest = { minute, tiers: (present && tiersOf(present.model_price, model)) ?? tiers };
			}
			return latest.tiers;
		},
	};
}

/** The package looks at the beginning of an address only: `api.openai.com.example` would be OpenAI to it. */
function providerAt(baseUrl: string): ReturnType<typeof findProvider> {
	if (!URL.canParse(baseUrl)) return undefined;
	const { protocol, host, pathname } = new URL(baseUrl);
	const address = `${protocol}//${host}${pathname}`;
	const provider = findProvider({ providerApiUrl: address });
	const [found = ''] = (provider && new RegExp(`^(?:${provider.api_pattern})`).exec(address)) ?? [];
	// Some patterns go on into the path, and one leaves the end of the host open.
	const isWhole = found !== '' && (/[./]$/.test(found) || /^(?:$|[:/])/.test(address.slice(found.length)));
	return isWhole ? provider : undefined;
}

/** No price of the catalogue begins or ends within a minute. */
function minuteOf(ms: number): number {
	return Math.floor(ms / 60_000);
}

/** Whether its price depends on the hour, or another one is announced. */
function changesAfter({ prices }: ModelInfo, since: number): boolean {
	if (!Array.isArray(prices)) return false;
	return prices.some(({ constraint }) => {
		if (constraint === undefined) return false;
		return constraint.type === 'time_of_date' || Date.parse(constraint.start_date) > since;
	});
}

function tiersOf(prices: ModelPrice, model: string): PriceTiers | undefined {
	const isFree = Object.keys(prices).length === 0 && model.endsWith(':free');
	if (isFree) return [{ above: 0, rates: { input: 0, output: 0 } }];
	const starts = Object.values(prices).flatMap((price) =>
		typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
	);
	const [first, ...larger] = [...new Set([0, ...starts])]
		.sort((a, b) => a - b)
		.flatMap((above): PriceTier[] => {
			const rates = ratesAbove(prices, above);
			return rates === undefined ? [] : [{ above, rates }];
		});
	return first === undefined ? undefined : [first, ...larger];
}

/** @returns undefined where no price of a token of a prompt is known, as of models that are paid for by pages or hours */
function ratesAbove(prices: ModelPrice, above: number): Rates | undefined {
	const rateOf = (name: string): number | undefined => {
		const price = prices[name];
		if (typeof price !== 'object') return price;
		return price.tiers.findLast(({ start }) => start <= above)?.price ?? price.base;
	};
	const rates = Object.entries(rateNames).flatMap(([kind, name]) => {
		const rate = rateOf(name);
		return rate === undefined ? [] : [[kind, rate] as const];
	});
	const { input, ...others }: Partial<Rates> = Object.fromEntries(rates);
	if (input === undefined) return undefined;
	const perThousand = rateOf(requestsName);
	return { input, ...others, ...(perThousand !== undefined && { perRequest: perThousand / 1000 }) };
}
