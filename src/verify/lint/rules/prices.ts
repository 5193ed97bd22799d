import type { ProviderConfig } from '../../../config/config.ts';
import { catalogueDate, cataloguedAt } from '../../../prices/catalogue.ts';
import { ratesFor } from '../../../prices/price.ts';
import { publishedPrice } from '../../../prices/price-of.ts';
import { usdText } from '../../../prices/price-text.ts';
import { countText } from '../../../values/figures.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

/** No discount and no surcharge is so large: it is another unit. */
const LEAST_FACTOR = 300;
/** Between a factor of a thousand and one of a million. */
const MIDDLE_FACTOR = 30_000;

function pricesInAnotherUnit({ config }: LintSubject): Finding[] {
	return Object.values(config.providers).flatMap((provider) =>
		Object.entries(provider.models).flatMap(([model, { price }]) =>
			price === undefined ? [] : pricesOffBy(provider, model, price),
		),
	);
}

/** One finding at most: both rates of a price are written in one unit. */
function pricesOffBy(provider: ProviderConfig, model: string, price: { input: number; output: number }): Finding[] {
	const published = publishedPrice(provider, model, cataloguedAt);
	if (published === undefined) return [];
	const known = ratesFor(published.tiersAt(cataloguedAt), 0);
	const findings = (['input', 'output'] as const).flatMap((kind): Finding[] => {
		const [written, right] = [price[kind], known[kind]];
		// What is free here, or in the catalogue, is so in every unit.
		if (!written || !right) return [];
		const factor = Math.max(written / right, right / written);
		if (factor < LEAST_FACTOR) return [];
		return [
			{
				at: [['providers', provider.name, 'models', model, 'price', kind]],
				reason: `\`${provider.name}/${model}\` is said to cost $${usdText(written)} per million ${kind} tokens, and costs $${usdText(right)} in the catalogue of ${catalogueDate}: that is about ${countText(Math.round(factor))} times ${written < right ? 'less' : 'more'}${unitText(written, right)}`,
				advice: 'write the price in USD per million tokens, or remove it to have the one of the catalogue',
			},
		];
	});
	return findings.slice(0, 1);
}

function unitText(written: number, right: number): string {
	if (written > right) return '';
	return right / written < MIDDLE_FACTOR ? ', as a price per thousand tokens is' : ', as a price per token is';
}

export const priceRules: readonly Rule[] = [
	{
		id: 'price-in-another-unit',
		severities: ['warning'],
		finds: 'a price that is hundreds of times off the known one, as one per token is',
		find: pricesInAnotherUnit,
	},
];
