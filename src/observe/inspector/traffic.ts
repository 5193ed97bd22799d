import type { Traffic } from './messages.ts';

const seconds = 60;

interface Slot {
	/** Whole seconds since the epoch. */
	second: number;
	/** By route, then by the target that answered; `""` for nobody. */
	counts: Map<string, Map<string, number>>;
}

/**
 * Who answered in the last minute. Its size is bounded by the routes and targets of the configuration, whatever the
 * traffic.
 */
export class TrafficCounter {
	readonly #slots: Slot[] = Array.from({ length: seconds }, () => ({ second: -1, counts: new Map() }));

	/**
	 * @param target `""` when nobody answered
	 * @param now ms since the epoch
	 */
	count(route: string, target: string, now: number): void {
		const second = Math.floor(now / 1000);
		const slot = this.#slots[second % seconds];
		if (slot === undefined) return;
		if (slot.second !== second) {
			slot.second = second;
			slot.counts = new Map();
		}
		const targets = slot.counts.get(route) ?? new Map<string, number>();
		targets.set(target, (targets.get(target) ?? 0) + 1);
		slot.counts.set(route, targets);
	}

	lastMinute(now: number): Traffic {
		const oldest = Math.floor(now / 1000) - seconds;
		const sums = new Map<string, Map<string, number>>();
		for (const { second, counts } of this.#slots) {
			if (second > oldest) addTo(sums, counts);
		}
		return Object.fromEntries([...sums].map(([route, targets]) => [route, Object.fromEntries(targets)]));
	}
}

function addTo(sums: Map<string, Map<string, number>>, counts: Slot['counts']): void {
	for (const [route, targets] of counts) {
		const sum = sums.get(route) ?? new Map<string, number>();
		for (const [target, count] of targets) sum.set(target, (sum.get(target) ?? 0) + count);
		sums.set(route, sum);
	}
}
