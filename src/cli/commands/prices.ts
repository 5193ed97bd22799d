import { findConfig } from '../../config/find-config.ts';
import { targetsOf } from '../../config/targets.ts';
import { pricesOf } from '../../prices/price-of.ts';
import { priceText } from '../../prices/price-text.ts';

export interface PricesFlags {
	config?: string;
	json?: boolean;
}

/**
 * Prints what every target of a configuration costs now, and whose word that is, on standard output.
 * @param file the configuration; default that of `options`, else the usual one, else the simulated providers
 * @throws ConfigError
 */
export function prices(file: string | undefined, options: PricesFlags): void {
	const { config } = findConfig(file ?? options.config);
	const now = Date.now();
	const known = pricesOf(config, now);
	const targets = targetsOf(config).map(({ target }) => ({ target, price: known.get(target) }));
	if (options.json) {
		const rows = targets.map(({ target, price }) => {
			if (price === undefined) return { target, from: 'unknown' };
			const { from, asOf } = price;
			return { target, from, asOf, tiers: price.tiersAt(now) };
		});
		process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
		return;
	}
	const width = Math.max(...targets.map(({ target }) => target.length));
	const lines = targets.map(({ target, price }) => {
		const text = price === undefined ? 'not known' : priceText(price, now);
		return `${target.padEnd(width)}  ${text}\n`;
	});
	process.stdout.write(lines.join(''));
}
