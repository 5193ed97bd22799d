/**
 * A map for what comes and goes with every request. A `Map` whose entries come and go moves into a new table again and again,
 * and V8 has each old table point at the next. Once one of them has grown old, a scavenge takes all that follow for alive,
 * and every request that stood in one: it is moved to the old generation, and freed only by the next full collection. So the
 * tables hold boxes, and a box is emptied when its value goes.
 */
export class LiveMap<T extends object> {
	readonly #boxes = new Map<string, { value: T | undefined }>();

	get size(): number {
		return this.#boxes.size;
	}

	get(key: string): T | undefined {
		return this.#boxes.get(key)?.value;
	}

	set(key: string, value: T): void {
		this.delete(key);
		this.#boxes.set(key, { value });
	}

	delete(key: string): void {
		const box = this.#boxes.get(key);
		if (box === undefined) return;
		box.value = undefined;
		this.#boxes.delete(key);
	}

	/** As they are now, in the order in which they came. */
	values(): T[] {
		return [...this.#boxes.values()].flatMap(({ value }) => value ?? []);
	}
}
