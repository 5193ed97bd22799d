import { amount, duration, oneOf, section } from './fields.ts';

/** By what the targets of a profile may be ordered. */
export const orders = ['fixed', 'health', 'latency', 'cost', 'least-busy', 'weighted', 'round-robin'] as const;
export type OrderName = (typeof orders)[number];

/** By what the keys of a provider may be ordered. */
export const keyOrders = ['in-order', 'round-robin', 'least-used'] as const;
export type KeyOrderName = (typeof keyOrders)[number];

/** The default of `healthWindow`, ms. */
export const usualHealthWindow = 600_000;

/** How a profile orders its targets. */
export const orderOptions = {
	order: oneOf(orders)
		.exactOptional()
		.describe(
			'Which of its targets is tried first: the chain as written, the most successful, the fastest, the cheapest, the one with the fewest attempts in flight, by weight, or each in turn. Default: `fixed`.',
		),
	healthWindow: duration()
		.exactOptional()
		.describe('How far back successes and times to the first token count. Default: `10m`.'),
	skipBelow: amount(0, 1)
		.exactOptional()
		.describe(
			'Targets with a lower share of successes within `healthWindow` are tried last, whatever the order. A share, 0 to 1. Default: none are.',
		),
	affinity: section({
		for: duration().describe('How long after its last answer a conversation is remembered. Required.'),
	})
		.exactOptional()
		.describe(
			'Whether the requests of one conversation go first to the target and key that answered it last. Default: they do not.',
		),
};

export const keys = oneOf(keyOrders)
	.exactOptional()
	.describe(
		'Which of its keys is tried first: the first, each in turn, or the one with the fewest attempts in the last ten minutes. Default: `in-order`.',
	);
